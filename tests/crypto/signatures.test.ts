import { describe, expect, it } from 'vitest';
import type { CurveName, HashName } from '../../src/crypto/provider.ts';
import { ascii, concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { fixed, native, noble, PROVIDERS, seeded, vectorCases } from './support.ts';

const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];
const CURVES = [
  ['secp256r1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
] as const satisfies readonly (readonly [CurveName, number])[];
const ECDSA = vectorCases<EcdsaVector>('ecdsa');
const ED25519 = vectorCases<Record<'secret' | 'public' | 'message' | 'signature', string>>('ed25519');

describe.each(PROVIDERS)('%s: signatures', (_name, provider) => {
  it.each(ECDSA)('ECDSA on $curve with $hash of "$message"', ({ curve, hash, message, r, s, ...vector }) => {
    const publicKey = fromHex(vector.public);
    const data = ascii(message);
    const verify = (signature: Uint8Array, over = data, with_ = hash, key = publicKey) =>
      provider.verifyEcdsa(curve, with_, key, over, signature);
    expect(verify(der(r, s))).toBe(true);
    expect(verify(der(r, s), ascii(`${message}.`))).toBe(false);
    expect(verify(der(s, r))).toBe(false);
    for (const other of HASHES) if (other !== hash) expect(verify(der(r, s), data, other)).toBe(false);
    const otherKey = provider.keyShare(curve, seeded('another')).share;
    expect(verify(der(r, s), data, hash, otherKey)).toBe(false);
  });

  it.each(CURVES)('%s: signatures that are not well made are refused', (curve, length) => {
    const vector = ECDSA.find((one) => one.curve === curve);
    if (vector === undefined) throw new Error('no vector');
    const { hash, r, s } = vector;
    const good = der(r, s);
    const n = ORDERS[curve];
    const verify = (signature: Uint8Array, key = fromHex(vector.public)) =>
      provider.verifyEcdsa(curve, hash, key, ascii(vector.message), signature);
    const zero = '00'.repeat(length);
    const bad: Record<string, Uint8Array> = {
      empty: new Uint8Array(0),
      truncated: good.subarray(0, -1),
      'one byte more': concat(good, Uint8Array.of(0)),
      'r = 0': der(zero, s),
      's = 0': der(r, zero),
      'r = n': der(n, s),
      's = n': der(r, n),
      'r + n': der((BigInt(`0x${r}`) + BigInt(`0x${n}`)).toString(16), s),
      's + n': der(r, (BigInt(`0x${s}`) + BigInt(`0x${n}`)).toString(16)),
      'raw, not DER': fromHex(r + s),
      'not minimal': sequence(integer(r, 1), integer(s)),
      'a long length where a short one will do': withLongLength(good),
      'negative r': sequence(Uint8Array.of(2, 1, 0x80), integer(s)),
      'three integers': sequence(integer(r), integer(s), integer('01')),
      'not a sequence': concat(Uint8Array.of(0x31), good.subarray(1)),
    };
    for (const [name, signature] of Object.entries(bad))
      expect(`${name}: ${verify(signature)}`).toBe(`${name}: false`);
    expect(verify(good)).toBe(true);
    // The other s of the pair is as good: TLS has no low-s rule.
    expect(verify(der(r, (BigInt(`0x${n}`) - BigInt(`0x${s}`)).toString(16)))).toBe(true);
  });

  it.each(CURVES)('%s: public keys that are not points are refused', (curve, length) => {
    const vector = ECDSA.find((one) => one.curve === curve);
    if (vector === undefined) throw new Error('no vector');
    const key = fromHex(vector.public);
    const compressed = concat(Uint8Array.of(2 + ((key.at(-1) ?? 0) & 1)), key.slice(1, 1 + length));
    const off = key.slice();
    off[5] = (off[5] ?? 0) ^ 1;
    for (const bad of [compressed, off, new Uint8Array(key.length), new Uint8Array(0), key.subarray(1)]) {
      const data = ascii(vector.message);
      expect(provider.verifyEcdsa(curve, vector.hash, bad, data, der(vector.r, vector.s))).toBe(false);
    }
  });

  it.each(ED25519)('Ed25519 $public', (vector) => {
    const secret = fromHex(vector.secret);
    const message = fromHex(vector.message);
    const signature = fromHex(vector.signature);
    const key = fromHex(vector.public);
    expect(toHex(provider.ed25519PublicKey(secret))).toBe(vector.public);
    expect(toHex(provider.signEd25519(secret, message))).toBe(vector.signature);
    expect(provider.verifyEd25519(key, message, signature)).toBe(true);
    expect(provider.verifyEd25519(key, concat(message, Uint8Array.of(0)), signature)).toBe(false);
    for (const at of [0, 31, 32, 63]) {
      const bent = signature.slice();
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(provider.verifyEd25519(key, message, bent)).toBe(false);
    }
    expect(provider.verifyEd25519(key, message, signature.subarray(1))).toBe(false);
    expect(provider.verifyEd25519(key.subarray(1), message, signature)).toBe(false);
  });

  it('Ed25519: an s that is not below the order is refused (RFC 8032 §5.1.7)', () => {
    const vector = ED25519[1];
    if (vector === undefined) throw new Error('no vector');
    const signature = fromHex(vector.signature);
    const order = (1n << 252n) + 27742317777372353535851937790883648493n;
    let s = order;
    for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i] ?? 0) << BigInt(8 * i);
    for (let i = 0; i < 32; i++) signature[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    expect(provider.verifyEd25519(fromHex(vector.public), fromHex(vector.message), signature)).toBe(false);
  });
});

