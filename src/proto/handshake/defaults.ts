import { SIGNATURE_SCHEMES } from '../../crypto/signatures.ts';

/** Preference order of the suites: TLS 1.3 first, then ECDHE with AEADs. */
export const DEFAULT_SUITES: readonly number[] = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
];

/** Of TLS 1.2, with a pre-shared key: ECDHE first. */
export const PSK_SUITES: readonly number[] = [
  ...[0xd001, 0xd002, 0xccac, 0xd005, 0xd003],
  ...[0x00a8, 0x00a9, 0xccab, 0xc0a4, 0xc0a5, 0xc0a8, 0xc0a9],
];

/** DEFAULT_SUITES, then AES-CCM, then what a PSK goes with (offered only when there is one). */
export const DTLS_SUITES: readonly number[] = [
  ...DEFAULT_SUITES,
  ...[0x1304, 0x1305, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af],
  ...PSK_SUITES,
];

/** x25519, P-256, P-384, P-521. X25519MLKEM768 only when somebody names it. */
export const DEFAULT_GROUPS: readonly number[] = [29, 23, 24, 25];

export const DEFAULT_SCHEMES: readonly number[] = SIGNATURE_SCHEMES.map((scheme) => scheme.id);
