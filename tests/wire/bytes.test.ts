import { expect, it } from 'vitest';
import { ascii, concat, equalBytes, fromAscii, fromHex, toHex } from '../../src/wire/bytes.ts';

it('concat joins any number of arrays', () => {
  expect(concat()).toEqual(new Uint8Array(0));
  expect(concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
});

it('equalBytes compares length and every byte', () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(0, 2), Uint8Array.of(1, 2))).toBe(false);
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
});

it('hex goes both ways, white space allowed', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(fromHex(toHex(all))).toEqual(all);
  expect(fromHex('00 fF\n7a')).toEqual(Uint8Array.of(0, 255, 122));
  for (const bad of ['0', 'xx', '0x00']) expect(() => fromHex(bad)).toThrow(RangeError);
});

it('ascii is one byte per character and nothing above Latin-1', () => {
  expect(ascii('aé')).toEqual(Uint8Array.of(97, 233));
  expect(fromAscii(ascii('tls13 derived'))).toBe('tls13 derived');
  expect(() => ascii('€')).toThrow(RangeError);
});
