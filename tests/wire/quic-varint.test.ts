import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import {
  expandPacketNumber,
  packetNumberLength,
  truncatePacketNumber,
} from '../../src/wire/packet-number.ts';
import { Reader, Truncated } from '../../src/wire/reader.ts';
import { readVarint, VARINT_MAX, varintLength, writeVarint } from '../../src/wire/varint.ts';
import { Writer } from '../../src/wire/writer.ts';

const read = (hex: string): bigint => readVarint(new Reader(fromHex(hex)));
const write = (value: bigint | number, size?: 1 | 2 | 4 | 8): string => {
  const writer = new Writer();
  writeVarint(writer, value, size);
  return toHex(writer.finish());
};

describe('variable-length integers (RFC 9000 §16)', () => {
  it.each([
    ['c2197c5eff14e88c', 151_288_809_941_952_652n],
    ['9d7f3e7d', 494_878_333n],
    ['7bbd', 15_293n],
    ['25', 37n],
  ])('appendix A.1: %s', (hex, value) => {
    expect(read(hex)).toBe(value);
    expect(write(value)).toBe(hex);
  });

  it('may take more bytes than they need', () => {
    expect(read('4025')).toBe(37n);
    expect(write(37, 2)).toBe('4025');
    expect(read(write(37, 8))).toBe(37n);
  });

  it.each([
    0n,
    63n,
    64n,
    16383n,
    16384n,
    2n ** 30n - 1n,
    2n ** 30n,
    2n ** 53n,
    VARINT_MAX,
  ])('%d comes back', (value) => {
    const hex = write(value);
    expect(hex).toHaveLength(varintLength(value) * 2);
    expect(read(hex)).toBe(value);
    if (value <= Number.MAX_SAFE_INTEGER) expect(write(Number(value))).toBe(hex);
  });

  it('refuses what is none', () => {
    for (const value of [-1, -1n, VARINT_MAX + 1n]) expect(() => write(value)).toThrow(RangeError);
    expect(() => write(64, 1)).toThrow(RangeError);
    for (const hex of ['', '40', '800000', 'c0000000000000']) expect(() => read(hex)).toThrow(Truncated);
  });
});

describe('packet numbers', () => {
  it('take as many bytes as the unacknowledged range asks for (RFC 9000 A.2)', () => {
    expect(packetNumberLength(0xac5c02, 0xabe8b3)).toBe(2);
    expect(packetNumberLength(0xace8fe, 0xabe8b3)).toBe(3);
    expect(packetNumberLength(0, undefined)).toBe(1);
    expect(packetNumberLength(2 ** 31, undefined)).toBe(4);
    expect(truncatePacketNumber(0xace8fe, 3)).toBe(0xace8fe);
    expect(truncatePacketNumber(0xac5c02, 2)).toBe(0x5c02);
  });

  it('come back as the nearest that fits (RFC 9000 A.3)', () => {
    expect(expandPacketNumber(0x9b32, 2, 0xa82f30ea + 1)).toBe(0xa82f9b32);
    expect(expandPacketNumber(0, 1, 0)).toBe(0);
    expect(expandPacketNumber(0xff, 1, 0x100)).toBe(0xff);
    expect(expandPacketNumber(0x01, 1, 0xff)).toBe(0x101);
  });

  it('come back for any largest acknowledged one, wherever the receiver is between', () => {
    for (const acked of [0, 1, 200, 70_000, 2 ** 33]) {
      for (const ahead of [1, 2, 127, 128, 129, 32_767, 32_769, 8_000_000]) {
        const number = acked + ahead;
        const length = packetNumberLength(number, acked);
        for (const expected of [acked + 1, number, number + 1]) {
          expect(expandPacketNumber(truncatePacketNumber(number, length), length, expected)).toBe(number);
        }
      }
    }
  });
});
