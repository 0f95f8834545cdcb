import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { withMlkem } from '../../src/crypto/mlkem.ts';
import { createNobleProvider } from '../../src/crypto/noble-provider.ts';
import type { CryptoProvider, Random } from '../../src/crypto/provider.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { toHex } from '../../src/wire/bytes.ts';

export const noble = withMlkem(createNobleProvider());
export const native = withMlkem(createNativeProvider());

/** For `describe.each`. */
export const PROVIDERS: readonly (readonly [string, CryptoProvider])[] = [
  ['noble', noble],
  ['native', native],
];

export function vectorCases<T>(name: string): T[] {
  return readVectors<{ cases: T[] }>(name).cases;
}

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
}

/** The same bytes for the same seed. */
export function seeded(seed: string): Random {
  let counter = 0;
  return (length) => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 64) {
      const block = createHash('sha512').update(`${seed} ${counter++}`).digest();
      out.set(block.subarray(0, length - at), at);
    }
    return out;
  };
}

/** Gives exactly these bytes, once. */
export function fixed(bytes: Uint8Array): Random {
  let given = false;
  return (length) => {
    if (given || length !== bytes.length) throw new Error(`asked for ${length} bytes`);
    given = true;
    return bytes;
  };
}

export function hexOrUndefined(bytes: Uint8Array | undefined): string | undefined {
  return bytes && toHex(bytes);
}
