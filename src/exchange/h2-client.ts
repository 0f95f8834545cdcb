import { ascii, concat, fromAscii } from '../wire/bytes.ts';
import {
  createHpackDecoder,
  decodeHeaderBlock,
  encodeHeaderBlock,
  type HpackDecoder,
} from '../wire/hpack.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { Speaker } from './byte-exchange.ts';
import { Breach, type Dialogue, type Hearing } from './dialogue.ts';
import type { HttpQuestion } from './http-client.ts';

/** One GET of HTTP/2 (RFC 9113) on stream 1, and then on listening: to GOAWAY above all. `leave`: say GOAWAY ourselves. */
export function* h2Talk(speaker: Speaker, question: HttpQuestion): Dialogue {
  const state: State = {
    speaker,
    hpack: createHpackDecoder(),
    status: undefined,
    over: false,
    frames: 0,
    goaways: 0,
  };
  speaker.answer.framing = 'self-delimited';
  speaker.answer.about = 'no head yet';
  sayRequest(speaker, question);
  for (let first = true; ; first = false) {
    const frame = yield* hearFrame();
    if (first && (frame.type !== SETTINGS || (frame.flags & ACK) !== 0))
      throw new Breach('malformed', `frame of type ${frame.type} where SETTINGS come first`);
    const over = state.over;
    yield* takeFrame(state, frame);
    state.frames += 1;
    if (!over && state.over && question.leave)
      speaker.say(frameOf(GOAWAY, 0, 0, new Uint8Array(8)), 'GOAWAY');
    if (state.frames > MOST_FRAMES) throw new Breach('too-long', `more than ${MOST_FRAMES} frames`);
  }
}

type State = {
  readonly speaker: Speaker;
  readonly hpack: HpackDecoder;
  status: number | undefined;
  /** The stream of the request has ended. */
  over: boolean;
  frames: number;
  goaways: number;
};
type Frame = { type: number; flags: number; stream: number; payload: Uint8Array };

function sayRequest(speaker: Speaker, { authority, path }: HttpQuestion): void {
  const settings = new Writer().u16(ENABLE_PUSH).u32(0).u16(INITIAL_WINDOW_SIZE).u32(WINDOW).finish();
  const fields = encodeHeaderBlock([
    { name: ':method', value: 'GET' },
    { name: ':scheme', value: 'https' },
    { name: ':authority', value: authority },
    { name: ':path', value: path },
    { name: 'user-agent', value: 'sslshut' },
  ]);
  speaker.say(
    concat(
      PREFACE,
      frameOf(SETTINGS, 0, 0, settings),
      frameOf(WINDOW_UPDATE, 0, 0, new Writer().u32(WINDOW).finish()),
      frameOf(HEADERS, END_STREAM | END_HEADERS, 1, fields),
    ),
    `GET https://${authority}${path}`,
  );
}

function* hearFrame(): Hearing<Frame> {
  const reader = new Reader(yield { kind: 'count', bytes: 9 });
  const length = reader.u24();
  const [type, flags] = [reader.u8(), reader.u8()];
  const stream = reader.u32() & 0x7fff_ffff;
  if (length > MOST_FRAME) throw new Breach('malformed', `a frame of ${length} bytes: is it HTTP/2?`);
  return { type, flags, stream, payload: yield { kind: 'count', bytes: length } };
}

/** §6. What is of another stream, or unknown (§5.5), is passed over. */
function* takeFrame(state: State, frame: Frame): Hearing<void> {
  const { speaker } = state;
  const { type, flags, stream, payload } = frame;
  switch (type) {
    case DATA:
      if (stream === 1) takeData(state, frame);
      return;
    case HEADERS:
      yield* takeHeaders(state, frame);
      return;
    case SETTINGS:
      if ((flags & ACK) === 0) speaker.say(frameOf(SETTINGS, ACK, 0, NOTHING), '');
      return;
    case PING:
      if ((flags & ACK) === 0) speaker.say(frameOf(PING, ACK, 0, payload), '');
      return;
    case RST_STREAM:
      if (stream === 1 && !state.over)
        throw new Breach('reset', `RST_STREAM ${codeOf(new Reader(payload).u32())}`);
      return;
    case GOAWAY:
      takeGoaway(state, payload);
      return;
    case PUSH_PROMISE:
      throw new Breach('malformed', 'PUSH_PROMISE, though no push was allowed');
    case CONTINUATION:
      throw new Breach('malformed', 'CONTINUATION of nothing');
    default:
  }
}

