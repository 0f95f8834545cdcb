import { tagLength } from '../../crypto/aeads.ts';
import { hkdfExpandLabel } from '../../crypto/kdf.ts';
import type { Aead, AeadName, CryptoProvider } from '../../crypto/provider.ts';
import { trafficKeys } from '../../crypto/schedule13.ts';
import { knownSuite } from '../../crypto/suites.ts';
import { concat } from '../../wire/bytes.ts';
import {
  DTLS_12,
  DTLS_CONTENT,
  encodeLongHeader,
  encodeUnifiedHeader,
  type LongRecord,
  type RecordNumber,
  recordNumber64,
  type UnifiedRecord,
} from '../../wire/dtls-record.ts';
import { Writer } from '../../wire/writer.ts';
import { DTLS } from '../handshake/flavor.ts';

/** One direction's protection in one epoch. */
export type EpochKey = {
  readonly version: 0x0303 | 0x0304;
  readonly aeadName: AeadName;
  readonly aead: Aead;
  readonly iv: Uint8Array;
  /** DTLS 1.2, AES: eight nonce bytes travel in each record (RFC 5288 §3, RFC 6655 §3). */
  readonly explicitNonce: boolean;
  readonly tagLength: number;
  /** DTLS 1.3: encrypts record numbers (RFC 9147 §4.2.3). */
  readonly mask: (sample: Uint8Array) => Uint8Array;
};

/** What a record turned out to hold. */
export type Opened = { type: number; content: Uint8Array };

export function epochKey13(provider: CryptoProvider, suiteId: number, secret: Uint8Array): EpochKey {
  const suite = knownSuite(suiteId);
  const prefix = DTLS.labelPrefix;
  const { key, iv } = trafficKeys(provider, suite, secret, prefix);
  const number = hkdfExpandLabel(provider, suite.hash, secret, 'sn', NOTHING, suite.keyLength, prefix);
  const mask = provider.headerMask(suite.aead, number);
  const aead = provider.aead(suite.aead, key);
  const aeadName = suite.aead;
  return { version: 0x0304, aeadName, aead, iv, explicitNonce: false, tagLength: tagLength(aeadName), mask };
}

export function epochKey12(
  provider: CryptoProvider,
  suiteId: number,
  key: Uint8Array,
  iv: Uint8Array,
): EpochKey {
  const suite = knownSuite(suiteId);
  const aeadName = suite.aead;
  const aead = provider.aead(aeadName, key);
  const explicitNonce = suite.explicitNonce > 0;
  const mask = (): Uint8Array => NOTHING;
  return { version: 0x0303, aeadName, aead, iv, explicitNonce, tagLength: tagLength(aeadName), mask };
}

/** A whole record. `cid`: the connection ID that the peer wants, if any. */
export function protect(
  key: EpochKey,
  number: RecordNumber,
  type: number,
  content: Uint8Array,
  cid: Uint8Array | undefined,
): Uint8Array {
  return key.version === 0x0304
    ? protect13(key, number, type, content, cid)
    : protect12(key, number, type, content, cid);
}

/** Undefined: not what the peer sealed. */
export function open12(key: EpochKey, record: LongRecord): Opened | undefined {
  const { fragment, type, cid } = record;
  const explicit = fragment.subarray(0, key.explicitNonce ? EXPLICIT_NONCE_LENGTH : 0);
  const length = fragment.length - explicit.length - key.tagLength;
  if (length < 0) return undefined;
  const number = recordNumber64(record.epoch, record.sequence);
  const nonce = key.explicitNonce ? concat(key.iv, explicit) : xorNonce(key.iv, number);
  const aad = additionalData12(record.version, number, type, length, cid);
  const plain = key.aead.open(nonce, aad, fragment.subarray(explicit.length));
  return plain === undefined || cid === undefined ? plain && { type, content: plain } : stripPadding(plain);
}

