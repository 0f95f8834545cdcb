import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CredentialError } from '../../src/io/credential-error.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createTrust } from '../../src/io/trust.ts';
import { chainOf, examine, fixture, verdictOf } from './pki.ts';

const LEAVES = ['leaf-p256', 'leaf-p384', 'leaf-p521', 'leaf-rsa', 'leaf-rsa-pss', 'leaf-ed25519'];
const leaf = chainOf('leaf-p256');

describe('a chain to a trusted root', () => {
  it.each(LEAVES)('%s is accepted', (name) => {
    expect(verdictOf(examine(chainOf(name), { serverName: 'localhost' }))).toBe('ok');
  });

  it('may be disordered and hold more than it needs, the root and itself included', () => {
    const [own, intermediate] = leaf;
    if (own === undefined || intermediate === undefined) throw new Error('no chain');
    const others = chainOf('other-root', 'wildcard', 'leaf-rsa', 'root');
    expect(verdictOf(examine([own, ...others, own, intermediate, intermediate]))).toBe('ok');
  });

  it('ends at an intermediate that is trusted itself', () => {
    expect(verdictOf(examine(leaf, { ca: [fixture('intermediate.pem')] }))).toBe('ok');
    expect(verdictOf(examine(leaf.slice(0, 1), { ca: [fixture('intermediate.pem')] }))).toBe('ok');
  });

  it('finds the root among several CA files and several certificates in one', () => {
    const ca = [
      fixture('other-root.pem'),
      `# a comment\n${fixture('other-root.pem')}\n${fixture('root.pem')}`,
    ];
    expect(verdictOf(examine(leaf, { ca }))).toBe('ok');
  });

  it('ends at the valid one of two roots with the same name and key', () => {
    const ca = [fixture('root-renewed.pem'), fixture('root.pem')];
    expect(verdictOf(examine(leaf, { ca, at: new Date('2026-06-01') }))).toBe('ok');
    expect(verdictOf(examine(leaf, { ca: ca.slice(0, 1), at: new Date('2026-06-01') }))).toMatch(
      /^45 issuer/,
    );
  });
});

describe('a chain that leads nowhere', () => {
  it.each([
    ['missing intermediate', leaf.slice(0, 1), '48 unable to get local issuer certificate'],
    [
      'unknown CA',
      [...leaf, ...chainOf('other-root')],
      '48 unable to get local issuer certificate',
      'other-root.pem',
    ],
    [
      'root sent but not trusted',
      [...leaf, ...chainOf('root')],
      '48 self-signed certificate in certificate chain',
      'other-root.pem',
    ],
    ['self-signed', chainOf('self-signed'), '48 self-signed certificate'],
    ['forged', chainOf('forged'), '42 certificate signature failure'],
    ['issued by a certificate that is no CA', chainOf('under-not-ca'), '48 invalid CA certificate'],
  ])('%s', (_what, chain, verdict, ca = 'root.pem') => {
    expect(verdictOf(examine(chain, { serverName: 'localhost', ca: [fixture(ca)] }))).toBe(verdict);
  });

  it('self-signed is fine when it is trusted itself', () => {
    const ca = [fixture('self-signed.pem')];
    expect(verdictOf(examine(chainOf('self-signed'), { ca, serverName: 'localhost' }))).toBe('ok');
    expect(verdictOf(examine(chainOf('self-signed'), { ca, serverName: 'other.example' }))).toMatch(/^46/);
  });

  it('a leaf that is trusted itself does not make others trusted', () => {
    expect(
      verdictOf(
        examine(chainOf('leaf-p384'), {
          ca: [fixture('leaf-p256.pem').split(/(?<=END CERTIFICATE-----\n)/)[0] ?? ''],
        }),
      ),
    ).toBe('48 unable to get local issuer certificate');
  });

  it('a changed bit in the signed part is a signature failure or garbage, never fine', () => {
    const [own, ...rest] = leaf;
    if (own === undefined) throw new Error('no leaf');
    for (let at = 0; at < own.length; at += 7) {
      const bent = Buffer.from(own);
      bent[at] = (bent[at] ?? 0) ^ 0x10;
      expect(verdictOf(examine([bent, ...rest], { serverName: 'localhost' }))).not.toBe('ok');
    }
  });

  it('ends, however the certificates are connected', () => {
    // Every certificate sent twenty times: 20 equal issuers at each step.
    const many = Array.from({ length: 20 }, () => chainOf('leaf-p256', 'under-not-ca', 'forged')).flat();
    expect(verdictOf(examine(many, { ca: [fixture('other-root.pem')] }))).toMatch(/^48/);
  });
});

describe('validity', () => {
  it.each([
    ['expired', '45 certificate has expired (Jan  1 00:00:00 2021 GMT)'],
    ['not-yet-valid', '45 certificate is not yet valid (before Jan  1 00:00:00 2055 GMT)'],
    ['under-expired', '45 issuer certificate has expired (Jan  1 00:00:00 2021 GMT)'],
  ])('%s', (name, verdict) => {
    expect(verdictOf(examine(chainOf(name), { serverName: 'localhost' }))).toBe(verdict);
  });

  it('is judged by the time given', () => {
    expect(verdictOf(examine(leaf, { at: new Date('2057-01-01') }))).toMatch(/^45 certificate has expired/);
    expect(verdictOf(examine(leaf, { at: new Date('2025-01-01') }))).toMatch(
      /^45 certificate is not yet valid/,
    );
  });
});

