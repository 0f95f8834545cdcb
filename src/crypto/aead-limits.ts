import { isCcm } from './aeads.ts';
import type { AeadName } from './provider.ts';

/** How much one key may be used for. */
export type KeyLimits = {
  /** Records sealed with it. */
  records: number;
  /** Records that did not open with it, where such a record does not end the connection. */
  forgeries: number;
};

/**
 * RFC 9846 §5.5 and RFC 9147 §4.5.3 with its appendix B; TLS and DTLS 1.2 are held to the same (RFC 9325 §4.4). `lower`: what an
 * owner asks for is taken where it is less.
 */
export function keyLimits(aead: AeadName, lower: Partial<KeyLimits> = {}): KeyLimits {
  const { records, forgeries } = limitsOf(aead);
  return {
    records: Math.min(records, lower.records ?? records),
    forgeries: Math.min(forgeries, lower.forgeries ?? forgeries),
  };
}

/** So near the limit that a change of keys should begin. */
export function nearly(limit: number): number {
  return limit / 2;
}

function limitsOf(aead: AeadName): KeyLimits {
  if (aead === 'chacha20-poly1305') return { records: Number.POSITIVE_INFINITY, forgeries: 2 ** 36 };
  if (!isCcm(aead)) return { records: 2 ** 24.5, forgeries: 2 ** 36 };
  // The RFC names none for the short tag; this many leave a forger one chance in 2^48.
  return { records: 2 ** 23, forgeries: aead.endsWith('-8') ? 2 ** 16 : 2 ** 23.5 };
}
