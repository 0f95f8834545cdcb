import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** A variable-length integer (RFC 9000 §16): 0 to 2^62 - 1 in 1, 2, 4 or 8 bytes. Throws `Truncated`. */
export function readVarint(reader: Reader): bigint {
  const first = reader.u8();
  const top = first & 0x3f;
  switch (first >> 6) {
    case 0:
      return BigInt(top);
    case 1:
      return BigInt(top * 0x100 + reader.u8());
    case 2:
      return BigInt(top * 0x1000000 + reader.u24());
    default:
      return (BigInt(top * 0x1000000 + reader.u24()) << 32n) | BigInt(reader.u32());
  }
}

/** In the fewest bytes, or in `size` of them. Throws RangeError for a value that is no varint or does not fit. */
export function writeVarint(
  writer: Writer,
  value: bigint | number,
  size: VarintSize = varintLength(value),
): void {
  if (size < varintLength(value)) throw new RangeError(`${value} does not fit a varint of ${size} byte(s)`);
  if (size === 8) {
    const wide = BigInt(value);
    writer.u32(Number(wide >> 32n) + 0xc0000000).u32(Number(wide & 0xffffffffn));
    return;
  }
  const small = Number(value);
  if (size === 1) writer.u8(small);
  else if (size === 2) writer.u16(small + 0x4000);
  else writer.u32(small + 0x80000000);
}

/** Bytes of the shortest form. Throws RangeError for a value that is no varint. */
export function varintLength(value: bigint | number): VarintSize {
  if (value < 0 || value > VARINT_MAX) throw new RangeError(`${value} is no variable-length integer`);
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x40000000 ? 4 : 8;
}

export type VarintSize = 1 | 2 | 4 | 8;
/** 2^62 - 1 */
export const VARINT_MAX = (1n << 62n) - 1n;
