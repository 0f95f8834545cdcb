import { describe, expect, it } from 'vitest';
import { createDice, createRandom } from '../../src/sim/random.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { decodeFieldSection, encodeFieldSection, TooLarge } from '../../src/wire/qpack.ts';
import { findStatic, staticField } from '../../src/wire/qpack-static.ts';
import { Malformed } from '../../src/wire/reader.ts';

const MOST = 65_536;

const REQUEST = [
  { name: ':method', value: 'GET' },
  { name: ':scheme', value: 'https' },
  { name: ':authority', value: 'example.org' },
  { name: ':path', value: '/' },
  { name: 'x-own', value: '' },
  { name: 'x-a-name-of-more-than-seven-bytes', value: 'y'.repeat(400) },
];

describe('QPACK without a dynamic table (RFC 9204)', () => {
  it('reads the sample of appendix B.1', () => {
    const section = fromHex('0000510b2f696e6465782e68746d6c');
    expect(decodeFieldSection(section, MOST)).toEqual([{ name: ':path', value: '/index.html' }]);
    expect(toHex(encodeFieldSection([{ name: ':path', value: '/index.html' }]))).toBe(toHex(section));
  });

  it('has the static table of appendix A', () => {
    const rows: [number, string, string][] = [
      [0, ':authority', ''],
      [1, ':path', '/'],
      [17, ':method', 'GET'],
      [23, ':scheme', 'https'],
      [25, ':status', '200'],
      [31, 'accept-encoding', 'gzip, deflate, br'],
      [52, 'content-type', 'text/html; charset=utf-8'],
      [58, 'strict-transport-security', 'max-age=31536000; includesubdomains; preload'],
      [71, ':status', '500'],
      [85, 'content-security-policy', "script-src 'none'; object-src 'none'; base-uri 'none'"],
      [92, 'server', ''],
      [98, 'x-frame-options', 'sameorigin'],
    ];
    for (const [index, name, value] of rows) expect(staticField(index)).toEqual({ name, value });
    expect(staticField(99)).toBeUndefined();
    for (let index = 0; index < 99; index++)
      expect(findStatic(staticField(index)!)).toEqual({ index, whole: true });
  });

  it('writes what it reads', () => {
    const section = encodeFieldSection(REQUEST);
    expect(decodeFieldSection(section, MOST)).toEqual(REQUEST);
    // Three entries of the table take a byte each.
    expect(toHex(section.subarray(0, 4))).toBe('0000d1d7');
  });

  it('reads Huffman-coded names and values, and the never-indexed flag', () => {
    const name = fromHex('25a849e95ba97d7f');
    const value = fromHex('25a849e95bb8e8b4bf');
    const literal = concat(fromHex('00003f01'), name, fromHex('89'), value);
    expect(decodeFieldSection(literal, MOST)).toEqual([{ name: 'custom-key', value: 'custom-value' }]);
    const referred = concat(fromHex('00007f5085'), fromHex('aec3771a4b'));
    expect(decodeFieldSection(referred, MOST)).toEqual([{ name: 'user-agent', value: 'private' }]);
  });

  it('refuses what needs a dynamic table, and entries that there are not', () => {
    const sections = ['0100d1', '000080', '000010', '00004001', '00000001', '0000ff24', '0000ff8080808010'];
    for (const hex of sections) expect(() => decodeFieldSection(fromHex(hex), MOST), hex).toThrow(Malformed);
    expect(decodeFieldSection(fromHex('0000ff23'), MOST)).toEqual([staticField(98)]);
  });

  it('takes a section cut anywhere for whole fields, or refuses it', () => {
    const section = encodeFieldSection(REQUEST);
    for (let end = 0; end < section.length; end++) {
      try {
        const fields = decodeFieldSection(section.subarray(0, end), MOST);
        expect(fields).toEqual(REQUEST.slice(0, fields.length));
        expect(fields.length).toBeLessThan(REQUEST.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }
  });

  it('bounds what it makes of few bytes', () => {
    const many = concat(fromHex('0000'), new Uint8Array(2000).fill(0xd1));
    expect(() => decodeFieldSection(many, 64_000)).toThrow(TooLarge);
    expect(decodeFieldSection(many, 90_000)).toHaveLength(2000);
  });

  it('throws nothing else, whatever comes', () => {
    for (let seed = 0; seed < 1500; seed++) {
      const dice = createDice(createRandom(seed, 'qpack'));
      const section = encodeFieldSection(REQUEST).slice();
      for (let n = dice.between(1, 4); n > 0; n--) section[dice.below(section.length)] = dice.below(256);
      try {
        decodeFieldSection(section.subarray(0, dice.between(1, section.length)), MOST);
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(Malformed);
      }
    }
  });
});
