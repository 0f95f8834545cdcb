import { describe, expect, it } from 'vitest';
import { hashLength, hkdfExpand, hkdfExpandLabel, hkdfExtract, prf12 } from '../../src/crypto/kdf.ts';
import type { HashName } from '../../src/crypto/provider.ts';
import { ascii, fromHex, toHex } from '../../src/wire/bytes.ts';
import { PROVIDERS, vectorCases } from './support.ts';

const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

describe.each(PROVIDERS)('%s: hashes and what is built on them', (_name, provider) => {
  it('hashes as FIPS 180-4 says ("abc")', () => {
    const abc = (hash: HashName) => {
      const running = provider.hash(hash);
      running.update(ascii('abc'));
      return toHex(running.digest());
    };
    expect(abc('sha256')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(abc('sha384').slice(0, 32)).toBe('cb00753f45a35e8bb5a03d699ac65007');
    expect(abc('sha512').slice(0, 32)).toBe('ddaf35a193617abacc417349ae204131');
  });

  it.each(HASHES)('%s goes on after a digest, and a clone goes its own way', (hash) => {
    const whole = provider.hash(hash);
    whole.update(ascii('transcript'));
    const running = provider.hash(hash);
    running.update(ascii('trans'));
    const before = running.digest();
    const clone = running.clone();
    clone.update(ascii('other'));
    running.update(ascii('cript'));
    expect(toHex(running.digest())).toBe(toHex(whole.digest()));
    expect(toHex(clone.digest())).not.toBe(toHex(whole.digest()));
    expect(toHex(before)).not.toBe(toHex(whole.digest()));
  });

  it.each(vectorCases<Record<'key' | 'data' | HashName, string>>('hmac'))('HMAC of $data', (vector) => {
    const data = fromHex(vector.data);
    for (const hash of HASHES) {
      const hmac = provider.hmac(hash, fromHex(vector.key));
      // RFC 4231 case 5 shows only the first 16 bytes.
      expect(toHex(hmac(data)).slice(0, vector[hash].length)).toBe(vector[hash]);
      expect(toHex(hmac(data.subarray(0, 5), new Uint8Array(0), data.subarray(5)))).toBe(toHex(hmac(data)));
    }
  });

  it('makes an HMAC with an empty key', () => {
    // RFC 2104: the key is padded with zeros, so no key is the same as a block of them.
    const zeros = provider.hmac('sha256', new Uint8Array(64))(ascii('x'));
    expect(toHex(provider.hmac('sha256', new Uint8Array(0))(ascii('x')))).toBe(toHex(zeros));
  });

  it.each(vectorCases<Hkdf>('hkdf'))('HKDF to $length bytes', (vector) => {
    const prk = hkdfExtract(provider, vector.hash, fromHex(vector.salt), fromHex(vector.ikm));
    expect(toHex(prk)).toBe(vector.prk);
    expect(toHex(hkdfExpand(provider, vector.hash, prk, fromHex(vector.info), vector.length))).toBe(
      vector.okm,
    );
  });

  it('refuses to expand to more than 255 blocks', () => {
    const prk = new Uint8Array(32);
    expect(hkdfExpand(provider, 'sha256', prk, prk, 255 * 32)).toHaveLength(255 * 32);
    expect(() => hkdfExpand(provider, 'sha256', prk, prk, 255 * 32 + 1)).toThrow(RangeError);
  });

  it('lays out HkdfLabel as RFC 9846 §7.1, with another prefix too', () => {
    const secret = fromHex('00'.repeat(32));
    const oneBlock = (info: string) => toHex(provider.hmac('sha256', secret)(fromHex(`${info}01`)));
    const plain = hkdfExpandLabel(provider, 'sha256', secret, 'key', Uint8Array.of(7), 32);
    expect(toHex(plain)).toBe(oneBlock('0020 09 746c733133206b6579 01 07'));
    const dtls = hkdfExpandLabel(provider, 'sha256', secret, 'key', Uint8Array.of(7), 32, 'dtls13');
    expect(toHex(dtls)).toBe(oneBlock('0020 09 64746c7331336b6579 01 07'));
  });

  it.each(vectorCases<Prf>('prf12'))('TLS 1.2 PRF with $hash', (vector) => {
    const { hash, label } = vector;
    for (const length of [vector.output.length / 2, 12, 1, 0]) {
      const out = prf12(provider, hash, fromHex(vector.secret), label, fromHex(vector.seed), length);
      expect(toHex(out)).toBe(vector.output.slice(0, 2 * length));
    }
  });

  it('gives Uint8Arrays whose slices are copies', () => {
    const digest = provider.hash('sha256').digest();
    const copy = digest.slice();
    copy[0] = (copy[0] ?? 0) ^ 0xff;
    expect(digest[0]).not.toBe(copy[0]);
  });
});

it('knows hash lengths', () => {
  expect(HASHES.map(hashLength)).toEqual([32, 48, 64]);
});

type Hkdf = {
  hash: HashName;
  ikm: string;
  salt: string;
  info: string;
  length: number;
  prk: string;
  okm: string;
};
type Prf = { hash: HashName; secret: string; seed: string; label: string; output: string };
