import { createNames } from './names.ts';

/** The five bytes in front of every record (RFC 9846 §5.1). `length`: of what follows. */
export type RecordHeader = { type: number; version: number; length: number };

/** `bytes` holds at least the header. */
export function decodeRecordHeader(bytes: Uint8Array): RecordHeader {
  const [type = 0, major = 0, minor = 0, high = 0, low = 0] = bytes;
  return { type, version: (major << 8) | minor, length: (high << 8) | low };
}

export function encodeRecordHeader(header: RecordHeader): Uint8Array {
  const { type, version, length } = header;
  if (length > 0xffff) throw new RangeError(`${length} bytes do not fit a record`);
  return Uint8Array.of(type, version >> 8, version & 0xff, length >> 8, length & 0xff);
}

/** "handshake"; "content(99)" for a type without a name. */
export function contentTypeName(type: number): string {
  return NAMES.name(type);
}

/** Registry of TLS ContentTypes, as far as TLS itself uses it. */
export const CONTENT = { change_cipher_spec: 20, alert: 21, handshake: 22, application_data: 23 } as const;

export const RECORD_HEADER_LENGTH = 5;
/** Most bytes of content in a record: RFC 9846 §5.1, RFC 5246 §6.2.1. */
export const MAX_PLAINTEXT = 2 ** 14;
/** Most bytes behind the header of a protected record: RFC 9846 §5.2, RFC 5246 §6.2.3. */
export const MAX_CIPHERTEXT_13 = MAX_PLAINTEXT + 256;
export const MAX_CIPHERTEXT_12 = MAX_PLAINTEXT + 2048;

const NAMES = createNames('content', CONTENT);
