import { FRAME_TYPES } from './quic-frame-types.ts';
import type { AckRange, Direction, Frame } from './quic-types.ts';
import { Malformed, Reader } from './reader.ts';
import { readVarint, VARINT_MAX, varintLength } from './varint.ts';

/**
 * A frame that is none. `why`: `encoding` and `unknown` deserve FRAME_ENCODING_ERROR (RFC 9000 §12.4, §20.1), `not-minimal` (a
 * type in more bytes than it needs, §12.4) PROTOCOL_VIOLATION. `frameType`: as it stood on the wire.
 */
export class MalformedFrame extends Malformed {
  readonly frameType: bigint;
  readonly why: 'encoding' | 'unknown' | 'not-minimal';
  constructor(offset: number, frameType: bigint, why: MalformedFrame['why'], detail: string) {
    super(offset, detail);
    this.name = 'MalformedFrame';
    this.frameType = frameType;
    this.why = why;
  }
}

/**
 * The frames of a packet's payload, in order; data fields are views of it. An empty payload gives none, which is itself an error
 * (RFC 9000 §12.4). Which packets may hold which frame is not asked here. Throws `MalformedFrame`.
 */
export function decodeFrames(payload: Uint8Array): Frame[] {
  const reader = new Reader(payload);
  const frames: Frame[] = [];
  while (!reader.done()) frames.push(decodeFrame(reader));
  return frames;
}

function decodeFrame(reader: Reader): Frame {
  const start = reader.offset;
  const type = readType(reader);
  const decode = type <= 0xff ? DECODERS[Number(type)] : undefined;
  if (decode === undefined) {
    throw new MalformedFrame(start, type, 'unknown', `frame type 0x${type.toString(16)} is not known`);
  }
  try {
    return decode(reader, Number(type));
  } catch (error) {
    if (error instanceof MalformedFrame || !(error instanceof Malformed)) throw error;
    throw new MalformedFrame(error.offset, type, 'encoding', error.message);
  }
}

function readType(reader: Reader): bigint {
  const start = reader.offset;
  let type: bigint;
  try {
    type = readVarint(reader);
  } catch (error) {
    if (error instanceof Malformed) throw new MalformedFrame(start, 0n, 'encoding', error.message);
    throw error;
  }
  if (reader.offset - start > varintLength(type)) {
    throw new MalformedFrame(start, type, 'not-minimal', 'a frame type in more bytes than it needs');
  }
  return type;
}

type Decode = (reader: Reader, type: number) => Frame;

function padding(reader: Reader): Frame {
  let bytes = 1;
  while (!reader.done() && reader.bytes[reader.offset] === 0) {
    reader.offset++;
    bytes++;
  }
  return { type: 'padding', bytes };
}

/** §19.3: ranges come as gaps and lengths, downwards from the largest. */
function ack(reader: Reader, type: number): Frame {
  const largest = readVarint(reader);
  const delay = readVarint(reader);
  const count = readVarint(reader);
  // Each range takes two bytes at least: no count makes us believe in more than came.
  if (count * 2n > BigInt(reader.remaining()))
    throw new Malformed(reader.offset, `${count} ACK ranges do not fit`);
  const ranges: AckRange[] = [range(reader, largest)];
  let smallest = ranges[0]?.smallest ?? 0n;
  for (let i = 0n; i < count; i++) {
    const next = range(reader, smallest - readVarint(reader) - 2n);
    ranges.push(next);
    smallest = next.smallest;
  }
  if (type === FRAME_TYPES.ack.type) return { type: 'ack', ranges, delay };
  const ecn = { ect0: readVarint(reader), ect1: readVarint(reader), ce: readVarint(reader) };
  return { type: 'ack', ranges, delay, ecn };
}

function range(reader: Reader, largest: bigint): AckRange {
  const smallest = largest - readVarint(reader);
  if (smallest < 0n) throw new Malformed(reader.offset, 'an ACK range goes below packet number 0');
  return { smallest, largest };
}

function stream(reader: Reader, type: number): Frame {
  const id = readVarint(reader);
  const offset = (type & 4) === 0 ? 0n : readVarint(reader);
  const data = (type & 2) === 0 ? reader.rest() : bytes(reader);
  return { type: 'stream', stream: id, offset: within(reader, offset, data), data, fin: (type & 1) !== 0 };
}

