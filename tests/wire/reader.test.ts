import { describe, expect, it } from 'vitest';
import { Malformed, Reader, Truncated } from '../../src/wire/reader.ts';

describe('Reader', () => {
  it('reads big-endian numbers and vectors', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3, 4, 5, 6, 255, 255, 255, 255, 2, 8, 9, 0, 1, 7, 42));
    expect([reader.u8(), reader.u16(), reader.u24(), reader.u32()]).toEqual([
      1, 0x0203, 0x040506, 0xffffffff,
    ]);
    expect(reader.vector(1)).toEqual(Uint8Array.of(8, 9));
    expect(reader.nested(2).rest()).toEqual(Uint8Array.of(7));
    expect(reader.done()).toBe(false);
    expect(reader.rest()).toEqual(Uint8Array.of(42));
    expect(reader.done()).toBe(true);
    reader.end();
  });

  it('gives views, not copies', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const view = new Reader(bytes).take(2);
    bytes[0] = 9;
    expect(view[0]).toBe(9);
  });

  it.each([
    ['u8', [], (reader: Reader) => reader.u8(), 0],
    ['u16', [1], (reader: Reader) => reader.u16(), 0],
    ['u24', [1, 2], (reader: Reader) => reader.u24(), 0],
    ['u32', [1, 2, 3], (reader: Reader) => reader.u32(), 0],
    ['a vector', [0, 2, 1], (reader: Reader) => reader.vector(2), 2],
    ['a vector inside a vector', [2, 5, 1], (reader: Reader) => reader.nested(1).vector(1), 1],
  ])('never reads past the end: %s', (_what, bytes, read, offset) => {
    const reader = new Reader(Uint8Array.from(bytes));
    let error: unknown;
    try {
      read(reader);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(Truncated);
    expect(error).toMatchObject({ name: 'Truncated', offset });
  });

  it('says where bytes are left over', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3));
    reader.u8();
    expect(() => reader.end()).toThrow(new Malformed(1, '2 byte(s) too many'));
  });
});