function* takeHeaders(state: State, frame: Frame): Hearing<void> {
  let block = unpadded(frame, (frame.flags & PRIORITY_FLAG) !== 0 ? 5 : 0);
  for (let { flags } = frame, parts = 0; (flags & END_HEADERS) === 0; parts++) {
    const next = yield* hearFrame();
    if (next.type !== CONTINUATION || next.stream !== frame.stream)
      throw new Breach('malformed', `frame of type ${next.type} inside a header block`);
    block = concat(block, next.payload);
    flags = next.flags;
    if (block.length > MOST_HEAD || parts > MOST_PARTS)
      throw new Breach('too-long', 'a header block without an end');
  }
  const fields = decodeHeaderBlock(state.hpack, block, MOST_HEAD);
  if (frame.stream !== 1) return;
  const { answer } = state.speaker;
  const status = fields.find(({ name }) => name === ':status')?.value;
  if (state.status === undefined) {
    if (status === undefined || !/^[1-9]\d\d$/.test(status))
      throw new Breach('malformed', 'an answer without :status');
    state.speaker.heard(NOTHING, `status ${status}`);
    // Interim answers come before the one that counts (RFC 9113 §8.1).
    if (Number(status) < 200) return;
    state.status = Number(status);
    const length = fields.find(({ name }) => name === 'content-length')?.value;
    if (length !== undefined && /^\d{1,15}$/.test(length)) answer.expected = Number(length);
    describe(state);
  }
  if ((frame.flags & END_STREAM) !== 0) endStream(state);
}

function takeData(state: State, frame: Frame): void {
  const { answer } = state.speaker;
  if (state.status === undefined) throw new Breach('malformed', 'DATA before HEADERS');
  answer.bytes += unpadded(frame, 0).length;
  describe(state);
  if ((frame.flags & END_STREAM) !== 0) endStream(state);
}

function endStream(state: State): void {
  const { answer } = state.speaker;
  const bodiless = state.status === 204 || state.status === 304;
  if (answer.expected !== undefined && !bodiless && answer.expected !== answer.bytes)
    throw new Breach('malformed', `content-length ${answer.expected}, but ${answer.bytes} bytes came`);
  state.over = true;
  state.speaker.whole();
}

/** §6.8. Ours is stream 1: below it, the request was not looked at. */
function takeGoaway(state: State, payload: Uint8Array): void {
  const reader = new Reader(payload);
  const last = reader.u32() & 0x7fff_ffff;
  const code = reader.u32();
  const debug = fromAscii(reader.rest().subarray(0, 200));
  state.goaways += 1;
  if (state.goaways <= MOST_GOAWAYS)
    state.speaker.goaway(`last stream ${last}, ${codeOf(code)}${debug === '' ? '' : ` "${debug}"`}`);
  if (!state.over && last < 1) throw new Breach('refused', `GOAWAY ${codeOf(code)} before the answer`);
}

/** §6.1, §6.2: without padding, and without the first `skip` bytes. */
function unpadded({ flags, payload }: Frame, skip: number): Uint8Array {
  const reader = new Reader(payload);
  const padding = (flags & PADDED) === 0 ? 0 : reader.u8();
  reader.take(skip);
  if (padding > reader.remaining()) throw new Breach('malformed', 'more padding than frame');
  return reader.take(reader.remaining() - padding);
}

function describe({ speaker: { answer }, status }: State): void {
  const of = answer.expected === undefined ? '' : ` of ${answer.expected}`;
  answer.about = `status ${status}, ${answer.bytes}${of} bytes`;
}

function frameOf(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  return new Writer().u24(payload.length).u8(type).u8(flags).u32(stream).raw(payload).finish();
}

function codeOf(code: number): string {
  return CODES[code] ?? `code ${code}`;
}

const PREFACE = ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NOTHING = new Uint8Array(0);
const DATA = 0x0;
const HEADERS = 0x1;
const RST_STREAM = 0x3;
const SETTINGS = 0x4;
const PUSH_PROMISE = 0x5;
const PING = 0x6;
const GOAWAY = 0x7;
const WINDOW_UPDATE = 0x8;
const CONTINUATION = 0x9;
const ACK = 0x1;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY_FLAG = 0x20;
const ENABLE_PUSH = 0x2;
const INITIAL_WINDOW_SIZE = 0x4;
/** More than anybody reads: no WINDOW_UPDATE is needed on the way. */
const WINDOW = 2 ** 30;
/** SETTINGS_MAX_FRAME_SIZE, as it is until somebody changes it. */
const MOST_FRAME = 16_384;
const MOST_HEAD = 65_536;
const MOST_PARTS = 64;
const MOST_FRAMES = 100_000;
const MOST_GOAWAYS = 10;
/** §7. */
const CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];