describe('names', () => {
  it.each([
    ['leaf-p256', 'localhost', 'ok'],
    ['leaf-p256', 'LOCALHOST.', 'ok'],
    ['leaf-p256', '127.0.0.1', 'ok'],
    ['leaf-p256', '::1', 'ok'],
    ['leaf-p256', '0:0:0:0:0:0:0:1', 'ok'],
    [
      'leaf-p256',
      '127.0.0.2',
      '46 IP address mismatch: certificate is for localhost, 127.0.0.1, ::1, not 127.0.0.2',
    ],
    [
      'leaf-p256',
      'b.example',
      '46 hostname mismatch: certificate is for localhost, 127.0.0.1, ::1, not b.example',
    ],
    ['wrong-host', 'localhost', '46 hostname mismatch: certificate is for wrong.example, not localhost'],
    ['wildcard', 'a.wild.example', 'ok'],
    [
      'wildcard',
      'a.b.wild.example',
      '46 hostname mismatch: certificate is for *.wild.example, not a.b.wild.example',
    ],
    ['wildcard', 'wild.example', '46 hostname mismatch: certificate is for *.wild.example, not wild.example'],
    // The subject's common name is not looked at.
    [
      'only-common-name',
      'only-common-name',
      '46 hostname mismatch: certificate is for no name at all, not only-common-name',
    ],
  ])('%s asked as %s', (name, serverName, verdict) => {
    expect(verdictOf(examine(chainOf(name), { serverName }))).toBe(verdict);
  });

  it('are not looked at when none is asked for, nor for a client', () => {
    expect(verdictOf(examine(chainOf('wrong-host')))).toBe('ok');
    expect(verdictOf(examine(chainOf('client'), { presenter: 'client', serverName: 'localhost' }))).toBe(
      'ok',
    );
  });
});

describe('purpose', () => {
  it.each([
    [
      'wrong-usage',
      'server',
      '43 unsuitable certificate purpose: extended key usage does not allow a TLS server',
    ],
    ['wrong-usage', 'client', 'ok'],
    [
      'leaf-p256',
      'client',
      '43 unsuitable certificate purpose: extended key usage does not allow a TLS client',
    ],
    ['no-usage', 'server', 'ok'],
    ['no-usage', 'client', 'ok'],
  ] as const)('%s as %s', (name, presenter, verdict) => {
    expect(verdictOf(examine(chainOf(name), { presenter }))).toBe(verdict);
  });
});

describe('what is no certificate', () => {
  it('an empty chain or a garbage leaf can not be examined', () => {
    expect(examine([])).toBeUndefined();
    expect(examine([Buffer.from('garbage'), ...leaf])).toBeUndefined();
    expect(examine([new Uint8Array(0)])).toBeUndefined();
    for (let length = 0; length < (leaf[0]?.length ?? 0); length += 11) {
      expect(examine([leaf[0]?.subarray(0, length) ?? Buffer.of(), ...leaf.slice(1)])).toBeUndefined();
    }
  });

  it('garbage further on is a bad certificate', () => {
    expect(verdictOf(examine([...leaf, Buffer.from([0x30, 0x80])]))).toBe(
      "42 certificate 3 of the chain can't be parsed",
    );
  });

  it.each([
    '',
    'no PEM here',
    fixture('leaf-p256.key'),
  ])('a CA file without certificates is refused at once', (text) => {
    expect(() => examine(leaf, { ca: [text] })).toThrow(CredentialError);
  });

  it('a CA file with a broken certificate is refused at once', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(() => examine(leaf, { ca: [fixture('root.pem') + broken] })).toThrow(
      /certificate 2 of the CA file/,
    );
  });
});

describe('without verification', () => {
  it('nothing is judged, and the facts are there', () => {
    const examined = examine(chainOf('expired'), { verify: false, serverName: 'other.example' });
    expect(examined?.verdict).toEqual({ ok: true, judged: false });
    expect(examined?.facts).toMatchObject({
      subject: 'CN=localhost',
      issuer: 'CN=sslshut test intermediate',
      names: ['localhost', '127.0.0.1', '::1'],
      keyType: 'P-256',
      notBefore: '2020-01-01T00:00:00.000Z',
      notAfter: '2021-01-01T00:00:00.000Z',
    });
    expect(examined?.facts.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('default roots', () => {
  afterEach(() => vi.unstubAllEnvs());
  const withDefaults = () =>
    createTrust({ provider: createNativeProvider(), verify: true, at: new Date('2030-01-01T00:00:00Z') });

  it('hold the roots of Node, not ours', () => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '');
    expect(verdictOf(withDefaults().examine({ chain: leaf, presenter: 'server' }))).toBe(
      '48 unable to get local issuer certificate',
    );
    // A root of Node's presented as a leaf: trusted, though it may be out of date by then.
    const [known] = certificates(rootCertificates.slice(-1));
    expect(
      verdictOf(withDefaults().examine({ chain: [known ?? Buffer.of()], presenter: 'server' })),
    ).not.toMatch(/^48/);
  });

  it('take NODE_EXTRA_CA_CERTS too, and do without a file that is not there', () => {
    const path = new URL('../../fixtures/certs/root.pem', import.meta.url).pathname;
    vi.stubEnv('NODE_EXTRA_CA_CERTS', path);
    expect(readFileSync(path, 'utf8')).toContain('CERTIFICATE');
    expect(verdictOf(withDefaults().examine({ chain: leaf, presenter: 'server' }))).toBe('ok');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', `${path}.missing`);
    expect(verdictOf(withDefaults().examine({ chain: leaf, presenter: 'server' }))).toMatch(/^48/);
  });
});

function certificates(pems: readonly string[]): Buffer[] {
  return pems.map((pem) => Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64'));
}
