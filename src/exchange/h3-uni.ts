import { concat } from '../wire/bytes.ts';
import { H3_FRAME, readH3Frames } from '../wire/h3-frames.ts';
import { decodeH3Id, decodeH3Settings, H3_SETTING, h3SettingName } from '../wire/h3-settings.ts';
import { readPrefixed } from '../wire/qpack.ts';
import { Malformed, Reader, Truncated } from '../wire/reader.ts';
import { readVarint } from '../wire/varint.ts';
import { H3Fault } from './h3-fault.ts';
import { checkReservedType } from './h3-message.ts';
import type { CriticalKind, H3State, UniStream } from './h3-state.ts';

/** Data of one of the peer's unidirectional streams (RFC 9114 §6.2). Throws `H3Fault`. */
export function readUni(h3: H3State, id: bigint, data: Uint8Array): void {
  const stream = h3.theirs.get(id) ?? { kind: 'untold', rest: new Uint8Array(0) };
  h3.theirs.set(id, stream);
  const rest = stream.kind === 'untold' ? readType(h3, stream, data) : data;
  if (rest.length === 0) return;
  switch (stream.kind) {
    case 'control':
      readControl(h3, rest);
      return;
    case 'encoder':
      readInstructions(stream, rest, encoderInstruction);
      return;
    case 'decoder':
      readInstructions(stream, rest, decoderInstruction);
      return;
    case 'ignored':
    case 'untold':
      return;
    default:
      stream.kind satisfies never;
  }
}

/** FIN or a reset. */
export function endUni(h3: H3State, id: bigint): void {
  const kind = h3.theirs.get(id)?.kind ?? 'untold';
  h3.theirs.delete(id);
  if (kind !== 'untold' && kind !== 'ignored')
    throw new H3Fault('H3_CLOSED_CRITICAL_STREAM', `the ${kind} stream ended`);
}

/** What is left behind the type. */
function readType(h3: H3State, stream: UniStream, data: Uint8Array): Uint8Array {
  const bytes = concat(stream.rest, data);
  const reader = new Reader(bytes);
  const type = unlessCut(() => readVarint(reader));
  if (type === undefined) {
    stream.rest = bytes;
    return new Uint8Array(0);
  }
  stream.rest = new Uint8Array(0);
  stream.kind = kindOf(h3, type);
  return reader.rest();
}

function kindOf(h3: H3State, type: bigint): CriticalKind | 'ignored' {
  if (type === PUSH_STREAM) {
    if (h3.role === 'server') throw new H3Fault('H3_STREAM_CREATION_ERROR', 'a push stream from a client');
    throw new H3Fault('H3_ID_ERROR', 'a push stream, though no push was allowed');
  }
  const kind = UNI_TYPES.get(type);
  if (kind === undefined) return 'ignored';
  for (const other of h3.theirs.values())
    if (other.kind === kind) throw new H3Fault('H3_STREAM_CREATION_ERROR', `a second ${kind} stream`);
  return kind;
}

function readControl(h3: H3State, data: Uint8Array): void {
  readH3Frames(h3.control, data, {
    begins: (type, length) => begins(h3, type, length),
    whole: (type, payload) => takeControl(h3, type, payload),
    part: () => undefined,
  });
}

function begins(h3: H3State, type: bigint, length: bigint): 'whole' | 'skip' {
  if (h3.settings === undefined && type !== H3_FRAME.SETTINGS)
    throw new H3Fault('H3_MISSING_SETTINGS', `the control stream begins with frame 0x${type.toString(16)}`);
  checkReservedType(type);
  switch (type) {
    case H3_FRAME.DATA:
    case H3_FRAME.HEADERS:
    case H3_FRAME.PUSH_PROMISE:
      throw new H3Fault(
        'H3_FRAME_UNEXPECTED',
        `a frame of type 0x${type.toString(16)} on the control stream`,
      );
    case H3_FRAME.SETTINGS:
      if (h3.settings !== undefined) throw new H3Fault('H3_FRAME_UNEXPECTED', 'a second SETTINGS frame');
      if (length > MOST_SETTINGS) throw new H3Fault('H3_EXCESSIVE_LOAD', `SETTINGS of ${length} bytes`);
      return 'whole';
    case H3_FRAME.MAX_PUSH_ID:
      if (h3.role === 'client') throw new H3Fault('H3_FRAME_UNEXPECTED', 'MAX_PUSH_ID from a server');
      return identifier(length);
    case H3_FRAME.GOAWAY:
    case H3_FRAME.CANCEL_PUSH:
      return identifier(length);
    default:
      return 'skip';
  }
}

function identifier(length: bigint): 'whole' {
  if (length > 8n) throw new H3Fault('H3_FRAME_ERROR', `an identifier of ${length} bytes`);
  return 'whole';
}

function takeControl(h3: H3State, type: bigint, payload: Uint8Array): void {
  try {
    if (type === H3_FRAME.SETTINGS) takeSettings(h3, decodeH3Settings(payload));
    else takeId(h3, type, decodeH3Id(payload));
  } catch (error) {
    if (error instanceof Malformed) throw new H3Fault('H3_FRAME_ERROR', error.message);
    throw error;
  }
}

