import { randomFillSync } from 'node:crypto';
import type { Random } from '../crypto/provider.ts';

/** The system's randomness, fetched in pools: small draws are many, and each call into OpenSSL costs some µs. */
export function createRandom(): Random {
  let pool = new Uint8Array(0);
  return (length) => {
    if (length > POOL / 4) return randomFillSync(new Uint8Array(length));
    if (pool.length < length) pool = randomFillSync(new Uint8Array(POOL));
    const drawn = pool.slice(0, length);
    pool.fill(0, 0, length);
    pool = pool.subarray(length);
    return drawn;
  };
}

const POOL = 1024;
