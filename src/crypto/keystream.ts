import { chacha20 } from '@noble/ciphers/chacha.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ascii } from '../wire/bytes.ts';
import type { Random } from './provider.ts';

/** Bytes at a time; one counter covers 64 of them (RFC 8439 §2.4). */
const BLOCK = 4096;
const COUNTERS = BLOCK / 64;

/** Random bytes that are the same for the same seed: ChaCha20 under a key made from it. Not for secrets. */
export function seededKeystream(seed: string): Random {
  const key = sha256(ascii(seed));
  const nonce = new Uint8Array(12);
  let counter = 0;
  let block = new Uint8Array(0);
  const refill = (): void => {
    block = chacha20(key, nonce, new Uint8Array(BLOCK), undefined, counter);
    counter += COUNTERS;
  };
  return (length) => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      if (block.length === 0) refill();
      const part = block.subarray(0, length - at);
      out.set(part, at);
      at += part.length;
      block = block.subarray(part.length);
    }
    return out;
  };
}
