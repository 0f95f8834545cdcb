import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createNobleProvider } from '../../src/crypto/noble-provider.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { SIGNATURE_SCHEMES } from '../../src/crypto/signatures.ts';
import { loadIdentity } from '../../src/io/identity.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createPeerKey } from '../../src/io/peer-key.ts';
import { ascii, concat, fromHex } from '../../src/wire/bytes.ts';
import { readVectors } from '../crypto/support.ts';
import { chainOf, examine, fixture } from './pki.ts';

const native = createNativeProvider();
const PROVIDERS: readonly (readonly [string, CryptoProvider])[] = [
  ['native', native],
  ['noble', createNobleProvider()],
];
const KEYS = [
  ['leaf-p256', 'ec-secp256r1', [0x0403]],
  ['leaf-p384', 'ec-secp384r1', [0x0503]],
  ['leaf-p521', 'ec-secp521r1', [0x0603]],
  ['leaf-ed25519', 'ed25519', [0x0807]],
  ['leaf-rsa', 'rsa', [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601]],
  ['leaf-rsa-pss', 'rsa-pss', [0x0809, 0x080a, 0x080b]],
] as const;
const content = ascii('what both sides saw');

describe.each(PROVIDERS)('with the %s provider', (_name, provider) => {
  it.each(KEYS)('%s: its schemes, no other ones, nothing bent', (name, type, schemes) => {
    const identity = loadIdentity(fixture(`${name}.pem`), fixture(`${name}.key`));
    expect(identity.keyType).toBe(type);
    expect(identity.schemes).toEqual(schemes);
    expect(identity.chain).toHaveLength(2);
    const key = examine(identity.chain, { provider })?.key;
    expect(key?.type).toBe(type);
    for (const scheme of schemes) {
      const signature = identity.sign(scheme, content);
      expect(key?.verify(scheme, content, signature)).toBe(true);
      expect(key?.verify(scheme, ascii('something else'), signature)).toBe(false);
      const bent = signature.slice();
      bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
      expect(key?.verify(scheme, content, bent)).toBe(false);
      expect(key?.verify(scheme, content, new Uint8Array(0))).toBe(false);
      for (const { id } of SIGNATURE_SCHEMES) {
        if (id !== scheme) expect(`${id} ${key?.verify(id, content, signature)}`).toBe(`${id} false`);
      }
    }
    expect(key?.verify(0x0201, content, identity.sign(schemes[0], content))).toBe(false);
  });

  it('an ECDSA key may sign with any hash, as TLS 1.2 allows', () => {
    const identity = loadIdentity(fixture('leaf-p256.pem'), fixture('leaf-p256.key'));
    const key = examine(identity.chain, { provider })?.key;
    expect(key?.verify(0x0603, content, identity.sign(0x0603, content))).toBe(true);
  });

  it('checks the CertificateVerify messages of RFC 8448', () => {
    type Trace = { steps: { by: string; what: string; values: Record<string, string> }[] };
    const trace = readVectors<{ traces: Trace[] }>('rfc8448').traces[0];
    const message = (what: string) => {
      const step = trace?.steps.find(
        (one) => one.values[what] !== undefined && one.what.startsWith('construct'),
      );
      return fromHex(step?.values[what] ?? '');
    };
    const certificate = message('Certificate');
    const length = 3;
    const der = certificate.subarray(4 + 1 + 3 + length, certificate.length - 2);
    const running = provider.hash('sha256');
    for (const what of ['ClientHello', 'ServerHello', 'EncryptedExtensions', 'Certificate'])
      running.update(message(what));
    const signed = concat(
      new Uint8Array(64).fill(0x20),
      ascii('TLS 1.3, server CertificateVerify'),
      Uint8Array.of(0),
      running.digest(),
    );
    const verify = message('CertificateVerify');
    const key = examine([der], { provider, verify: false })?.key;
    expect(key?.type).toBe('rsa');
    expect(key?.verify((verify[4] ?? 0) * 256 + (verify[5] ?? 0), signed, verify.subarray(8))).toBe(true);
  });
});

describe('keys that can not be used', () => {
  it.each(['ed448', 'dsa', 'secp256k1'] as const)('%s', (kind) => {
    const pair =
      kind === 'ed448'
        ? generateKeyPairSync('ed448')
        : kind === 'dsa'
          ? generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
          : generateKeyPairSync('ec', { namedCurve: kind });
    const key = createPeerKey(pair.publicKey, native);
    expect(key.type).toBe('other');
    expect(key.verify(0x0403, content, content)).toBe(false);
  });

  it('one that was not there', () => {
    expect(createPeerKey(undefined, native).verify(0x0804, content, content)).toBe(false);
  });
});

it('names key types for people', () => {
  const names = KEYS.map(([name]) => examine(chainOf(name))?.facts.keyType);
  expect(names).toEqual(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-PSS-2048']);
  expect(new X509Certificate(chainOf('leaf-rsa')[0] ?? '').subject).toBe('CN=localhost');
});
