import { Reader } from './reader.ts';
import { CONTENT, contentTypeName } from './tls-record.ts';
import { Writer } from './writer.ts';

/** Names a record: numbers start anew with each epoch. */
export type RecordNumber = { epoch: number; sequence: number };

/** A record with the long header: DTLSPlaintext, or DTLSCiphertext of DTLS 1.2 (RFC 6347 §4.1; with `cid`: RFC 9146 §4). */
export type LongRecord = RecordNumber & {
  form: 'long';
  type: number;
  version: number;
  cid?: Uint8Array;
  /** Header and fragment. */
  bytes: Uint8Array;
  fragment: Uint8Array;
};

/**
 * A record with DTLS 1.3's unified header (RFC 9147 §4). Epoch and number are as on the wire: the low two bits of the one, the
 * other cut to its size and encrypted.
 */
export type UnifiedRecord = {
  form: 'unified';
  epochBits: number;
  cid?: Uint8Array;
  /** Where the number lies in `header`, and how long it is. */
  sequenceAt: number;
  sequenceLength: 1 | 2;
  header: Uint8Array;
  bytes: Uint8Array;
  fragment: Uint8Array;
};

export type DtlsRecord = LongRecord | UnifiedRecord;

/**
 * The next record of a datagram. `cidLength`: of the connection IDs we gave out. Throws `Malformed` where there is none: the rest
 * of the datagram then says nothing.
 */
export function decodeDtlsRecord(datagram: Uint8Array, at: number, cidLength: number): DtlsRecord {
  const first = datagram[at] ?? 0;
  const bytes = datagram.subarray(at);
  return isUnified(first) ? decodeUnified(bytes, cidLength) : decodeLong(bytes, cidLength);
}

/** Does a record that begins with this byte have the unified header (RFC 9147 §4.1)? */
function isUnified(first: number): boolean {
  return first >> 5 === 1;
}

export function encodeLongHeader(
  header: RecordNumber & { type: number; version: number; length: number; cid?: Uint8Array },
): Uint8Array {
  const { type, version, epoch, sequence, length, cid } = header;
  const writer = new Writer().u8(type).u16(version).raw(recordNumber64(epoch, sequence));
  if (cid !== undefined) writer.raw(cid);
  return writer.u16(length).finish();
}

/** Always with a 16-bit number and the length. */
export function encodeUnifiedHeader(
  header: RecordNumber & { length: number; cid: Uint8Array | undefined },
): Uint8Array {
  const { epoch, sequence, length, cid } = header;
  const writer = new Writer().u8(
    UNIFIED | (cid === undefined ? 0 : WITH_CID) | LONG_NUMBER | WITH_LENGTH | (epoch & 3),
  );
  if (cid !== undefined) writer.raw(cid);
  return writer
    .u16(sequence % 0x10000)
    .u16(length)
    .finish();
}

/** 16 bits of epoch and 48 of number, as DTLS 1.2 has them in headers, nonces and additional data. */
export function recordNumber64(epoch: number, sequence: number): Uint8Array {
  return new Writer()
    .u16(epoch)
    .u16(Math.floor(sequence / 2 ** 32))
    .u32(sequence % 2 ** 32)
    .finish();
}

/** "handshake", "ack"; "content(99)" for a type without a name. */
export function dtlsContentName(type: number): string {
  if (type === DTLS_CONTENT.tls12_cid) return 'tls12_cid';
  return type === DTLS_CONTENT.ack ? 'ack' : contentTypeName(type);
}

/**
 * The connection ID that a datagram begins with, for who has to find its association by it. `length`: of those we gave out. The
 * record behind it may be anything.
 */
export function peekConnectionId(datagram: Uint8Array, length: number): Uint8Array | undefined {
  const [first = 0] = datagram;
  const unified = isUnified(first) && (first & WITH_CID) !== 0;
  if (!unified && first !== DTLS_CONTENT.tls12_cid) return undefined;
  const at = unified ? 1 : LONG_CID_AT;
  const id = datagram.subarray(at, at + length);
  return id.length === length ? id : undefined;
}

function decodeLong(bytes: Uint8Array, cidLength: number): LongRecord {
  const reader = new Reader(bytes);
  const type = reader.u8();
  const version = reader.u16();
  const epoch = reader.u16();
  const sequence = reader.u16() * 2 ** 32 + reader.u32();
  const cid = type === DTLS_CONTENT.tls12_cid ? reader.take(cidLength) : undefined;
  const fragment = reader.vector(2);
  const record = { form: 'long', type, version, epoch, sequence, fragment } as const;
  const whole = bytes.subarray(0, reader.offset);
  return cid === undefined ? { ...record, bytes: whole } : { ...record, cid, bytes: whole };
}

function decodeUnified(bytes: Uint8Array, cidLength: number): UnifiedRecord {
  const reader = new Reader(bytes);
  const flags = reader.u8();
  const cid = (flags & WITH_CID) === 0 ? undefined : reader.take(cidLength);
  const sequenceAt = reader.offset;
  const sequenceLength = (flags & LONG_NUMBER) === 0 ? 1 : 2;
  reader.take(sequenceLength);
  const length = (flags & WITH_LENGTH) === 0 ? undefined : reader.u16();
  const header = bytes.subarray(0, reader.offset);
  const fragment = length === undefined ? reader.rest() : reader.take(length);
  const whole = bytes.subarray(0, reader.offset);
  const record = { form: 'unified', epochBits: flags & 3, sequenceAt, sequenceLength, header } as const;
  return cid === undefined
    ? { ...record, bytes: whole, fragment }
    : { ...record, cid, bytes: whole, fragment };
}

/** TLS's content types and those that only datagrams have (RFC 9146 §4, RFC 9147 §7). */
export const DTLS_CONTENT = { ...CONTENT, tls12_cid: 25, ack: 26 } as const;
export const DTLS_12 = 0xfefd;
/** Of the first ClientHello's record and of HelloVerifyRequest, for old peers (RFC 6347 §4.2.1). */
export const DTLS_10 = 0xfeff;
export const LONG_HEADER_LENGTH = 13;

/** Behind type, version, epoch and number (RFC 9146 §4). */
const LONG_CID_AT = 11;
const UNIFIED = 0x20;
const WITH_CID = 0x10;
const LONG_NUMBER = 0x08;
const WITH_LENGTH = 0x04;
