import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HashName } from '../../src/crypto/provider.ts';
import {
  binderKey,
  deriveSecret,
  earlySecret,
  exporter,
  finishedVerifyData,
  handshakeSecret,
  mainSecret,
  nextTrafficSecret,
  resumptionPsk,
  trafficKeys,
} from '../../src/crypto/schedule13.ts';
import { suiteById } from '../../src/crypto/suites.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { native, noble, PROVIDERS, seeded, vectorCases } from './support.ts';

describe.each(PROVIDERS)('%s: TLS 1.3 key schedule beyond RFC 8448', (_name, provider) => {
  it.each(
    vectorCases<Exporter>('exporter'),
  )('exporter: $hash, $length bytes, context "$context"', (vector) => {
    const secret = fromHex(vector.exporterSecret);
    const out = exporter(provider, vector.hash, secret, vector.label, fromHex(vector.context), vector.length);
    expect(toHex(out)).toBe(vector.output);
  });

  it.each([
    'sha256',
    'sha384',
  ] as const)('the next traffic secret (%s) is one HMAC over its label', (hash) => {
    const secret = seeded(hash)(hash === 'sha256' ? 32 : 48);
    const info = `00${hash === 'sha256' ? '20' : '30'}11${Buffer.from('tls13 traffic upd').toString('hex')}0001`;
    const expected = createHmac(hash, secret).update(fromHex(info)).digest('hex');
    expect(toHex(nextTrafficSecret(provider, hash, secret))).toBe(expected);
  });

  it('binder keys differ by the origin of the PSK', () => {
    const early = earlySecret(provider, 'sha256', seeded('psk')(32));
    expect(toHex(binderKey(provider, 'sha256', early, 'external'))).not.toBe(
      toHex(binderKey(provider, 'sha256', early)),
    );
  });

  it('another label prefix changes every secret', () => {
    const suite = suiteById(0x1302);
    if (suite === undefined) throw new Error('no suite');
    const early = earlySecret(provider, suite.hash);
    const some = seeded('prefix')(48);
    const all = (prefix?: string) =>
      [
        handshakeSecret(provider, suite.hash, early, some, prefix),
        mainSecret(provider, suite.hash, some, prefix),
        deriveSecret(provider, suite.hash, some, 'c hs traffic', some, prefix),
        trafficKeys(provider, suite, some, prefix).key,
        trafficKeys(provider, suite, some, prefix).iv,
        nextTrafficSecret(provider, suite.hash, some, prefix),
        finishedVerifyData(provider, suite.hash, some, some, prefix),
        binderKey(provider, suite.hash, early, 'resumption', prefix),
        resumptionPsk(provider, suite.hash, some, Uint8Array.of(0), prefix),
        exporter(provider, suite.hash, some, 'label', some, 20, prefix),
      ].map(toHex);
    const plain = all();
    expect(all('tls13 ')).toEqual(plain);
    for (const [i, other] of all('dtls13').entries()) expect(other).not.toBe(plain[i]);
    expect(new Set([...plain, ...all('dtls13')]).size).toBe(20);
  });
});

it('both providers agree on a whole schedule with SHA-384', () => {
  const [one, other] = [noble, native].map((provider) => {
    const random = seeded('whole');
    const handshake = handshakeSecret(
      provider,
      'sha384',
      earlySecret(provider, 'sha384', random(48)),
      random(32),
    );
    const main = mainSecret(provider, 'sha384', handshake);
    return toHex(deriveSecret(provider, 'sha384', main, 's ap traffic', random(48)));
  });
  expect(one).toBe(other);
});

type Exporter = {
  hash: HashName;
  exporterSecret: string;
  label: string;
  context: string;
  length: number;
  output: string;
};
