import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { createHpackDecoder, decodeHeaderBlock, encodeHeaderBlock } from '../../src/wire/hpack.ts';
import { Malformed } from '../../src/wire/reader.ts';

const texts = (fields: readonly { name: string; value: string }[]): string[] =>
  fields.map(({ name, value }) => `${name}: ${value}`);

describe('HPACK', () => {
  it('reads the requests of RFC 7541 appendix C.3 and C.4, which fill a table', () => {
    const plain = [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ];
    const huffman = [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ];
    for (const blocks of [plain, huffman]) {
      const decoder = createHpackDecoder();
      const [first, second, third] = blocks.map((block) =>
        texts(decodeHeaderBlock(decoder, fromHex(block), 4096)),
      );
      expect(first).toEqual([':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']);
      expect(second).toEqual([...(first ?? []), 'cache-control: no-cache']);
      expect(third).toEqual([
        ':method: GET',
        ':scheme: https',
        ':path: /index.html',
        ':authority: www.example.com',
        'custom-key: custom-value',
      ]);
      expect(decoder.size).toBe(164);
      expect(texts(decoder.entries)).toEqual([
        'custom-key: custom-value',
        'cache-control: no-cache',
        ':authority: www.example.com',
      ]);
    }
  });

  it('reads the responses of appendix C.6, which push entries out of a table of 256 bytes', () => {
    const decoder = createHpackDecoder(256);
    const read = (block: string): string[] => texts(decodeHeaderBlock(decoder, fromHex(block), 4096));
    const date = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
    expect(
      read(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    ).toEqual([':status: 302', 'cache-control: private', date, 'location: https://www.example.com']);
    expect(decoder.size).toBe(222);
    expect(read('4883 640e ffc1 c0bf')).toEqual([
      ':status: 307',
      'cache-control: private',
      date,
      'location: https://www.example.com',
    ]);
    expect(
      read(
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ),
    ).toEqual([
      ':status: 200',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:22 GMT',
      'location: https://www.example.com',
      'content-encoding: gzip',
      'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ]);
    expect(decoder.size).toBe(215);
  });

  it('empties the table for an entry that is larger, and when it is told to', () => {
    const decoder = createHpackDecoder(64);
    decodeHeaderBlock(decoder, fromHex('40 01 61 01 62'), 4096);
    expect(decoder.size).toBe(34);
    const long = `40 01 61 28 ${'62'.repeat(40)}`;
    expect(decodeHeaderBlock(decoder, fromHex(long), 4096)).toHaveLength(1);
    expect(decoder).toMatchObject({ size: 0, entries: [] });
    decodeHeaderBlock(decoder, fromHex('40 01 61 01 62'), 4096);
    decodeHeaderBlock(decoder, fromHex('20 88'), 4096);
    expect(decoder).toMatchObject({ size: 0, room: 0, entries: [] });
  });

  it.each([
    ['80', 'no header field 0'],
    ['be', 'no header field 62'],
    ['88 20', 'behind a field'],
    ['3f e2 1f', 'a dynamic table of 4097 bytes'],
    ['40 01', 'truncated'],
    ['00 81 ff 00', 'Huffman'],
    ['ff ff ff ff ff ff ff ff', 'beyond all use'],
    [`0f 00 7f 40 ${'61'.repeat(191)}`, 'more than 200 bytes'],
  ])('refuses %s', (block, reason) => {
    const act = () => decodeHeaderBlock(createHpackDecoder(), fromHex(block), 200);
    expect(act).toThrow(Malformed);
    expect(act).toThrow(reason);
  });

  it('writes what it reads, and never indexes', () => {
    const fields = [
      { name: ':method', value: 'GET' },
      { name: ':path', value: '/a' },
      { name: 'x-long', value: 'y'.repeat(300) },
      { name: 'www-authenticate', value: '' },
    ];
    const block = encodeHeaderBlock(fields);
    const decoder = createHpackDecoder();
    expect(decodeHeaderBlock(decoder, block, 4096)).toEqual(fields);
    expect(decoder.size).toBe(0);
    expect(toHex(block.subarray(0, 5))).toBe('8204022f61');
    expect(toHex(block.subarray(-1))).toBe('bd');
  });

  it('takes any bytes', () => {
    for (let seed = 0; seed < 3000; seed++) {
      const block = Uint8Array.from(
        { length: 24 },
        (_, at) => (seed * 31 + at * at * (seed % 97) + at * 7) & 0xff,
      );
      try {
        decodeHeaderBlock(createHpackDecoder(), block, 4096);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }
  });
});
