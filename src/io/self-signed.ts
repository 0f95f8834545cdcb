import {
  createPrivateKey,
  createPublicKey,
  type ED25519KeyPairOptions,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Identity } from '../proto/handshake/peer-auth.ts';
import { loadIdentity } from './identity.ts';
import { certificatePem, issueCertificate } from './issue-certificate.ts';

export type SelfSignedOptions = {
  /** DNS names; the first is the common name too. Wildcards are allowed. */
  names: readonly string[];
  ips?: readonly string[];
  keyType: 'ec' | 'rsa' | 'ed25519';
  /** Validity, from an hour ago on (clocks differ). Default 30. */
  days?: number;
};

export type SelfSigned = { identity: Identity; certPem: string; keyPem: string };

/** A key (P-256, RSA-2048 or Ed25519) and a certificate that signs itself. Both PEM texts end with a newline. */
export async function makeSelfSigned(options: SelfSignedOptions): Promise<SelfSigned> {
  const { privateKey, publicKey, pem: keyPem } = makeKey(KEY_KINDS[options.keyType]);
  const subject = options.names[0] ?? options.ips?.[0] ?? 'localhost';
  const notBefore = new Date(Date.now() - HOUR);
  const der = issueCertificate({
    subject,
    publicKey,
    issuer: { subject, publicKey, privateKey },
    notBefore,
    notAfter: new Date(notBefore.getTime() + (options.days ?? 30) * 24 * HOUR),
    serial: makeSerial(),
    ca: false,
    names: options.names,
    ips: options.ips ?? [],
    usage: ['server', 'client'],
  });
  const certPem = certificatePem(der);
  return { identity: loadIdentity(certPem, keyPem), certPem, keyPem };
}

export type KeyKind = 'prime256v1' | 'secp384r1' | 'secp521r1' | 'rsa' | 'ed25519';

/** A fresh key as KeyObjects and as PKCS #8 PEM. RSA has 2048 bits. */
export function makeKey(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject; pem: string } {
  const pem = generate(kind).privateKey;
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey), pem };
}

function generate(kind: KeyKind): { privateKey: string } {
  switch (kind) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048, ...PEM });
    case 'ed25519':
      return generateKeyPairSync('ed25519', PEM);
    default:
      return generateKeyPairSync('ec', { namedCurve: kind, ...PEM });
  }
}

/** 16 bytes, positive (RFC 5280 §4.1.2.2). */
export function makeSerial(): Uint8Array {
  const serial = Uint8Array.from(randomBytes(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

const PEM: ED25519KeyPairOptions<'pem', 'pem'> = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};
const HOUR = 3_600_000;
const KEY_KINDS = { ec: 'prime256v1', rsa: 'rsa', ed25519: 'ed25519' } as const;