/** The record's number, closest to `expected` (RFC 9147 §4.2.2), and what it holds; undefined: not what the peer sealed. */
export function open13(
  key: EpochKey,
  record: UnifiedRecord,
  expected: number,
): { sequence: number; opened: Opened | undefined } {
  const header = record.header.slice();
  const mask = key.mask(record.fragment.subarray(0, SAMPLE_LENGTH));
  let low = 0;
  for (let i = 0; i < record.sequenceLength; i++) {
    const byte = (header[record.sequenceAt + i] ?? 0) ^ (mask[i] ?? 0);
    header[record.sequenceAt + i] = byte;
    low = low * 256 + byte;
  }
  const sequence = closest(low, 256 ** record.sequenceLength, expected);
  const plain = key.aead.open(xorNonce(key.iv, sequence64(sequence)), header, record.fragment);
  return { sequence, opened: plain && stripPadding(plain) };
}

/** A record too short for a sample is none (RFC 9147 §4.2.3). */
export const SAMPLE_LENGTH = 16;

function protect12(
  key: EpochKey,
  { epoch, sequence }: RecordNumber,
  type: number,
  content: Uint8Array,
  cid: Uint8Array | undefined,
): Uint8Array {
  const number = recordNumber64(epoch, sequence);
  const explicit = key.explicitNonce ? number : NOTHING;
  const nonce = key.explicitNonce ? concat(key.iv, number) : xorNonce(key.iv, number);
  const outer = cid === undefined ? type : DTLS_CONTENT.tls12_cid;
  const inner = cid === undefined ? content : concat(content, Uint8Array.of(type));
  const aad = additionalData12(DTLS_12, number, outer, inner.length, cid);
  const sealed = key.aead.seal(nonce, aad, inner);
  const length = explicit.length + sealed.length;
  const header = { type: outer, version: DTLS_12, epoch, sequence, length };
  return concat(encodeLongHeader(cid === undefined ? header : { ...header, cid }), explicit, sealed);
}

function protect13(
  key: EpochKey,
  number: RecordNumber,
  type: number,
  content: Uint8Array,
  cid: Uint8Array | undefined,
): Uint8Array {
  // Padded where the tag alone would be too short a sample.
  const padding = new Uint8Array(Math.max(0, SAMPLE_LENGTH - key.tagLength - content.length - 1));
  const inner = concat(content, Uint8Array.of(type), padding);
  const header = encodeUnifiedHeader({ ...number, length: inner.length + key.tagLength, cid });
  const sealed = key.aead.seal(xorNonce(key.iv, sequence64(number.sequence)), header, inner);
  const mask = key.mask(sealed.subarray(0, SAMPLE_LENGTH));
  const at = 1 + (cid?.length ?? 0);
  for (let i = 0; i < 2; i++) header[at + i] = (header[at + i] ?? 0) ^ (mask[i] ?? 0);
  return concat(header, sealed);
}

/** RFC 5246 §6.2.3.3 with epoch and number for the sequence number; RFC 9146 §5.3 with a connection ID. */
function additionalData12(
  version: number,
  number: Uint8Array,
  type: number,
  length: number,
  cid: Uint8Array | undefined,
): Uint8Array {
  const writer = new Writer();
  if (cid === undefined) return writer.raw(number).u8(type).u16(version).u16(length).finish();
  writer.raw(new Uint8Array(8).fill(0xff)).u8(type).u8(cid.length).u8(type).u16(version);
  return writer.raw(number).raw(cid).u16(length).finish();
}

/** The content type is the last byte that is not zero (RFC 9147 §4, RFC 9146 §4). */
function stripPadding(inner: Uint8Array): Opened | undefined {
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end--;
  const type = inner[end];
  return type === undefined ? undefined : { type, content: inner.subarray(0, end) };
}

/** RFC 9147 §4.2.2. */
function closest(low: number, period: number, expected: number): number {
  const candidate = expected - (expected % period) + low;
  if (candidate > expected + period / 2 && candidate >= period) return candidate - period;
  return candidate + period / 2 <= expected ? candidate + period : candidate;
}

/** RFC 9846 §5.3, RFC 7905 §2; the epoch has no part in it in DTLS 1.3 (RFC 9147 §4). */
function xorNonce(iv: Uint8Array, number: Uint8Array): Uint8Array {
  const nonce = iv.slice();
  const offset = iv.length - number.length;
  for (const [i, byte] of number.entries()) nonce[offset + i] = (nonce[offset + i] ?? 0) ^ byte;
  return nonce;
}

function sequence64(sequence: number): Uint8Array {
  return recordNumber64(0, sequence);
}

const NOTHING = new Uint8Array(0);
const EXPLICIT_NONCE_LENGTH = 8;
