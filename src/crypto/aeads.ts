import type { AeadName } from './provider.ts';

/** Bytes of tag at the end of what an AEAD seals (RFC 5116 §5, RFC 6655 §6.1, RFC 8439 §2.8). */
export function tagLength(name: AeadName): 8 | 16 {
  return name.endsWith('-ccm-8') ? 8 : 16;
}

export function isCcm(name: AeadName): boolean {
  return name.includes('-ccm');
}
