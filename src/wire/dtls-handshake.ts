import { concat } from './bytes.ts';
import { Malformed, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Part of a handshake message (RFC 6347 §4.2.2, RFC 9147 §5.2). `length`: of the whole body. */
export type HandshakeFragment = {
  type: number;
  length: number;
  sequence: number;
  offset: number;
  data: Uint8Array;
};

/** The fragments of one record's content, in order. Throws `Malformed` when they don't fill it. */
export function decodeFragments(content: Uint8Array): HandshakeFragment[] {
  const reader = new Reader(content);
  const fragments: HandshakeFragment[] = [];
  while (!reader.done()) fragments.push(decodeFragment(reader));
  return fragments;
}

/** `message`: with TLS's four-byte header. */
export function encodeFragment(
  message: Uint8Array,
  sequence: number,
  offset: number,
  length: number,
): Uint8Array {
  const body = message.subarray(MESSAGE_HEADER_LENGTH);
  return new Writer()
    .raw(message.subarray(0, MESSAGE_HEADER_LENGTH))
    .u16(sequence)
    .u24(offset)
    .u24(length)
    .raw(body.subarray(offset, offset + length))
    .finish();
}

/** Back to TLS's four-byte header. */
export function wholeMessage(type: number, body: Uint8Array): Uint8Array {
  return concat(new Writer().u8(type).u24(body.length).finish(), body);
}

function decodeFragment(reader: Reader): HandshakeFragment {
  const type = reader.u8();
  const length = reader.u24();
  const sequence = reader.u16();
  const offset = reader.u24();
  const data = reader.vector(3);
  if (offset + data.length > length) {
    throw new Malformed(reader.offset, `fragment to ${offset + data.length} of a message of ${length} bytes`);
  }
  return { type, length, sequence, offset, data };
}

export const FRAGMENT_HEADER_LENGTH = 12;
const MESSAGE_HEADER_LENGTH = 4;
