import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { SIGNATURE_SCHEMES, schemeById } from '../crypto/signatures.ts';
import type { Identity } from '../proto/handshake/peer-auth.ts';
import { CredentialError } from './credential-error.ts';
import { keyTypeOf, rsaOptions } from './peer-key.ts';
import { certificatesInPem } from './pem.ts';

/**
 * Our certificate chain (PEM, leaf first) and its private key (PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted): RSA,
 * RSA-PSS, EC on a NIST curve, or Ed25519. Throws CredentialError.
 */
export function loadIdentity(certPem: string, keyPem: string): Identity {
  const chain = certificatesInPem(certPem);
  const leaf = parseLeaf(chain);
  const key = parseKey(keyPem);
  const keyType = keyTypeOf(key);
  if (keyType === 'other') {
    throw new CredentialError(
      'unsupported-key',
      `a private key of type ${key.asymmetricKeyType ?? 'unknown'} can't be used`,
      'use RSA, EC on P-256, P-384 or P-521, or Ed25519',
    );
  }
  if (!leaf.checkPrivateKey(key)) {
    throw new CredentialError('mismatch', 'the private key does not belong to the certificate');
  }
  return {
    chain: chain.map((der) => Uint8Array.from(der)),
    keyType,
    schemes: schemesOf(key, keyType),
    sign: (id, content) => signWith(key, id, content),
  };
}

function parseLeaf(chain: readonly Buffer[]): X509Certificate {
  const parsed = chain.map((der, i) => {
    try {
      return new X509Certificate(der);
    } catch {
      throw new CredentialError(
        'bad-certificate',
        `certificate ${i + 1} of the certificate file can't be parsed`,
      );
    }
  });
  const [leaf] = parsed;
  if (leaf === undefined) {
    throw new CredentialError(
      'no-certificate',
      'the certificate file holds no certificate',
      'it must be PEM text with a line "-----BEGIN CERTIFICATE-----"',
    );
  }
  return leaf;
}

function parseKey(pem: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new CredentialError(
      'encrypted-key',
      'the private key is encrypted',
      'give it without a passphrase: openssl pkey -in KEY -out PLAIN',
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CredentialError(
      'bad-key',
      'the key file holds no private key that can be parsed',
      'it must be PEM text with a line "-----BEGIN PRIVATE KEY-----" (or RSA, or EC PRIVATE KEY)',
    );
  }
}

function schemesOf(key: KeyObject, keyType: Identity['keyType']): number[] {
  const { modulusLength = Number.POSITIVE_INFINITY, hashAlgorithm } = key.asymmetricKeyDetails ?? {};
  return SIGNATURE_SCHEMES.filter((scheme) => {
    if (!scheme.keyTypes.some((type) => type === keyType)) return false;
    // An RSASSA-PSS key may be bound to one hash (RFC 4055 §3.1).
    if (hashAlgorithm !== undefined && scheme.hash !== hashAlgorithm) return false;
    return modulusLength >= (MODULUS_NEEDED[scheme.id] ?? 0);
  }).map((scheme) => scheme.id);
}

function signWith(key: KeyObject, id: number, content: Uint8Array): Uint8Array {
  const scheme = schemeById(id);
  if (scheme === undefined) throw new RangeError(`no signature scheme ${id}`);
  const isRsa = scheme.algorithm === 'rsa-pss' || scheme.algorithm === 'rsa-pkcs1';
  const signature = sign(scheme.hash, content, isRsa ? { key, ...rsaOptions(scheme) } : key);
  return Uint8Array.from(signature);
}

/** Bits: PSS with SHA-512 needs two hashes and two bytes of room (RFC 8017 §9.1.1). */
const MODULUS_NEEDED: Readonly<Record<number, number>> = { 2054: 1042, 2059: 1042 };
