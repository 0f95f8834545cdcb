import { concat } from './bytes.ts';
import { Reader, Truncated } from './reader.ts';
import { readVarint, writeVarint } from './varint.ts';
import { Writer } from './writer.ts';

/** Types of HTTP/3 frames (RFC 9114 §7.2, §11.2.1). */
export const H3_FRAME = {
  DATA: 0x00n,
  HEADERS: 0x01n,
  CANCEL_PUSH: 0x03n,
  SETTINGS: 0x04n,
  PUSH_PROMISE: 0x05n,
  GOAWAY: 0x07n,
  MAX_PUSH_ID: 0x0dn,
} as const;

export function encodeH3Frame(type: bigint, payload: Uint8Array): Uint8Array {
  const writer = new Writer();
  writeVarint(writer, type);
  writeVarint(writer, payload.length);
  return writer.raw(payload).finish();
}

/** What is to become of a frame's payload: kept until all of it is there, handed on as it comes, or thrown away. */
export type H3Treatment = 'whole' | 'parts' | 'skip';

export type H3FrameHandler = {
  /** Type and length were read, nothing else of it. Throws when it is too long to be kept whole. */
  begins(type: bigint, length: bigint): H3Treatment;
  whole(type: bigint, payload: Uint8Array): void;
  part(data: Uint8Array): void;
};

/** Frames of one stream, cut as the stream is. Keeps an unfinished header and the payload of `whole` frames, nothing else. */
export type H3FrameReader = {
  head: Uint8Array;
  frame: { type: bigint; left: bigint; treatment: H3Treatment; kept: Uint8Array } | undefined;
};

export function createH3FrameReader(): H3FrameReader {
  return { head: new Uint8Array(0), frame: undefined };
}

/** Is there an unfinished frame? */
export function isMidFrame({ head, frame }: H3FrameReader): boolean {
  return head.length > 0 || frame !== undefined;
}

export function readH3Frames(reader: H3FrameReader, data: Uint8Array, handler: H3FrameHandler): void {
  let rest = data;
  while (rest.length > 0) {
    if (reader.frame === undefined) rest = beginFrame(reader, rest, handler);
    else {
      const { frame } = reader;
      const length = frame.left < BigInt(rest.length) ? Number(frame.left) : rest.length;
      const part = rest.subarray(0, length);
      rest = rest.subarray(length);
      frame.left -= BigInt(length);
      if (frame.treatment === 'whole') frame.kept.set(part, frame.kept.length - Number(frame.left) - length);
      if (frame.treatment === 'parts' && length > 0) handler.part(part);
    }
    endFrame(reader, handler);
  }
}

/** What is left of the data once the header was taken. */
function beginFrame(reader: H3FrameReader, data: Uint8Array, handler: H3FrameHandler): Uint8Array {
  const before = reader.head.length;
  const head = concat(reader.head, data.subarray(0, LARGEST_HEAD - before));
  const bytes = new Reader(head);
  const header = readHeader(bytes);
  if (header === undefined) {
    reader.head = head;
    return data.subarray(head.length - before);
  }
  reader.head = new Uint8Array(0);
  const [type, left] = header;
  const treatment = handler.begins(type, left);
  reader.frame = { type, left, treatment, kept: new Uint8Array(treatment === 'whole' ? Number(left) : 0) };
  return data.subarray(bytes.offset - before);
}

function endFrame(reader: H3FrameReader, handler: H3FrameHandler): void {
  const { frame } = reader;
  if (frame === undefined || frame.left > 0n) return;
  reader.frame = undefined;
  if (frame.treatment === 'whole') handler.whole(frame.type, frame.kept);
}

function readHeader(reader: Reader): [bigint, bigint] | undefined {
  try {
    return [readVarint(reader), readVarint(reader)];
  } catch (error) {
    if (error instanceof Truncated) return undefined;
    throw error;
  }
}

/** Two varints. */
const LARGEST_HEAD = 16;