function crypto(reader: Reader): Frame {
  const offset = readVarint(reader);
  const data = bytes(reader);
  return { type: 'crypto', offset: within(reader, offset, data), data };
}

/** No byte lies beyond 2^62 - 1 (§19.6, §19.8). */
function within(reader: Reader, offset: bigint, data: Uint8Array): bigint {
  if (offset + BigInt(data.length) > VARINT_MAX)
    throw new Malformed(reader.offset, 'data beyond offset 2^62 - 1');
  return offset;
}

function newToken(reader: Reader): Frame {
  const token = bytes(reader);
  if (token.length === 0) throw new Malformed(reader.offset, 'an empty token');
  return { type: 'new_token', token };
}

/** §19.15 */
function newConnectionId(reader: Reader): Frame {
  const sequence = readVarint(reader);
  const retirePriorTo = readVarint(reader);
  if (retirePriorTo > sequence)
    throw new Malformed(reader.offset, 'Retire Prior To is above the sequence number');
  const length = reader.u8();
  if (length < 1 || length > 20) throw new Malformed(reader.offset, `a connection ID of ${length} bytes`);
  return {
    type: 'new_connection_id',
    sequence,
    retirePriorTo,
    id: reader.take(length),
    resetToken: reader.take(16),
  };
}

function close(reader: Reader, type: number): Frame {
  const code = readVarint(reader);
  if (type === 0x1d) return { type: 'connection_close', layer: 'application', code, reason: bytes(reader) };
  const frameType = readVarint(reader);
  return { type: 'connection_close', layer: 'transport', code, frameType, reason: bytes(reader) };
}

/** A number of streams: more than 2^60 could not be told in a stream ID (§4.6, §19.11). */
function streamCount(reader: Reader): bigint {
  const limit = readVarint(reader);
  if (limit > 1n << 60n) throw new Malformed(reader.offset, 'a limit of more than 2^60 streams');
  return limit;
}

function direction(type: number): Direction {
  return (type & 1) === 0 ? 'bidi' : 'uni';
}

/** Length and as many bytes. */
function bytes(reader: Reader): Uint8Array {
  const length = readVarint(reader);
  return reader.take(length > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(length));
}

const DECODERS: Readonly<Record<number, Decode>> = {
  0: padding,
  1: () => ({ type: 'ping' }),
  2: ack,
  3: ack,
  4: (r) => ({ type: 'reset_stream', stream: readVarint(r), code: readVarint(r), finalSize: readVarint(r) }),
  5: (r) => ({ type: 'stop_sending', stream: readVarint(r), code: readVarint(r) }),
  6: crypto,
  7: newToken,
  8: stream,
  9: stream,
  10: stream,
  11: stream,
  12: stream,
  13: stream,
  14: stream,
  15: stream,
  16: (r) => ({ type: 'max_data', limit: readVarint(r) }),
  17: (r) => ({ type: 'max_stream_data', stream: readVarint(r), limit: readVarint(r) }),
  18: (r, type) => ({ type: 'max_streams', direction: direction(type), limit: streamCount(r) }),
  19: (r, type) => ({ type: 'max_streams', direction: direction(type), limit: streamCount(r) }),
  20: (r) => ({ type: 'data_blocked', limit: readVarint(r) }),
  21: (r) => ({ type: 'stream_data_blocked', stream: readVarint(r), limit: readVarint(r) }),
  22: (r, type) => ({ type: 'streams_blocked', direction: direction(type), limit: streamCount(r) }),
  23: (r, type) => ({ type: 'streams_blocked', direction: direction(type), limit: streamCount(r) }),
  24: newConnectionId,
  25: (r) => ({ type: 'retire_connection_id', sequence: readVarint(r) }),
  26: (r) => ({ type: 'path_challenge', data: r.take(8) }),
  27: (r) => ({ type: 'path_response', data: r.take(8) }),
  28: close,
  29: close,
  30: () => ({ type: 'handshake_done' }),
  48: (r) => ({ type: 'datagram', data: r.rest() }),
  49: (r) => ({ type: 'datagram', data: bytes(r) }),
};
