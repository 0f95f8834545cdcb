import { describe, expect, it } from 'vitest';
import type { AeadName } from '../../src/crypto/provider.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { native, noble, PROVIDERS, seeded, vectorCases } from './support.ts';

const AEADS = [
  ['aes-128-gcm', 16],
  ['aes-256-gcm', 32],
  ['chacha20-poly1305', 32],
  ['aes-128-ccm', 16],
  ['aes-256-ccm', 32],
  ['aes-128-ccm-8', 16],
  ['aes-256-ccm-8', 32],
] as const satisfies readonly (readonly [AeadName, number])[];

describe.each(PROVIDERS)('%s: AEAD', (_name, provider) => {
  it.each(vectorCases<AeadVector>('aead'))('$aead, $source', (vector) => {
    const aead = provider.aead(vector.aead, fromHex(vector.key));
    const nonce = fromHex(vector.nonce);
    const aad = fromHex(vector.aad);
    expect(toHex(aead.seal(nonce, aad, fromHex(vector.plaintext)))).toBe(vector.ciphertext);
    const opened = aead.open(nonce, aad, fromHex(vector.ciphertext));
    expect(opened && toHex(opened)).toBe(vector.plaintext);
  });

  it.each(
    AEADS,
  )('%s: any flipped bit, a wrong nonce, aad or key, and every truncation fail to open', (name, keyLength) => {
    const random = seeded(name);
    const key = random(keyLength);
    const aead = provider.aead(name, key);
    const nonce = random(12);
    const aad = random(5);
    const sealed = aead.seal(nonce, aad, random(3));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const bent = sealed.slice();
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(aead.open(nonce, aad, bent)).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(aead.open(nonce, aad, sealed.subarray(0, length))).toBeUndefined();
    }
    expect(aead.open(random(12), aad, sealed)).toBeUndefined();
    expect(aead.open(nonce, random(5), sealed)).toBeUndefined();
    expect(provider.aead(name, random(keyLength)).open(nonce, aad, sealed)).toBeUndefined();
    expect(aead.open(nonce, aad, sealed)).toHaveLength(3);
  });

  it.each(
    AEADS,
  )('%s: the key may be wiped after it was prepared, and inputs stay as they were', (name, keyLength) => {
    const random = seeded(`${name} again`);
    const key = random(keyLength);
    const [nonce, aad, text] = [random(12), random(13), random(100)];
    const before = [nonce, aad, text].map(toHex);
    const aead = provider.aead(name, key);
    const mask = provider.headerMask(name, key);
    const sealed = toHex(aead.seal(nonce, aad, text));
    const masked = toHex(mask(text.subarray(0, 16)));
    key.fill(0);
    expect(toHex(aead.seal(nonce, aad, text))).toBe(sealed);
    expect(toHex(mask(text.subarray(0, 16)))).toBe(masked);
    expect([nonce, aad, text].map(toHex)).toEqual(before);
  });

  it.each(vectorCases<MaskVector>('header-mask'))('header mask, $aead $mask', (vector) => {
    const mask = provider.headerMask(vector.aead, fromHex(vector.key));
    const sample = fromHex(vector.sample);
    expect(toHex(mask(sample)).slice(0, 10)).toBe(vector.mask);
    expect(toHex(mask(sample)).slice(0, 10)).toBe(vector.mask);
  });
});

describe('both providers agree', () => {
  it.each(AEADS)('%s: lengths from 0 to a full record, misaligned views', (name, keyLength) => {
    for (const length of [0, 1, 15, 16, 17, 31, 63, 64, 65, 255, 1200, 16385]) {
      const random = seeded(`${name} ${length}`);
      const key = random(keyLength);
      const [nonce, aad] = [random(12), random(length % 40)];
      const text = random(length + 3).subarray(3);
      const sealed = noble.aead(name, key).seal(nonce, aad, text);
      expect(toHex(native.aead(name, key).seal(nonce, aad, text))).toBe(toHex(sealed));
      expect(toHex(native.aead(name, key).open(nonce, aad, sealed) ?? Uint8Array.of())).toBe(toHex(text));
      expect(toHex(noble.aead(name, key).open(nonce, aad, sealed) ?? Uint8Array.of())).toBe(toHex(text));
    }
  });

  it.each(AEADS)('%s: header masks, with every block counter a peer can choose', (name, keyLength) => {
    const random = seeded(`mask ${name}`);
    const key = random(keyLength);
    const samples = [
      new Uint8Array(16),
      new Uint8Array(16).fill(0xff),
      ...Array.from({ length: 50 }, () => random(16)),
    ];
    const mask = noble.headerMask(name, key);
    const other = native.headerMask(name, key);
    for (const sample of samples) expect(toHex(mask(sample))).toBe(toHex(other(sample)));
  });
});

type AeadVector = Record<'key' | 'nonce' | 'aad' | 'plaintext' | 'ciphertext' | 'source', string> & {
  aead: AeadName;
};
type MaskVector = Record<'key' | 'sample' | 'mask', string> & { aead: AeadName };