describe('each provider takes what the other signed', () => {
  it.each(
    CURVES.flatMap(([curve, length]) => HASHES.map((hash) => [curve, hash, length] as const)),
  )('ECDSA on %s with %s', (curve, hash, length) => {
    const random = seeded(`${curve} ${hash}`);
    const privateKey = random(length);
    // Small enough for every order.
    privateKey[0] = 0;
    const publicKey = noble.keyShare(curve, fixed(privateKey)).share;
    for (const size of [0, 1, 100, 5000]) {
      const data = random(size);
      for (const signer of [noble, native]) {
        const signature = signer.signEcdsa(curve, hash, privateKey, data, random);
        for (const verifier of [noble, native]) {
          expect(verifier.verifyEcdsa(curve, hash, publicKey, data, signature)).toBe(true);
        }
      }
    }
  });

  it('noble signs alike with the same randomness, and otherwise not', () => {
    const sign = (seed: string) =>
      toHex(noble.signEcdsa('secp256r1', 'sha256', new Uint8Array(32).fill(1), ascii('x'), seeded(seed)));
    expect(sign('a')).toBe(sign('a'));
    expect(sign('a')).not.toBe(sign('b'));
  });

  it('Ed25519, byte for byte', () => {
    const random = seeded('ed25519');
    for (let size = 0; size < 300; size += 23) {
      const secret = random(32);
      const data = random(size);
      const signature = native.signEd25519(secret, data);
      expect(toHex(noble.signEd25519(secret, data))).toBe(toHex(signature));
      const publicKey = noble.ed25519PublicKey(secret);
      expect(toHex(native.ed25519PublicKey(secret))).toBe(toHex(publicKey));
      expect(noble.verifyEd25519(publicKey, data, signature)).toBe(true);
    }
  });
});

function der(r: string, s: string): Uint8Array {
  return sequence(integer(r), integer(s));
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x30, concat(...parts));
}

function integer(hex: string, zerosTooMany = 0): Uint8Array {
  const digits = BigInt(`0x${hex}`).toString(16);
  const bytes = fromHex(digits.padStart(digits.length + (digits.length % 2), '0'));
  const sign = (bytes[0] ?? 0) & 0x80 ? 1 : 0;
  return element(2, concat(new Uint8Array(sign + zerosTooMany), bytes));
}

function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  return concat(length < 128 ? Uint8Array.of(tag, length) : Uint8Array.of(tag, 0x81, length), content);
}

function withLongLength(sequenceBytes: Uint8Array): Uint8Array {
  const content = sequenceBytes.subarray(sequenceBytes[1] === 0x81 ? 3 : 2);
  const length = content.length < 128 ? [0x81] : [0x82, 0];
  return concat(Uint8Array.of(0x30, ...length, content.length), content);
}

const ORDERS = {
  secp256r1: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  secp384r1:
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  secp521r1:
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
} as const;

type EcdsaVector = Record<'private' | 'public' | 'message' | 'r' | 's', string> & {
  curve: CurveName;
  hash: HashName;
};
