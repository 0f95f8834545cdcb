import type { CurveName, HashName } from './provider.ts';

/** What an end-entity key can be (the same words as PeerKey's `type`). */
export type SigningKeyType = 'rsa' | 'rsa-pss' | 'ec-secp256r1' | 'ec-secp384r1' | 'ec-secp521r1' | 'ed25519';

export type SignatureScheme = {
  id: number;
  /** IANA's name. */
  name: string;
  algorithm: 'rsa-pss' | 'rsa-pkcs1' | 'ecdsa' | 'ed25519';
  /** Keys that may use it in TLS 1.3, where an ECDSA scheme names its curve. */
  keyTypes: readonly SigningKeyType[];
  /** Absent: the algorithm hashes by itself. */
  hash?: HashName;
  /** May it sign a TLS 1.3 CertificateVerify? PKCS #1 v1.5 may not (RFC 9846 §4.3.3). */
  tls13: boolean;
};

export function schemeById(id: number): SignatureScheme | undefined {
  return SIGNATURE_SCHEMES.find((scheme) => scheme.id === id);
}

/**
 * May a key of this type sign a handshake of this version with that scheme? In TLS 1.2 an ECDSA scheme fixes only the
 * hash: any curve goes (RFC 9846 §4.3.3).
 */
export function schemeFits(scheme: SignatureScheme, keyType: string, version: 0x0303 | 0x0304): boolean {
  if (version === 0x0304) return scheme.tls13 && scheme.keyTypes.some((type) => type === keyType);
  if (scheme.algorithm === 'ecdsa') return curveOfKeyType(keyType) !== undefined;
  return scheme.keyTypes.some((type) => type === keyType);
}

/** "ec-secp256r1" → "secp256r1"; undefined for keys that are not on a NIST curve. */
export function curveOfKeyType(keyType: string): CurveName | undefined {
  return CURVES.find((curve) => `ec-${curve}` === keyType);
}

const CURVES: readonly CurveName[] = ['secp256r1', 'secp384r1', 'secp521r1'];

/** Best first, the order of the default offer. */
export const SIGNATURE_SCHEMES: readonly SignatureScheme[] = [
  {
    id: 0x0403,
    name: 'ecdsa_secp256r1_sha256',
    algorithm: 'ecdsa',
    keyTypes: ['ec-secp256r1'],
    hash: 'sha256',
    tls13: true,
  },
  {
    id: 0x0503,
    name: 'ecdsa_secp384r1_sha384',
    algorithm: 'ecdsa',
    keyTypes: ['ec-secp384r1'],
    hash: 'sha384',
    tls13: true,
  },
  {
    id: 0x0603,
    name: 'ecdsa_secp521r1_sha512',
    algorithm: 'ecdsa',
    keyTypes: ['ec-secp521r1'],
    hash: 'sha512',
    tls13: true,
  },
  { id: 0x0807, name: 'ed25519', algorithm: 'ed25519', keyTypes: ['ed25519'], tls13: true },
  {
    id: 0x0804,
    name: 'rsa_pss_rsae_sha256',
    algorithm: 'rsa-pss',
    keyTypes: ['rsa'],
    hash: 'sha256',
    tls13: true,
  },
  {
    id: 0x0805,
    name: 'rsa_pss_rsae_sha384',
    algorithm: 'rsa-pss',
    keyTypes: ['rsa'],
    hash: 'sha384',
    tls13: true,
  },
  {
    id: 0x0806,
    name: 'rsa_pss_rsae_sha512',
    algorithm: 'rsa-pss',
    keyTypes: ['rsa'],
    hash: 'sha512',
    tls13: true,
  },
  {
    id: 0x0809,
    name: 'rsa_pss_pss_sha256',
    algorithm: 'rsa-pss',
    keyTypes: ['rsa-pss'],
    hash: 'sha256',
    tls13: true,
  },
  {
    id: 0x080a,
    name: 'rsa_pss_pss_sha384',
    algorithm: 'rsa-pss',
    keyTypes: ['rsa-pss'],
    hash: 'sha384',
    tls13: true,
  },
  {
    id: 0x080b,
    name: 'rsa_pss_pss_sha512',
    algorithm: 'rsa-pss',
    keyTypes: ['rsa-pss'],
    hash: 'sha512',
    tls13: true,
  },
  {
    id: 0x0401,
    name: 'rsa_pkcs1_sha256',
    algorithm: 'rsa-pkcs1',
    keyTypes: ['rsa'],
    hash: 'sha256',
    tls13: false,
  },
  {
    id: 0x0501,
    name: 'rsa_pkcs1_sha384',
    algorithm: 'rsa-pkcs1',
    keyTypes: ['rsa'],
    hash: 'sha384',
    tls13: false,
  },
  {
    id: 0x0601,
    name: 'rsa_pkcs1_sha512',
    algorithm: 'rsa-pkcs1',
    keyTypes: ['rsa'],
    hash: 'sha512',
    tls13: false,
  },
];
