import { describe, expect, it } from 'vitest';
import { concat, fromHex } from '../../src/wire/bytes.ts';
import {
  createH3FrameReader,
  encodeH3Frame,
  H3_FRAME,
  type H3Treatment,
  isMidFrame,
  readH3Frames,
} from '../../src/wire/h3-frames.ts';
import {
  decodeH3Id,
  decodeH3Settings,
  encodeH3Id,
  encodeH3Settings,
  h3SettingName,
} from '../../src/wire/h3-settings.ts';
import { Malformed } from '../../src/wire/reader.ts';

const STREAM = concat(
  encodeH3Frame(H3_FRAME.HEADERS, Uint8Array.of(1, 2, 3)),
  encodeH3Frame(0x21n + 0x1fn * 1000n, new Uint8Array(70)),
  encodeH3Frame(H3_FRAME.DATA, new Uint8Array(100).fill(7)),
  encodeH3Frame(H3_FRAME.DATA, new Uint8Array(0)),
  encodeH3Frame(H3_FRAME.HEADERS, new Uint8Array(0)),
);

function read(pieces: readonly Uint8Array[]): { log: string[]; data: number; mid: boolean[] } {
  const reader = createH3FrameReader();
  const log: string[] = [];
  const mid: boolean[] = [];
  let data = 0;
  for (const piece of pieces) {
    readH3Frames(reader, piece, {
      begins(type, length): H3Treatment {
        log.push(`${type}:${length}`);
        return type === H3_FRAME.DATA ? 'parts' : type === H3_FRAME.HEADERS ? 'whole' : 'skip';
      },
      whole: (type, payload) => log.push(`${type}=${[...payload]}`),
      part(part) {
        data += part.length;
      },
    });
    mid.push(isMidFrame(reader));
  }
  return { log, data, mid };
}

describe('HTTP/3 frames (RFC 9114 §7)', () => {
  const whole = read([STREAM]);

  it('come one after the other', () => {
    expect(whole).toEqual({
      log: ['1:3', '1=1,2,3', '31033:70', '0:100', '0:0', '1:0', '1='],
      ...{ data: 100, mid: [false] },
    });
  });

  it('come the same however the stream is cut', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      const { log, data, mid } = read([STREAM.subarray(0, cut), STREAM.subarray(cut)]);
      expect({ log, data, mid: mid.slice(1) }, `cut at ${cut}`).toEqual(whole);
    }
    const bytes = [...STREAM].map((byte) => Uint8Array.of(byte));
    const { log, data, mid } = read(bytes);
    expect({ log, data, mid: mid.slice(-1) }).toEqual(whole);
    // Between frames nothing is begun: behind each of the five.
    expect(mid.filter((is) => !is)).toHaveLength(5);
  });

  it('may be longer than any memory, as long as they are not kept', () => {
    const reader = createH3FrameReader();
    let parts = 0;
    readH3Frames(reader, concat(fromHex('00ffffffffffffffff'), new Uint8Array(5000)), {
      begins: () => 'parts',
      whole: () => undefined,
      part: (part) => {
        parts += part.length;
      },
    });
    expect(parts).toBe(5000);
    expect(reader.frame?.kept).toHaveLength(0);
  });
});

describe('SETTINGS and identifiers', () => {
  it('write what they read, in its order', () => {
    const settings = [
      [0x06n, 65_536n],
      [0x21n, 2n ** 62n - 1n],
      [0x06n, 0n],
    ] as const;
    expect(decodeH3Settings(encodeH3Settings(settings))).toEqual(settings);
    expect(decodeH3Id(encodeH3Id(2n ** 62n - 4n))).toBe(2n ** 62n - 4n);
    expect(h3SettingName(6n)).toBe('MAX_FIELD_SECTION_SIZE');
    expect(h3SettingName(0xabcn)).toBe('0xabc');
  });

  it('refuse what is cut or too long', () => {
    const bytes = encodeH3Settings([[0x4000n, 0x40000000n]]);
    for (let end = 1; end < bytes.length; end++)
      expect(() => decodeH3Settings(bytes.subarray(0, end))).toThrow(Malformed);
    expect(() => decodeH3Id(new Uint8Array(0))).toThrow(Malformed);
    expect(() => decodeH3Id(Uint8Array.of(0, 0))).toThrow(Malformed);
  });
});
