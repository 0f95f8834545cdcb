import { ascii, concat, fromAscii } from '../wire/bytes.ts';
import { createHpackDecoder, decodeHeaderBlock, encodeHeaderBlock } from '../wire/hpack.ts';
import { Malformed, Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { type Answerer, answerText, type HttpRequest } from './http-server.ts';

/** A request on a stream; `room`: most bytes of body that the client takes now. */
export type H2Request = HttpRequest & { stream: number; room: number };

/** `say`: what is owed at once (SETTINGS, acknowledgements, windows). `request`: one that is whole. `broken`: the client broke a rule, and `say` ends with GOAWAY. */
export type H2Heard = { say: Uint8Array; request: H2Request | undefined; broken: boolean };

export type H2Reader = {
  feed(data: Uint8Array): H2Heard;
  /** The first request whose head is here and whose body is still on its way. */
  pending(): H2Request | undefined;
  /** So many bytes of body were sent. */
  sent(bytes: number): void;
};

/** Does a stream that begins so speak HTTP/2? `maybe`: too few bytes to tell. */
export function looksLikeH2(bytes: Uint8Array): 'yes' | 'no' | 'maybe' {
  const start = fromAscii(bytes.subarray(0, PREFACE.length));
  if (start === PREFACE) return 'yes';
  return PREFACE.startsWith(start) ? 'maybe' : 'no';
}

/** The server's side of HTTP/2 (RFC 9113) as far as one answer needs it: bodies are counted, priorities and pushes passed over. */
export function createH2Reader(): H2Reader {
  const state: State = {
    rest: new Uint8Array(0),
    begun: false,
    hpack: createHpackDecoder(),
    block: undefined,
    streams: new Map(),
    done: [],
    streamWindow: DEFAULT_WINDOW,
    window: DEFAULT_WINDOW,
    last: 0,
  };
  const room = (): number => Math.max(0, Math.min(state.streamWindow, state.window));
  return {
    feed(data) {
      state.rest = concat(state.rest, data);
      const say: Uint8Array[] = [];
      try {
        if (!state.begun) begin(state, say);
        while (state.begun) {
          const frame = nextFrame(state);
          if (frame === undefined) break;
          take(state, frame, say);
        }
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        say.push(goaway(state.last, PROTOCOL_ERROR));
        return { say: concat(...say), request: undefined, broken: true };
      }
      const request = state.done.shift();
      const found = request && { ...request, room: room() };
      return { say: concat(...say), request: found, broken: false };
    },
    pending() {
      const [first] = state.streams.values();
      return first && { ...first, room: room() };
    },
    sent(bytes) {
      state.window -= bytes;
    },
  };
}

/** HEADERS and DATA; in front of the DATA of the last one a GOAWAY, unless the connection stays. `body`: its length. */
export function h2Answer(answerer: Answerer, request: H2Request): { bytes: Uint8Array; body: number } {
  const { status = '200 OK', stays = false } = answerer;
  const whole = ascii(answerText(answerer, request));
  const body = request.method === 'HEAD' ? new Uint8Array(0) : whole.subarray(0, request.room);
  const fields = encodeHeaderBlock([
    { name: ':status', value: status.slice(0, 3) },
    { name: 'server', value: 'sslshut' },
    { name: 'content-type', value: 'text/plain; charset=us-ascii' },
    { name: 'content-length', value: String(request.method === 'HEAD' ? whole.length : body.length) },
  ]);
  const { stream } = request;
  const headers = frameOf(HEADERS, END_HEADERS | (body.length === 0 ? END_STREAM : 0), stream, fields);
  const farewell = stays ? [] : [goaway(stream, NO_ERROR)];
  return { bytes: concat(headers, ...farewell, ...dataFrames(stream, body)), body: body.length };
}

type State = {
  rest: Uint8Array;
  /** The client's preface has come. */
  begun: boolean;
  readonly hpack: ReturnType<typeof createHpackDecoder>;
  /** A header block that goes on in CONTINUATION. */
  block: { stream: number; flags: number; bytes: Uint8Array } | undefined;
  /** Requests whose body is on its way. */
  readonly streams: Map<number, HttpRequest & { stream: number }>;
  readonly done: (HttpRequest & { stream: number })[];
  streamWindow: number;
  window: number;
  last: number;
};
type Frame = { type: number; flags: number; stream: number; payload: Uint8Array };

function begin(state: State, say: Uint8Array[]): void {
  const looks = looksLikeH2(state.rest);
  if (looks === 'no') throw new Malformed(0, 'no preface of HTTP/2');
  if (looks === 'maybe') return;
  state.begun = true;
  state.rest = state.rest.subarray(PREFACE.length);
  say.push(frameOf(SETTINGS, 0, 0, new Writer().u16(MAX_CONCURRENT_STREAMS).u32(MOST_STREAMS).finish()));
}

function nextFrame(state: State): Frame | undefined {
  const { rest } = state;
  if (rest.length < HEAD) return undefined;
  const reader = new Reader(rest.subarray(0, HEAD));
  const length = reader.u24();
  if (length > MOST_FRAME) throw new Malformed(0, `a frame of ${length} bytes`);
  if (rest.length < HEAD + length) return undefined;
  state.rest = rest.subarray(HEAD + length);
  const [type, flags] = [reader.u8(), reader.u8()];
  return { type, flags, stream: reader.u32() & 0x7fff_ffff, payload: rest.subarray(HEAD, HEAD + length) };
}

function take(state: State, frame: Frame, say: Uint8Array[]): void {
  const { type, flags, stream, payload } = frame;
  if (state.block !== undefined && (type !== CONTINUATION || stream !== state.block.stream)) {
    throw new Malformed(0, 'another frame inside a header block');
  }
  switch (type) {
    case HEADERS:
      if (stream % 2 === 0) throw new Malformed(0, "HEADERS on a stream that is not the client's");
      state.block = { stream, flags, bytes: unpadded(frame, (flags & PRIORITY) === 0 ? 0 : 5) };
      if ((flags & END_HEADERS) !== 0) endBlock(state);
      return;
    case CONTINUATION:
      if (state.block === undefined) throw new Malformed(0, 'CONTINUATION of nothing');
      state.block.bytes = concat(state.block.bytes, payload);
      if (state.block.bytes.length > MOST_HEADERS) throw new Malformed(0, 'a header block without an end');
      if ((flags & END_HEADERS) !== 0) endBlock(state);
      return;
    case DATA:
      takeData(state, frame, say);
      return;
    case SETTINGS:
      if ((flags & ACK) !== 0) return;
      takeSettings(state, payload);
      say.push(frameOf(SETTINGS, ACK, 0, NOTHING));
      return;
    case PING:
      if (payload.length !== 8) throw new Malformed(0, 'a PING that is not of eight bytes');
      if ((flags & ACK) === 0) say.push(frameOf(PING, ACK, 0, payload));
      return;
    case WINDOW_UPDATE:
      if (stream === 0) state.window += new Reader(payload).u32() & 0x7fff_ffff;
      return;
    case RST_STREAM:
      state.streams.delete(stream);
      return;
    default:
  }
}

function endBlock(state: State): void {
  const { block } = state;
  state.block = undefined;
  if (block === undefined) return;
  const fields = decodeHeaderBlock(state.hpack, block.bytes, MOST_HEADERS);
  const fieldOf = (name: string): string => fields.find((field) => field.name === name)?.value ?? '';
  const known = state.streams.get(block.stream);
  const path = fieldOf(':path').slice(0, 200);
  const request = known ?? { method: fieldOf(':method'), path, bodyBytes: 0, stream: block.stream };
  state.last = Math.max(state.last, block.stream);
  if ((block.flags & END_STREAM) !== 0) finish(state, request);
  else if (state.streams.size < MOST_STREAMS) state.streams.set(block.stream, request);
  else throw new Malformed(0, 'more streams than allowed');
}

function takeData(state: State, frame: Frame, say: Uint8Array[]): void {
  const { stream, flags, payload } = frame;
  const request = state.streams.get(stream);
  if (payload.length > 0) {
    const more = new Writer().u32(payload.length).finish();
    say.push(frameOf(WINDOW_UPDATE, 0, 0, more));
    if (request !== undefined && (flags & END_STREAM) === 0)
      say.push(frameOf(WINDOW_UPDATE, 0, stream, more));
  }
  if (request === undefined) return;
  request.bodyBytes += unpadded(frame, 0).length;
  if ((flags & END_STREAM) !== 0) finish(state, request);
}

function finish(state: State, request: HttpRequest & { stream: number }): void {
  state.streams.delete(request.stream);
  if (state.done.length < MOST_STREAMS) state.done.push(request);
}

function takeSettings(state: State, payload: Uint8Array): void {
  for (const reader = new Reader(payload); !reader.done(); ) {
    const [id, value] = [reader.u16(), reader.u32()];
    if (id === INITIAL_WINDOW_SIZE) state.streamWindow = value;
  }
}

function unpadded({ flags, payload }: Frame, skipped: number): Uint8Array {
  const padded = (flags & PADDED) !== 0;
  const padding = padded ? (payload[0] ?? 0) : 0;
  const from = (padded ? 1 : 0) + skipped;
  if (from + padding > payload.length) throw new Malformed(0, 'more padding than frame');
  return payload.subarray(from, payload.length - padding);
}

function dataFrames(stream: number, body: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += MOST_FRAME) {
    const last = at + MOST_FRAME >= body.length;
    frames.push(frameOf(DATA, last ? END_STREAM : 0, stream, body.subarray(at, at + MOST_FRAME)));
  }
  return frames;
}

function goaway(last: number, code: number): Uint8Array {
  return frameOf(GOAWAY, 0, 0, new Writer().u32(last).u32(code).finish());
}

function frameOf(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  return new Writer().u24(payload.length).u8(type).u8(flags).u32(stream).raw(payload).finish();
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEAD = 9;
const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY] = [0, 1, 3, 4, 6, 7] as const;
const [WINDOW_UPDATE, CONTINUATION] = [8, 9] as const;
const [ACK, END_STREAM, END_HEADERS, PADDED, PRIORITY] = [1, 1, 4, 8, 32] as const;
const [MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE] = [3, 4] as const;
const [NO_ERROR, PROTOCOL_ERROR] = [0, 1] as const;
/** RFC 9113 §6.9.2, §4.2. */
const DEFAULT_WINDOW = 65_535;
const MOST_FRAME = 16_384;
const MOST_STREAMS = 32;
const MOST_HEADERS = 32_768;
const NOTHING = new Uint8Array(0);
