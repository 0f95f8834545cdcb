import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CredentialError } from '../../src/io/credential-error.ts';
import { loadIdentity } from '../../src/io/identity.ts';
import { certificatePem, issueCertificate } from '../../src/io/issue-certificate.ts';
import { makeKey, makeSelfSigned, makeSerial } from '../../src/io/self-signed.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { examine, fixture, verdictOf } from './pki.ts';

const cert = fixture('leaf-p256.pem');
const key = fixture('leaf-p256.key');

describe('loadIdentity', () => {
  it('takes SEC 1 and PKCS #1 keys, text around the blocks, CRLF, and key and certificate in one file', () => {
    const sec1 = createPrivateKey(key).export({ type: 'sec1', format: 'pem' }).toString();
    const pkcs1 = createPrivateKey(fixture('leaf-rsa.key'))
      .export({ type: 'pkcs1', format: 'pem' })
      .toString();
    expect(loadIdentity(cert, sec1).keyType).toBe('ec-secp256r1');
    expect(loadIdentity(fixture('leaf-rsa.pem'), pkcs1).keyType).toBe('rsa');
    const both = `subject=…\r\n${cert.replaceAll('\n', '\r\n')}${key.replaceAll('\n', '\r\n')}`;
    expect(loadIdentity(both, both).chain).toHaveLength(2);
  });

  it('gives the chain in its order, and signs what a peer can check', () => {
    const identity = loadIdentity(cert, key);
    expect(verdictOf(examine(identity.chain))).toBe('ok');
    const signature = identity.sign(0x0403, ascii('x'));
    expect(examine(identity.chain)?.key.verify(0x0403, ascii('x'), signature)).toBe(true);
    expect(() => identity.sign(0x0a0a, ascii('x'))).toThrow(RangeError);
  });

  it('leaves out schemes that a small RSA key, or one bound to a hash, can not make', () => {
    const small = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
    const boundTo = { hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384' };
    const bound = pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...boundTo }).privateKey);
    for (const [keyPem, schemes] of [
      [small, [0x0804, 0x0805, 0x0401, 0x0501, 0x0601]],
      [bound, [0x080a]],
    ] as const) {
      const identity = loadIdentity(certificateFor(keyPem), keyPem);
      expect(identity.schemes).toEqual(schemes);
      const peer = examine(identity.chain, { verify: false })?.key;
      for (const scheme of schemes) {
        expect(peer?.verify(scheme, ascii('x'), identity.sign(scheme, ascii('x')))).toBe(true);
      }
    }
  });

  it.each([
    ['mismatch', cert, fixture('client.key')],
    ['mismatch', cert, fixture('leaf-rsa.key')],
    ['no-certificate', '', key],
    ['no-certificate', key, key],
    ['bad-certificate', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n', key],
    ['bad-certificate', `${cert}-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n`, key],
    ['bad-key', cert, ''],
    ['bad-key', cert, cert],
    ['bad-key', cert, key.replace(/[A-Za-z0-9+/]{20}/, '')],
    ['encrypted-key', cert, encrypted('pkcs8')],
    ['encrypted-key', cert, encrypted('sec1')],
    ['unsupported-key', cert, pemOf(generateKeyPairSync('ed448').privateKey)],
    ['unsupported-key', cert, pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)],
  ])('%s is said in one line', (code, certPem, keyPem) => {
    let thrown: unknown;
    try {
      loadIdentity(certPem, keyPem);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CredentialError);
    if (!(thrown instanceof CredentialError)) return;
    expect(thrown.code).toBe(code);
    expect(thrown.message).not.toMatch(/\n|error:/);
  });
});

describe('makeSelfSigned', () => {
  it.each([
    ['ec', 'P-256'],
    ['rsa', 'RSA-2048'],
    ['ed25519', 'Ed25519'],
  ] as const)('%s', async (keyType, name) => {
    const made = await makeSelfSigned({
      names: ['a.example', '*.b.example'],
      ips: ['127.0.0.1', '::1'],
      keyType,
      days: 2,
    });
    expect(loadIdentity(made.certPem, made.keyPem).chain).toEqual(made.identity.chain);
    const at = new Date();
    for (const serverName of ['a.example', 'x.b.example', '127.0.0.1', '::1']) {
      expect(verdictOf(examine(made.identity.chain, { ca: [made.certPem], at, serverName }))).toBe('ok');
    }
    const later = new Date(at.getTime() + 3 * 24 * 3_600_000);
    expect(verdictOf(examine(made.identity.chain, { ca: [made.certPem], at: later }))).toMatch(/expired/);
    expect(verdictOf(examine(made.identity.chain, { at }))).toBe('48 self-signed certificate');
    expect(verdictOf(examine(made.identity.chain, { ca: [made.certPem], at, presenter: 'client' }))).toBe(
      'ok',
    );
    const facts = examine(made.identity.chain, { verify: false })?.facts;
    expect(facts?.keyType).toBe(name);
    expect(facts?.names).toEqual(['a.example', '*.b.example', '127.0.0.1', '::1']);
  });

  it('never makes the same one twice', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map(() => makeSelfSigned({ names: ['x'], keyType: 'ec' })));
    expect(a?.certPem).not.toBe(b?.certPem);
    expect(a?.keyPem).not.toBe(b?.keyPem);
  });
});

function certificateFor(keyPem: string): string {
  const issuer = { subject: 'issuer', ...makeKey('prime256v1') };
  const publicKey = createPublicKey(keyPem);
  const [notBefore, notAfter] = [new Date('2026-01-01'), new Date('2027-01-01')];
  const serial = makeSerial();
  return certificatePem(
    issueCertificate({ subject: 'x', publicKey, issuer, notBefore, notAfter, serial, ca: false }),
  );
}

function encrypted(type: 'pkcs8' | 'sec1'): string {
  return createPrivateKey(key)
    .export({ type, format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })
    .toString();
}

function pemOf(privateKey: ReturnType<typeof createPrivateKey>): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
