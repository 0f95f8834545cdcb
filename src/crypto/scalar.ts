import { concat, fromHex } from '../wire/bytes.ts';
import type { CurveName, GroupName, Random } from './provider.ts';

/**
 * A private scalar in [1, n-1], big endian, as long as the field: bytes are drawn until they are in range
 * (FIPS 186-5 A.2.2). Both providers draw alike, so that the same randomness gives the same key.
 */
export function drawScalar(curve: CurveName, random: Random): Uint8Array {
  const { fieldBytes, order, topMask } = CURVE_PARAMETERS[curve];
  for (let tries = 0; tries < 64; tries++) {
    const scalar = Uint8Array.from(random(fieldBytes));
    scalar[0] = (scalar[0] ?? 0) & topMask;
    if (scalar.some((byte) => byte !== 0) && lessThan(scalar, order)) return scalar;
  }
  throw new Error(`no scalar for ${curve} in 64 draws: the randomness is not random`);
}

/** Is this an uncompressed point's encoding, by length and form? (RFC 9846 §4.3.8.2 allows no other.) */
export function looksUncompressed(curve: CurveName, point: Uint8Array): boolean {
  return point[0] === 4 && point.length === 1 + 2 * CURVE_PARAMETERS[curve].fieldBytes;
}

export function isCurve(group: GroupName): group is CurveName {
  return group in CURVE_PARAMETERS;
}

function lessThan(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Group orders: FIPS 186-5 / SP 800-186 §3.2.1. P-521 has 521 bits: the top byte keeps one. */
const CURVE_PARAMETERS = {
  secp256r1: {
    fieldBytes: 32,
    topMask: 0xff,
    order: fromHex('ffffffff00000000ffffffffffffffff bce6faada7179e84f3b9cac2fc632551'),
  },
  secp384r1: {
    fieldBytes: 48,
    topMask: 0xff,
    order: concat(
      new Uint8Array(24).fill(0xff),
      fromHex('c7634d81f4372ddf 581a0db248b0a77a ecec196accc52973'),
    ),
  },
  secp521r1: {
    fieldBytes: 66,
    topMask: 0x01,
    order: concat(
      Uint8Array.of(1),
      new Uint8Array(32).fill(0xff),
      fromHex('fa 51868783bf2f966b 7fcc0148f709a5d0 3bb5c9b8899c47ae bb6fb71e91386409'),
    ),
  },
} as const;