/** §7.2.4.1 */
function takeSettings(h3: H3State, list: readonly (readonly [bigint, bigint])[]): void {
  const settings = new Map<bigint, bigint>();
  for (const [id, value] of list) {
    const wrong = (what: string): never => {
      throw new H3Fault('H3_SETTINGS_ERROR', `setting ${h3SettingName(id)} ${what}`);
    };
    if (settings.has(id)) wrong('twice');
    if (HTTP2_SETTINGS.has(id)) wrong('is one of HTTP/2');
    if (BOOLEANS.has(id) && value > 1n) wrong(`is ${value}, not 0 or 1`);
    settings.set(id, value);
  }
  h3.settings = settings;
  const shown = [...settings].filter(([id]) => !isReserved(id));
  const detail = shown.map(([id, value]) => `${h3SettingName(id)} ${value}`).join(', ');
  h3.emit({ kind: 'exchange', by: 'peer', alpn: 'h3', what: 'settings', detail });
}

function takeId(h3: H3State, type: bigint, id: bigint): void {
  const wrong = (reason: string): never => {
    throw new H3Fault('H3_ID_ERROR', reason);
  };
  if (type === H3_FRAME.CANCEL_PUSH) wrong('CANCEL_PUSH for a push that there is not');
  if (type === H3_FRAME.MAX_PUSH_ID) {
    if (h3.maxPushId !== undefined && id < h3.maxPushId) wrong('MAX_PUSH_ID becomes less');
    h3.maxPushId = id;
    return;
  }
  // A server names a request of the client's (§7.2.6).
  if (h3.role === 'client' && id % 4n !== 0n) wrong(`GOAWAY with ${id}, which is no request`);
  if (h3.goaway !== undefined && id > h3.goaway) wrong('GOAWAY with more than before');
  h3.goaway = id;
  const detail = h3.role === 'client' ? `no requests from stream ${id} on` : `no pushes from ${id} on`;
  h3.emit({ kind: 'exchange', by: 'peer', alpn: 'h3', what: 'goaway', detail });
}

/** One instruction after the other; one that is cut waits for its rest. All are short. */
function readInstructions(stream: UniStream, data: Uint8Array, one: (reader: Reader) => void): void {
  const reader = new Reader(concat(stream.rest, data));
  let whole = 0;
  unlessCut(() => {
    while (!reader.done()) {
      one(reader);
      whole = reader.offset;
    }
  });
  stream.rest = reader.bytes.slice(whole);
}

/** RFC 9204 §4.3: to a table of no size, only that it has none may be said. */
function encoderInstruction(reader: Reader): void {
  const first = reader.u8();
  const isCapacity = (first & 0xe0) === 0x20;
  if (!isCapacity) throw new H3Fault('QPACK_ENCODER_STREAM_ERROR', 'an entry for a table that may have none');
  const capacity = integer('QPACK_ENCODER_STREAM_ERROR', reader, first, 5);
  if (capacity > 0)
    throw new H3Fault('QPACK_ENCODER_STREAM_ERROR', `a table of ${capacity} bytes; 0 are allowed`);
}

/** §4.4: there is nothing of ours to acknowledge. */
function decoderInstruction(reader: Reader): void {
  const first = reader.u8();
  if ((first & 0xc0) === 0x40) {
    integer('QPACK_DECODER_STREAM_ERROR', reader, first, 6);
    return;
  }
  const what = (first & 0x80) === 0 ? 'counts inserts' : 'acknowledges a section';
  const number = integer('QPACK_DECODER_STREAM_ERROR', reader, first, (first & 0x80) === 0 ? 6 : 7);
  throw new H3Fault('QPACK_DECODER_STREAM_ERROR', `${what} (${number}), and there was none`);
}

function integer(
  code: 'QPACK_ENCODER_STREAM_ERROR' | 'QPACK_DECODER_STREAM_ERROR',
  reader: Reader,
  first: number,
  bits: number,
): number {
  try {
    return readPrefixed(reader, first, bits);
  } catch (error) {
    if (error instanceof Malformed && !(error instanceof Truncated)) throw new H3Fault(code, error.message);
    throw error;
  }
}

function unlessCut<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Truncated) return undefined;
    throw error;
  }
}

/** RFC 9114 §7.2.4.1: there to be ignored. */
function isReserved(id: bigint): boolean {
  return id >= 0x21n && (id - 0x21n) % 0x1fn === 0n;
}

const UNI_TYPES: ReadonlyMap<bigint, CriticalKind> = new Map([
  [0x00n, 'control'],
  [0x02n, 'encoder'],
  [0x03n, 'decoder'],
]);
const PUSH_STREAM = 0x01n;
/** §7.2.4.1, §11.2.2 */
const HTTP2_SETTINGS: ReadonlySet<bigint> = new Set([0x00n, 0x02n, 0x03n, 0x04n, 0x05n]);
const BOOLEANS: ReadonlySet<bigint> = new Set([H3_SETTING.ENABLE_CONNECT_PROTOCOL, H3_SETTING.H3_DATAGRAM]);
const MOST_SETTINGS = 4096n;
