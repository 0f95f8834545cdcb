import type { AeadName, HashName } from './provider.ts';

export type Suite = {
  id: number;
  /** IANA's name. */
  name: string;
  opensslName: string;
  version: 0x0303 | 0x0304;
  aead: AeadName;
  /** Bytes. */
  keyLength: 16 | 32;
  /** Bytes of IV out of the key schedule: the whole nonce (12), or only the salt of a TLS 1.2 GCM nonce (4; RFC 5288 §3). */
  ivLength: 4 | 12;
  /** Nonce bytes that go in front of each TLS 1.2 GCM record. */
  explicitNonce: 0 | 8;
  /** Of the transcript, the key schedule and the TLS 1.2 PRF. */
  hash: HashName;
  /** TLS 1.2: the kind of certificate it wants. */
  auth?: 'rsa' | 'ecdsa';
};

export function suiteById(id: number): Suite | undefined {
  return SUITES.find((suite) => suite.id === id);
}

/** Takes IANA's names and OpenSSL's, in any case. */
export function suiteByName(name: string): Suite | undefined {
  const wanted = name.toUpperCase();
  return SUITES.find((suite) => suite.name === wanted || suite.opensslName === wanted);
}

const AES128 = { aead: 'aes-128-gcm', keyLength: 16, hash: 'sha256' } as const;
const AES256 = { aead: 'aes-256-gcm', keyLength: 32, hash: 'sha384' } as const;
const CHACHA = { aead: 'chacha20-poly1305', keyLength: 32, hash: 'sha256' } as const;

/** How the nonce is made: RFC 9846 §5.3, RFC 5288 §3, RFC 7905 §2. */
const TLS13 = { version: 0x0304, ivLength: 12, explicitNonce: 0 } as const;
const TLS12_GCM = { version: 0x0303, ivLength: 4, explicitNonce: 8 } as const;
const TLS12_CHACHA = { version: 0x0303, ivLength: 12, explicitNonce: 0 } as const;

/** Best first, the order of the default offer. */
export const SUITES: readonly Suite[] = [
  {
    id: 0x1301,
    name: 'TLS_AES_128_GCM_SHA256',
    opensslName: 'TLS_AES_128_GCM_SHA256',
    ...TLS13,
    ...AES128,
  },
  {
    id: 0x1302,
    name: 'TLS_AES_256_GCM_SHA384',
    opensslName: 'TLS_AES_256_GCM_SHA384',
    ...TLS13,
    ...AES256,
  },
  {
    id: 0x1303,
    name: 'TLS_CHACHA20_POLY1305_SHA256',
    opensslName: 'TLS_CHACHA20_POLY1305_SHA256',
    ...TLS13,
    ...CHACHA,
  },
  {
    id: 0xc02b,
    name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    opensslName: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    ...TLS12_GCM,
    ...AES128,
    auth: 'ecdsa',
  },
  {
    id: 0xc02f,
    name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    opensslName: 'ECDHE-RSA-AES128-GCM-SHA256',
    ...TLS12_GCM,
    ...AES128,
    auth: 'rsa',
  },
  {
    id: 0xc02c,
    name: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    opensslName: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    ...TLS12_GCM,
    ...AES256,
    auth: 'ecdsa',
  },
  {
    id: 0xc030,
    name: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    opensslName: 'ECDHE-RSA-AES256-GCM-SHA384',
    ...TLS12_GCM,
    ...AES256,
    auth: 'rsa',
  },
  {
    id: 0xcca9,
    name: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    opensslName: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    ...TLS12_CHACHA,
    ...CHACHA,
    auth: 'ecdsa',
  },
  {
    id: 0xcca8,
    name: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    opensslName: 'ECDHE-RSA-CHACHA20-POLY1305',
    ...TLS12_CHACHA,
    ...CHACHA,
    auth: 'rsa',
  },
];
