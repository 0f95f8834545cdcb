import { describe, expect, it } from 'vitest';
import { Writer } from '../../src/wire/writer.ts';

describe('Writer', () => {
  it('writes big-endian numbers', () => {
    const writer = new Writer().u8(1).u16(0x0203).u24(0x040506).u32(0xfffefdfc);
    expect(writer.finish()).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 0xff, 0xfe, 0xfd, 0xfc));
  });

  it('fills in lengths afterwards, nested too', () => {
    const writer = new Writer().u8(7).prefixed(3, (outer) => outer.vector(2, Uint8Array.of(1, 2)).u8(9));
    expect(writer.finish()).toEqual(Uint8Array.of(7, 0, 0, 5, 0, 2, 1, 2, 9));
  });

  it('grows', () => {
    const big = Uint8Array.from({ length: 5000 }, (_, i) => i & 0xff);
    const bytes = new Writer().u8(1).vector(3, big).u8(2).finish();
    expect(bytes).toHaveLength(5005);
    expect(bytes.subarray(4, 5004)).toEqual(big);
    expect(bytes[5004]).toBe(2);
  });

  it('refuses what does not fit its length', () => {
    const write = (length: number) => () => new Writer().vector(1, new Uint8Array(length)).finish();
    expect(write(255)()).toHaveLength(256);
    expect(write(256)).toThrow(RangeError);
  });

  it('gives a copy', () => {
    const writer = new Writer().u8(1);
    const first = writer.finish();
    writer.u8(2);
    expect(first).toEqual(Uint8Array.of(1));
    expect(writer.finish()).toEqual(Uint8Array.of(1, 2));
  });
});
