import { describe, expect, it } from 'vitest';
import { ascii, fromAscii, fromHex } from '../../src/wire/bytes.ts';
import { decodeHuffman } from '../../src/wire/huffman.ts';
import { Malformed } from '../../src/wire/reader.ts';

/** RFC 7541 appendices C.4 and C.6. */
const SAMPLES: readonly (readonly [hex: string, text: string])[] = [
  ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
  ['a8eb10649cbf', 'no-cache'],
  ['25a849e95ba97d7f', 'custom-key'],
  ['25a849e95bb8e8b4bf', 'custom-value'],
  ['6402', '302'],
  ['aec3771a4b', 'private'],
  ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
  ['640eff', '307'],
  ['9bd9ab', 'gzip'],
  [
    '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

/** Rows of RFC 7541 appendix B from all its lengths: symbol, code, bits. */
const ROWS: readonly (readonly [symbol: number, code: number, bits: number])[] = [
  [0x30, 0x0, 5],
  [0x74, 0x9, 5],
  [0x20, 0x14, 6],
  [0x75, 0x2d, 6],
  [0x3a, 0x5c, 7],
  [0x7a, 0x7b, 7],
  [0x26, 0xf8, 8],
  [0x5a, 0xfd, 8],
  [0x21, 0x3f8, 10],
  [0x3f, 0x3fc, 10],
  [0x27, 0x7fa, 11],
  [0x7c, 0x7fc, 11],
  [0x23, 0xffa, 12],
  [0x3e, 0xffb, 12],
  [0x00, 0x1ff8, 13],
  [0x7e, 0x1ffd, 13],
  [0x5e, 0x3ffc, 14],
  [0x7d, 0x3ffd, 14],
  [0x3c, 0x7ffc, 15],
  [0x7b, 0x7ffe, 15],
  [0x5c, 0x7fff0, 19],
  [0xd0, 0x7fff2, 19],
  [0x80, 0xfffe6, 20],
  [0xe2, 0xfffed, 20],
  [0x99, 0x1fffdc, 21],
  [0x81, 0x3fffd2, 22],
  [0x01, 0x7fffd8, 23],
  [0x09, 0xffffea, 24],
  [0xc7, 0x1ffffec, 25],
  [0xff, 0x3ffffee, 26],
  [0xcb, 0x7ffffde, 27],
  [0x02, 0xfffffe2, 28],
  [0xf9, 0xffffffe, 28],
  [0x0a, 0x3ffffffc, 30],
  [0x16, 0x3ffffffe, 30],
];

describe('Huffman-coded text (RFC 7541)', () => {
  it('reads the samples of the RFC', () => {
    for (const [hex, text] of SAMPLES) expect(fromAscii(decodeHuffman(fromHex(hex)))).toBe(text);
    expect(decodeHuffman(new Uint8Array(0))).toHaveLength(0);
  });

  it('knows the code of a symbol of every length', () => {
    for (const [symbol, code, bits] of ROWS)
      expect([...decodeHuffman(padded(code, bits))], `symbol ${symbol}`).toEqual([symbol]);
  });

  it('gives no other symbol a short code', () => {
    const seen = new Set<number>();
    for (let bits = 5; bits <= 14; bits++)
      for (let code = 0; code < 2 ** bits; code++) seenIn(seen, code, bits);
    // All that have a code of 14 bits or less.
    const short = ascii(
      ' !"#$%&\'()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz|}~',
    );
    // The 15 bits of a backtick are 14 and one of padding.
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 0x60, ...short].sort((a, b) => a - b));
  });

  it('refuses the end of string, padding of zeros, and padding of a whole byte', () => {
    for (const hex of ['ffffffff', '3fffffffff', '00', 'f1e3c2e5f23a6ba0ab90f400', '9bd9abff'])
      expect(() => decodeHuffman(fromHex(hex)), hex).toThrow(Malformed);
  });
});

/** Left-aligned, and filled with ones. */
function padded(code: number, bits: number): Uint8Array {
  const text = code.toString(2).padStart(bits, '0');
  const whole = text.padEnd(Math.ceil(bits / 8) * 8, '1');
  return Uint8Array.from(whole.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

function seenIn(seen: Set<number>, code: number, bits: number): void {
  try {
    const [symbol, ...more] = decodeHuffman(padded(code, bits));
    if (symbol !== undefined && more.length === 0) seen.add(symbol);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
}
