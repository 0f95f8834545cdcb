import { Malformed } from './reader.ts';

/**
 * Text in the Huffman code of HPACK and QPACK (RFC 7541 §5.2, appendix B). Throws `Malformed` when it holds the end-of-string symbol, or
 * ends in anything but up to seven one bits.
 */
export function decodeHuffman(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil((bytes.length * 8) / SHORTEST));
  let written = 0;
  let [code, length] = [0, 0];
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length += 1;
      const symbol = symbolOf(code, length);
      if (symbol === undefined) continue;
      if (symbol === END) throw new Malformed(at, 'the end-of-string symbol inside Huffman-coded text');
      out[written++] = symbol;
      [code, length] = [0, 0];
    }
  }
  if (length > 7 || code !== 2 ** length - 1)
    throw new Malformed(bytes.length, 'Huffman-coded text ends inside a symbol');
  return out.slice(0, written);
}

/** Codes of one length follow each other, in the order of their symbols; those of the next length begin behind them. */
type Row = { first: number; symbols: readonly number[] };

function symbolOf(code: number, length: number): number | undefined {
  const row = ROWS[length];
  return row === undefined || code < row.first ? undefined : row.symbols[code - row.first];
}

function rows(): (Row | undefined)[] {
  const all: (Row | undefined)[] = [];
  let [next, before] = [0, 0];
  for (const [length, text] of SYMBOLS) {
    const symbols = text.split(' ').flatMap((range) => {
      const [from = '', to = from] = range.split('-');
      const first = Number.parseInt(from, 16);
      return Array.from({ length: Number.parseInt(to, 16) - first + 1 }, (_, n) => first + n);
    });
    next *= 2 ** (length - before);
    all[length] = { first: next, symbols };
    next += symbols.length;
    before = length;
  }
  return all;
}

/** End of string. */
const END = 256;
const SHORTEST = 5;

/** Which symbols have codes of which length (in bits); the code is canonical, so that says everything. */
const SYMBOLS: readonly (readonly [number, string])[] = [
  [5, '30-32 61 63 65 69 6f 73-74'],
  [6, '20 25 2d-2f 33-39 3d 41 5f 62 64 66-68 6c-6e 70 72 75'],
  [7, '3a 42-57 59 6a-6b 71 76-7a'],
  [8, '26 2a 2c 3b 58 5a'],
  [10, '21-22 28-29 3f'],
  [11, '27 2b 7c'],
  [12, '23 3e'],
  [13, '0 24 40 5b 5d 7e'],
  [14, '5e 7d'],
  [15, '3c 60 7b'],
  [19, '5c c3 d0'],
  [20, '80 82-83 a2 b8 c2 e0 e2'],
  [21, '99 a1 a7 ac b0-b1 b3 d1 d8-d9 e3 e5-e6'],
  [22, '81 84-86 88 92 9a 9c a0 a3-a4 a9-aa ad b2 b5 b9-bb bd-be c4 c6 e4 e8-e9'],
  [23, '1 87 89-8d 8f 93 95-98 9b 9d-9e a5-a6 a8 ae-af b4 b6-b7 bc bf c5 e7 ef'],
  [24, '9 8e 90-91 94 9f ab ce d7 e1 ec-ed'],
  [25, 'c7 cf ea-eb'],
  [26, 'c0-c1 c8-ca cd d2 d5 da-db ee f0 f2-f3 ff'],
  [27, 'cb-cc d3-d4 d6 dd-df f1 f4-f8 fa-fe'],
  [28, '2-8 b-c e-15 17-1f 7f dc f9'],
  [30, 'a d 16 100'],
];
const ROWS = rows();
