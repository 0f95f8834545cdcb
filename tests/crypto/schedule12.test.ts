import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HashName } from '../../src/crypto/provider.ts';
import {
  extendedMasterSecret,
  finishedVerifyData12,
  keyBlock,
  masterSecret,
} from '../../src/crypto/schedule12.ts';
import { suiteById } from '../../src/crypto/suites.ts';
import { toHex } from '../../src/wire/bytes.ts';
import { PROVIDERS, seeded } from './support.ts';

const random = seeded('schedule12');
const [preMaster, clientRandom, serverRandom, sessionHash] = [random(32), random(32), random(32), random(48)];

describe.each(PROVIDERS)('%s: TLS 1.2 key schedule', (_name, provider) => {
  it.each(['sha256', 'sha384'] as const)('secrets and Finished with %s', (hash) => {
    const seed = Buffer.concat([clientRandom, serverRandom]);
    expect(toHex(masterSecret(provider, hash, preMaster, clientRandom, serverRandom))).toBe(
      expanded(hash, preMaster, 'master secret', seed, 48),
    );
    const master = extendedMasterSecret(provider, hash, preMaster, sessionHash);
    expect(toHex(master)).toBe(expanded(hash, preMaster, 'extended master secret', sessionHash, 48));
    for (const from of ['client', 'server'] as const) {
      expect(toHex(finishedVerifyData12(provider, hash, master, from, sessionHash))).toBe(
        expanded(hash, master, `${from} finished`, sessionHash, 12),
      );
    }
  });

  it.each([
    0xc02f, 0xc030, 0xcca8,
  ])('key block of suite 0x%x: client key, server key, client IV, server IV', (id) => {
    const suite = suiteById(id);
    if (suite === undefined) throw new Error('no suite');
    const block = keyBlock(provider, suite, preMaster, clientRandom, serverRandom);
    const seed = Buffer.concat([serverRandom, clientRandom]);
    const length = 2 * (suite.keyLength + suite.ivLength);
    const { clientKey, serverKey, clientIv, serverIv } = block;
    expect([clientKey, serverKey, clientIv, serverIv].map((part) => part.length)).toEqual([
      suite.keyLength,
      suite.keyLength,
      suite.ivLength,
      suite.ivLength,
    ]);
    expect([clientKey, serverKey, clientIv, serverIv].map(toHex).join('')).toBe(
      expanded(suite.hash, preMaster, 'key expansion', seed, length),
    );
  });
});

/** P_hash of RFC 5246 §5 over node:crypto alone. */
function expanded(
  hash: HashName,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): string {
  const mac = (data: Uint8Array) => createHmac(hash, secret).update(data).digest();
  const labelled = Buffer.concat([Buffer.from(label), seed]);
  let out = '';
  for (let a = mac(labelled); out.length < 2 * length; a = mac(a)) {
    out += mac(Buffer.concat([a, labelled])).toString('hex');
  }
  return out.slice(0, 2 * length);
}
