import { type KeyLimits, keyLimits, nearly } from '../../crypto/aead-limits.ts';
import { tagLength } from '../../crypto/aeads.ts';
import type { Aead, AeadName, CryptoProvider } from '../../crypto/provider.ts';
import { trafficKeys } from '../../crypto/schedule13.ts';
import { knownSuite, type Suite } from '../../crypto/suites.ts';
import { ALERT } from '../../wire/alert.ts';
import { concat } from '../../wire/bytes.ts';
import { CONTENT, encodeRecordHeader, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from '../../wire/tls-record.ts';
import { ProtocolFault } from '../fault.ts';

/** One direction's record protection. `sequence`: of the next record. */
export type RecordKey = {
  readonly version: 0x0303 | 0x0304;
  readonly aeadName: AeadName;
  readonly aead: Aead;
  readonly iv: Uint8Array;
  /** TLS 1.2 GCM: eight nonce bytes travel in each record (RFC 5288 §3). */
  readonly explicitNonce: boolean;
  sequence: number;
};

/** What a record turned out to hold. */
export type Opened = { type: number; content: Uint8Array };

export function recordKey13(provider: CryptoProvider, suiteId: number, secret: Uint8Array): RecordKey {
  const suite = knownSuite(suiteId);
  const { key, iv } = trafficKeys(provider, suite, secret);
  return recordKey(provider, suite, 0x0304, key, iv);
}

export function recordKey12(
  provider: CryptoProvider,
  suiteId: number,
  key: Uint8Array,
  iv: Uint8Array,
): RecordKey {
  return recordKey(provider, knownSuite(suiteId), 0x0303, key, iv);
}

/** A whole record. Throws ProtocolFault (blame `local`) when the sequence numbers are used up. */
export function protect(key: RecordKey, type: number, content: Uint8Array): Uint8Array {
  const sequence = takeSequence(key, 'local');
  if (key.version === 0x0304) {
    // TLSInnerPlaintext without padding (RFC 9846 §5.2).
    const inner = concat(content, Uint8Array.of(type));
    const header = headerOf(CONTENT.application_data, inner.length + tagLength(key.aeadName));
    return concat(header, key.aead.seal(xorNonce(key.iv, sequence), header, inner));
  }
  const explicit = key.explicitNonce ? sequence : NOTHING;
  const nonce = key.explicitNonce ? concat(key.iv, sequence) : xorNonce(key.iv, sequence);
  const aad = additionalData12(sequence, type, content.length);
  const sealed = key.aead.seal(nonce, aad, content);
  return concat(headerOf(type, explicit.length + sealed.length), explicit, sealed);
}

/**
 * Opens a whole record. `limit`: most bytes of plaintext, in 1.3 with content type and padding (RFC 8449 §4); undefined:
 * the protocol's own. Throws ProtocolFault.
 */
export function unprotect(key: RecordKey, record: Uint8Array, limit: number | undefined): Opened {
  const plaintext = open(key, record);
  const inner13 = key.version === 0x0304;
  const most = Math.min(limit ?? Number.POSITIVE_INFINITY, inner13 ? MAX_PLAINTEXT + 1 : MAX_PLAINTEXT);
  if (plaintext.length > most) {
    throw new ProtocolFault({
      blame: 'peer',
      rule: 'record-overflow',
      alert: ALERT.record_overflow,
      detail: `record of ${plaintext.length} bytes of plaintext where ${most} are allowed`,
    });
  }
  return inner13 ? stripPadding(plaintext) : { type: record[0] ?? 0, content: plaintext };
}

/** So near the limit of its AEAD, or of what `lower` says, that the key should be changed (RFC 9846 §5.5). */
export function wearsOut({ aeadName, sequence }: RecordKey, lower?: Partial<KeyLimits>): boolean {
  return sequence >= nearly(keyLimits(aeadName, lower).records);
}

function recordKey(
  provider: CryptoProvider,
  suite: Suite,
  version: 0x0303 | 0x0304,
  key: Uint8Array,
  iv: Uint8Array,
): RecordKey {
  const aead = provider.aead(suite.aead, key);
  return { version, aeadName: suite.aead, aead, iv, explicitNonce: suite.explicitNonce > 0, sequence: 0 };
}

function open(key: RecordKey, record: Uint8Array): Uint8Array {
  const sequence = takeSequence(key, 'peer');
  const header = record.subarray(0, RECORD_HEADER_LENGTH);
  const body = record.subarray(RECORD_HEADER_LENGTH);
  const explicitLength = key.explicitNonce ? EXPLICIT_NONCE_LENGTH : 0;
  const plainLength = body.length - explicitLength - tagLength(key.aeadName);
  if (plainLength < 0) throw tooShort(key, body.length);
  const nonce = key.explicitNonce
    ? concat(key.iv, body.subarray(0, explicitLength))
    : xorNonce(key.iv, sequence);
  const aad = key.version === 0x0304 ? header : additionalData12(sequence, header[0] ?? 0, plainLength);
  const plaintext = key.aead.open(nonce, aad, body.subarray(explicitLength));
  if (plaintext === undefined) throw badRecordMac(`record of ${body.length} bytes does not decrypt`);
  return plaintext;
}

/** The content type is the last byte that is not zero (RFC 9846 §5.4). */
function stripPadding(inner: Uint8Array): Opened {
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end--;
  const type = inner[end];
  if (type === undefined) {
    throw new ProtocolFault({
      blame: 'peer',
      rule: 'no-content-type',
      alert: ALERT.unexpected_message,
      detail: `protected record holds ${inner.length} bytes of zeros and no content type`,
    });
  }
  return { type, content: inner.subarray(0, end) };
}

/** The number as it goes into nonces; a number never serves twice (RFC 9846 §5.3, RFC 5246 §6.1). */
function takeSequence(key: RecordKey, blame: 'local' | 'peer'): Uint8Array {
  if (key.sequence >= MAX_SEQUENCE) {
    throw new ProtocolFault({
      blame,
      rule: 'sequence-number-exhausted',
      alert: ALERT.internal_error,
      detail: `no sequence number is left after ${MAX_SEQUENCE} records`,
    });
  }
  const bytes = new Uint8Array(8);
  for (let i = 7, rest = key.sequence; rest > 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  key.sequence++;
  return bytes;
}

/** RFC 9846 §5.3, RFC 7905 §2. */
function xorNonce(iv: Uint8Array, sequence: Uint8Array): Uint8Array {
  const nonce = iv.slice();
  const offset = iv.length - sequence.length;
  for (let i = 0; i < sequence.length; i++) nonce[offset + i] = (nonce[offset + i] ?? 0) ^ (sequence[i] ?? 0);
  return nonce;
}

/** RFC 5246 §6.2.3.3. */
function additionalData12(sequence: Uint8Array, type: number, length: number): Uint8Array {
  return concat(sequence, headerOf(type, length));
}

function headerOf(type: number, length: number): Uint8Array {
  return encodeRecordHeader({ type, version: 0x0303, length });
}

/** No room for what protection adds: it cannot have the right tag. */
function tooShort(key: RecordKey, length: number): ProtocolFault {
  const detail = `protected record of only ${length} bytes`;
  if (key.version === 0x0304) return badRecordMac(detail);
  return new ProtocolFault({ blame: 'peer', rule: 'record-too-short', alert: ALERT.bad_record_mac, detail });
}

function badRecordMac(detail: string): ProtocolFault {
  return new ProtocolFault({ blame: 'peer', rule: 'bad-record-mac', alert: ALERT.bad_record_mac, detail });
}

const NOTHING = new Uint8Array(0);
const EXPLICIT_NONCE_LENGTH = 8;
/** The protocol stops at 2^64 - 1; no connection gets that far, and numbers are exact up to here. */
const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER;
