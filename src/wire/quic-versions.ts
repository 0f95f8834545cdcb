/** The versions whose packets we can read and write (RFC 9000 §15, RFC 9369 §3.1). */
export const QUIC_VERSION = { v1: 0x00000001, v2: 0x6b3343cf } as const;

/** "QUIC v1"; "version 0x0a1a2a3a (reserved)" for one that exists only to be refused (RFC 9000 §15). */
export function quicVersionName(version: number): string {
  if (version === QUIC_VERSION.v1) return 'QUIC v1';
  if (version === QUIC_VERSION.v2) return 'QUIC v2';
  const digits = version.toString(16).padStart(8, '0');
  return `version 0x${digits}${isReservedVersion(version) ? ' (reserved)' : ''}`;
}

/** 0x?a?a?a?a: nobody speaks it (RFC 9000 §15). */
export function isReservedVersion(version: number): boolean {
  return (version & 0x0f0f0f0f) === 0x0a0a0a0a;
}

/** A reserved version out of four bytes of chance. */
export function reservedVersion(chance: Uint8Array): number {
  let version = 0;
  for (let i = 0; i < 4; i++) version = version * 256 + (((chance[i] ?? 0) & 0xf0) | 0x0a);
  return version;
}

export function isKnownVersion(version: number): boolean {
  return version === QUIC_VERSION.v1 || version === QUIC_VERSION.v2;
}
