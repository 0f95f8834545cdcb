import {
  createH3FrameReader,
  H3_FRAME,
  type H3FrameReader,
  isMidFrame,
  readH3Frames,
} from '../wire/h3-frames.ts';
import { decodeFieldSection, TooLarge } from '../wire/qpack.ts';
import type { Field } from '../wire/qpack-static.ts';
import { Malformed } from '../wire/reader.ts';
import { H3Fault } from './h3-fault.ts';
import {
  checkTrailers,
  type RequestHead,
  type ResponseHead,
  requestHead,
  responseHead,
} from './h3-fields.ts';

/** A request or a response on its way in (RFC 9114 §4.1). */
export type H3Message = {
  readonly stream: bigint;
  readonly reader: H3FrameReader;
  readonly of: 'request' | 'response';
  /** `over`: refused, reset or given up; what still comes of it is thrown away. */
  at: 'head' | 'body' | 'trailers' | 'over';
  head: RequestHead | ResponseHead | undefined;
  bytes: number;
};

export function createH3Message(stream: bigint, of: 'request' | 'response'): H3Message {
  return { stream, of, reader: createH3FrameReader(), at: 'head', head: undefined, bytes: 0 };
}

/** Throws `H3Fault`: for frames that are out of place, and for messages that are malformed. */
export function readH3Message(message: H3Message, data: Uint8Array): void {
  if (message.at === 'over') return;
  readH3Frames(message.reader, data, {
    begins: (type, length) => begins(message, type, length),
    whole: (_type, payload) => takeFields(message, fieldsOf(payload)),
    part(part) {
      message.bytes += part.length;
      checkLength(message, false);
    },
  });
}

/** FIN came: is it a whole message? Throws H3_FRAME_ERROR, H3_REQUEST_INCOMPLETE, H3_MESSAGE_ERROR (§4.1, §7.1). */
export function endH3Message(message: H3Message): void {
  if (isMidFrame(message.reader)) throw new H3Fault('H3_FRAME_ERROR', 'the stream ends inside a frame');
  if (message.head === undefined) {
    const code = message.of === 'request' ? 'H3_REQUEST_INCOMPLETE' : 'H3_MESSAGE_ERROR';
    throw new H3Fault(code, `a ${message.of} without a head`, 'stream');
  }
  checkLength(message, true);
}

/** RFC 9114 §7.2.8: types that HTTP/2 used for what QUIC does itself. */
export function checkReservedType(type: bigint): void {
  if (type === 0x02n || type === 0x06n || type === 0x08n || type === 0x09n)
    throw new H3Fault('H3_FRAME_UNEXPECTED', `a frame of HTTP/2's type 0x${type.toString(16)}`);
}

function begins(message: H3Message, type: bigint, length: bigint): 'whole' | 'parts' | 'skip' {
  checkReservedType(type);
  switch (type) {
    case H3_FRAME.DATA:
      if (message.at !== 'body') unexpected(`DATA ${message.at === 'head' ? 'before' : 'behind'} HEADERS`);
      return 'parts';
    case H3_FRAME.HEADERS:
      if (message.at === 'trailers') unexpected('HEADERS behind the trailers');
      if (length > BigInt(MOST_SECTION))
        throw new H3Fault('H3_EXCESSIVE_LOAD', `a field section of ${length} bytes`);
      return 'whole';
    case H3_FRAME.PUSH_PROMISE:
      if (message.of === 'request') unexpected('PUSH_PROMISE from a client');
      throw new H3Fault('H3_ID_ERROR', 'PUSH_PROMISE, though no push was allowed');
    case H3_FRAME.CANCEL_PUSH:
    case H3_FRAME.SETTINGS:
    case H3_FRAME.GOAWAY:
    case H3_FRAME.MAX_PUSH_ID:
      return unexpected(`a frame of type 0x${type.toString(16)} on a request stream`);
    default:
      return 'skip';
  }
}

function takeFields(message: H3Message, fields: readonly Field[]): void {
  if (message.at === 'body') {
    checkTrailers(fields);
    message.at = 'trailers';
    return;
  }
  if (message.of === 'request') message.head = requestHead(fields);
  else {
    const head = responseHead(fields);
    // Interim responses come before the one that counts (§4.1).
    if (head.status < 200) return;
    message.head = head;
  }
  message.at = 'body';
}

function fieldsOf(payload: Uint8Array): Field[] {
  try {
    return decodeFieldSection(payload, MOST_SECTION);
  } catch (error) {
    if (error instanceof Malformed) throw new H3Fault('QPACK_DECOMPRESSION_FAILED', error.message);
    if (error instanceof TooLarge) throw new H3Fault('H3_EXCESSIVE_LOAD', error.message);
    throw error;
  }
}

/** §4.1.2: the body is as long as content-length says; a response to HEAD is not known here, and has none. */
function checkLength({ head, bytes, of }: H3Message, isEnd: boolean): void {
  const said = head?.contentLength;
  if (said === undefined || head === undefined) return;
  const isBodiless = of === 'response' && 'status' in head && (head.status === 304 || head.status === 204);
  if (bytes > said || (isEnd && bytes < said && !isBodiless))
    throw new H3Fault('H3_MESSAGE_ERROR', `content-length ${said}, but ${bytes} bytes came`, 'stream');
}

function unexpected(reason: string): never {
  throw new H3Fault('H3_FRAME_UNEXPECTED', reason);
}

/** Announced as SETTINGS_MAX_FIELD_SECTION_SIZE: bytes on the wire, and as they count in §4.2.2. */
export const MOST_SECTION = 65_536;
