import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8, wholeCharacters } from '../../src/wire/utf8.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const platform = (bytes: Uint8Array): string | undefined => {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
};

describe('UTF-8', () => {
  it.each([
    '',
    'bye',
    'grüß',
    '終わり',
    '👋🏽 so long',
    '\u0000\u007f\u0080\u07ff\u0800\uffff\u{10ffff}',
  ])('%j', (text) => {
    const bytes = encodeUtf8(text);
    expect(bytes).toEqual(new TextEncoder().encode(text));
    expect(decodeUtf8(bytes)).toBe(text);
  });

  it('makes half a surrogate pair a replacement character, as the platform does', () => {
    expect(encodeUtf8('a\ud83d')).toEqual(new TextEncoder().encode('a\ud83d'));
  });

  it('takes and refuses what the platform takes and refuses', () => {
    for (let a = 0; a < 256; a++) {
      for (const rest of [
        [],
        [0x80],
        [0xbf, 0x80],
        [0x9f, 0x80],
        [0xa0, 0x80, 0x80],
        [0x8f, 0xbf, 0xbf],
        [0x90, 0x80, 0x80],
        [0x41],
      ]) {
        const bytes = Uint8Array.from([a, ...rest]);
        expect(decodeUtf8(bytes), String(bytes)).toBe(platform(bytes));
      }
    }
  });

  it('cuts between characters', () => {
    const bytes = encodeUtf8('aü終👋');
    expect(Array.from({ length: 11 }, (_, most) => wholeCharacters(bytes, most))).toEqual([
      0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10,
    ]);
    const noText = new Uint8Array(10).fill(0x80);
    expect(wholeCharacters(noText, 7)).toBe(7);
  });
});
