import { ascii, concat } from '../wire/bytes.ts';
import { Writer } from '../wire/writer.ts';
import type { CryptoProvider, HashName } from './provider.ts';

/** HKDF-Extract (RFC 5869 §2.2). An empty salt means a block of zeros. */
export function hkdfExtract(
  provider: CryptoProvider,
  hash: HashName,
  salt: Uint8Array,
  ikm: Uint8Array,
): Uint8Array {
  return provider.hmac(hash, salt.length === 0 ? new Uint8Array(hashLength(hash)) : salt)(ikm);
}

/** HKDF-Expand (RFC 5869 §2.3). Throws RangeError past 255 blocks. */
export function hkdfExpand(
  provider: CryptoProvider,
  hash: HashName,
  prk: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  if (length > 255 * hashLength(hash)) throw new RangeError(`HKDF-Expand: ${length} bytes are too many`);
  const hmac = provider.hmac(hash, prk);
  return blocks(length, function* () {
    let block: Uint8Array = new Uint8Array(0);
    for (let counter = 1; ; counter++) {
      block = hmac(block, info, Uint8Array.of(counter));
      yield block;
    }
  });
}

/** HKDF-Expand-Label (RFC 9846 §7.1). DTLS 1.3 uses the prefix "dtls13" (RFC 9147 §5.9). */
export function hkdfExpandLabel(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
  prefix = 'tls13 ',
): Uint8Array {
  const info = new Writer()
    .u16(length)
    .vector(1, ascii(prefix + label))
    .vector(1, context)
    .finish();
  return hkdfExpand(provider, hash, secret, info, length);
}

/** The PRF of TLS 1.2 (RFC 5246 §5). */
export function prf12(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const hmac = provider.hmac(hash, secret);
  const labelled = concat(ascii(label), seed);
  return blocks(length, function* () {
    for (let a = hmac(labelled); ; a = hmac(a)) yield hmac(a, labelled);
  });
}

/** Bytes. */
export function hashLength(hash: HashName): number {
  return HASH_LENGTHS[hash];
}

function blocks(length: number, source: () => Generator<Uint8Array>): Uint8Array {
  const out = new Uint8Array(length);
  let at = 0;
  if (length === 0) return out;
  for (const block of source()) {
    out.set(block.subarray(0, length - at), at);
    at += block.length;
    if (at >= length) break;
  }
  return out;
}

const HASH_LENGTHS = { sha256: 32, sha384: 48, sha512: 64 } as const;
