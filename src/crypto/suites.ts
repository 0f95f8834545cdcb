import type { AeadName, HashName } from './provider.ts';

export type Suite = {
  id: number;
  /** IANA's name. */
  name: string;
  /** IANA's where OpenSSL has none. */
  opensslName: string;
  version: 0x0303 | 0x0304;
  aead: AeadName;
  /** Bytes. */
  keyLength: 16 | 32;
  /** Bytes of IV out of the key schedule: the whole nonce (12), or only the salt of a TLS 1.2 GCM or CCM nonce (4; RFC 5288 §3, RFC 6655 §3). */
  ivLength: 4 | 12;
  /** Nonce bytes that go in front of each TLS 1.2 GCM or CCM record. */
  explicitNonce: 0 | 8;
  /** Of the transcript, the key schedule and the TLS 1.2 PRF. */
  hash: HashName;
  /** TLS 1.2: how the premaster secret comes about (RFC 8422, RFC 4279, RFC 5489). */
  keyExchange?: 'ecdhe' | 'psk' | 'ecdhe-psk';
  /** TLS 1.2: the kind of certificate it wants; with a PSK none. */
  auth?: 'rsa' | 'ecdsa';
};

export function suiteById(id: number): Suite | undefined {
  return SUITES.find((suite) => suite.id === id);
}

/** For an id that was negotiated, so that it is one of ours. Throws RangeError for any other. */
export function knownSuite(id: number): Suite {
  const suite = suiteById(id);
  if (suite === undefined) throw new RangeError(`no such cipher suite: ${id}`);
  return suite;
}

/** IANA's name, or the number where we know none. */
export function suiteName(id: number): string {
  return suiteById(id)?.name ?? `cipher suite 0x${id.toString(16).padStart(4, '0')}`;
}

/** Takes IANA's names and OpenSSL's, in any case. */
export function suiteByName(name: string): Suite | undefined {
  const wanted = name.toUpperCase();
  return SUITES.find((suite) => suite.name === wanted || suite.opensslName === wanted);
}

type Cipher = Pick<Suite, 'aead' | 'keyLength' | 'hash'>;
type Exchange = Pick<Suite, 'keyExchange' | 'auth'>;

function in13(id: number, name: string, cipher: Cipher): Suite {
  return { id, name, opensslName: name, version: 0x0304, ...WHOLE_NONCE, ...cipher };
}

function in12(id: number, name: string, opensslName: string, exchange: Exchange, cipher: Cipher): Suite {
  const nonce = cipher.aead === 'chacha20-poly1305' ? WHOLE_NONCE : SALT_AND_EXPLICIT_NONCE;
  return { id, name, opensslName, version: 0x0303, ...nonce, ...cipher, ...exchange };
}

/** How the nonce is made: RFC 9846 §5.3, RFC 7905 §2; RFC 5288 §3, RFC 6655 §3. */
const WHOLE_NONCE = { ivLength: 12, explicitNonce: 0 } as const;
const SALT_AND_EXPLICIT_NONCE = { ivLength: 4, explicitNonce: 8 } as const;

const ECDSA = { keyExchange: 'ecdhe', auth: 'ecdsa' } as const;
const RSA = { keyExchange: 'ecdhe', auth: 'rsa' } as const;
const PSK = { keyExchange: 'psk' } as const;
const ECDHE_PSK = { keyExchange: 'ecdhe-psk' } as const;

const GCM128 = { aead: 'aes-128-gcm', keyLength: 16, hash: 'sha256' } as const;
const GCM256 = { aead: 'aes-256-gcm', keyLength: 32, hash: 'sha384' } as const;
const CHACHA = { aead: 'chacha20-poly1305', keyLength: 32, hash: 'sha256' } as const;
const CCM128 = { aead: 'aes-128-ccm', keyLength: 16, hash: 'sha256' } as const;
const CCM256 = { aead: 'aes-256-ccm', keyLength: 32, hash: 'sha256' } as const;
const CCM128_8 = { aead: 'aes-128-ccm-8', keyLength: 16, hash: 'sha256' } as const;
const CCM256_8 = { aead: 'aes-256-ccm-8', keyLength: 32, hash: 'sha256' } as const;

/** Best first. */
export const SUITES: readonly Suite[] = [
  in13(0x1301, 'TLS_AES_128_GCM_SHA256', GCM128),
  in13(0x1302, 'TLS_AES_256_GCM_SHA384', GCM256),
  in13(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', CHACHA),
  in13(0x1304, 'TLS_AES_128_CCM_SHA256', CCM128),
  in13(0x1305, 'TLS_AES_128_CCM_8_SHA256', CCM128_8),
  in12(0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256', ECDSA, GCM128),
  in12(0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', RSA, GCM128),
  in12(0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384', ECDSA, GCM256),
  in12(0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384', RSA, GCM256),
  in12(
    0xcca9,
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    ECDSA,
    CHACHA,
  ),
  in12(0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305', RSA, CHACHA),
  in12(0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM', 'ECDHE-ECDSA-AES128-CCM', ECDSA, CCM128),
  in12(0xc0ad, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM', 'ECDHE-ECDSA-AES256-CCM', ECDSA, CCM256),
  in12(0xc0ae, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ECDHE-ECDSA-AES128-CCM8', ECDSA, CCM128_8),
  in12(0xc0af, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', 'ECDHE-ECDSA-AES256-CCM8', ECDSA, CCM256_8),
  in12(
    0xd001,
    'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
    ECDHE_PSK,
    GCM128,
  ),
  in12(
    0xd002,
    'TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384',
    ECDHE_PSK,
    GCM256,
  ),
  in12(
    0xccac,
    'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-PSK-CHACHA20-POLY1305',
    ECDHE_PSK,
    CHACHA,
  ),
  in12(
    0xd005,
    'TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256',
    'TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256',
    ECDHE_PSK,
    CCM128,
  ),
  in12(
    0xd003,
    'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256',
    'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256',
    ECDHE_PSK,
    CCM128_8,
  ),
  in12(0x00a8, 'TLS_PSK_WITH_AES_128_GCM_SHA256', 'PSK-AES128-GCM-SHA256', PSK, GCM128),
  in12(0x00a9, 'TLS_PSK_WITH_AES_256_GCM_SHA384', 'PSK-AES256-GCM-SHA384', PSK, GCM256),
  in12(0xccab, 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256', 'PSK-CHACHA20-POLY1305', PSK, CHACHA),
  in12(0xc0a4, 'TLS_PSK_WITH_AES_128_CCM', 'PSK-AES128-CCM', PSK, CCM128),
  in12(0xc0a5, 'TLS_PSK_WITH_AES_256_CCM', 'PSK-AES256-CCM', PSK, CCM256),
  in12(0xc0a8, 'TLS_PSK_WITH_AES_128_CCM_8', 'PSK-AES128-CCM8', PSK, CCM128_8),
  in12(0xc0a9, 'TLS_PSK_WITH_AES_256_CCM_8', 'PSK-AES256-CCM8', PSK, CCM256_8),
];
