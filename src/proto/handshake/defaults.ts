import { SIGNATURE_SCHEMES } from '../../crypto/signatures.ts';

/** Preference order of the suites: TLS 1.3 first, then ECDHE with AEADs. */
export const DEFAULT_SUITES: readonly number[] = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
];

/** x25519, P-256, P-384, P-521. X25519MLKEM768 only when somebody names it. */
export const DEFAULT_GROUPS: readonly number[] = [29, 23, 24, 25];

export const DEFAULT_SCHEMES: readonly number[] = SIGNATURE_SCHEMES.map((scheme) => scheme.id);
