import { describe, expect, it } from 'vitest';
import { createH2Reader, h2Answer, looksLikeH2 } from '../../src/exchange/h2-server.ts';
import { ascii, concat, toHex } from '../../src/wire/bytes.ts';
import { createHpackDecoder, decodeHeaderBlock, encodeHeaderBlock } from '../../src/wire/hpack.ts';
import { Writer } from '../../src/wire/writer.ts';

const PREFACE = ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const GET = encodeHeaderBlock([
  { name: ':method', value: 'GET' },
  { name: ':scheme', value: 'https' },
  { name: ':path', value: '/a' },
  { name: ':authority', value: 'localhost' },
]);
const ANSWERER = { name: 'tls/x', says: 'It is a test.', framing: 'length' } as const;
const frame = (
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array => new Writer().u24(payload.length).u8(type).u8(flags).u32(stream).raw(payload).finish();
const SETTINGS = frame(4, 0, 0);
const OPENING = concat(PREFACE, SETTINGS);

/** Type, flags and stream of each frame, and what is in it. */
function framesIn(bytes: Uint8Array) {
  const found: { type: number; flags: number; stream: number; payload: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [high = 0, middle = 0, low = 0, type = 0, flags = 0, , , , stream = 0] = bytes.subarray(at);
    const length = high * 65_536 + middle * 256 + low;
    found.push({ type, flags, stream, payload: bytes.subarray(at + 9, at + 9 + length) });
    at += 9 + length;
  }
  return found;
}
const types = (bytes: Uint8Array): number[] => framesIn(bytes).map(({ type }) => type);

describe('what begins a connection', () => {
  it.each([
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'yes'],
    ['PRI * HT', 'maybe'],
    ['', 'maybe'],
    ['POST / HTTP/1.1', 'no'],
  ] as const)('%j: %s', (text, looks) => {
    expect(looksLikeH2(ascii(text))).toBe(looks);
  });
});

describe('a reader of HTTP/2', () => {
  it('says SETTINGS first, acknowledges ours, and finds the request, however it is cut', () => {
    const bytes = concat(OPENING, frame(1, 5, 1, GET));
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const reader = createH2Reader();
      const first = reader.feed(bytes.subarray(0, cut));
      const second = reader.feed(bytes.subarray(cut));
      expect(types(concat(first.say, second.say))).toEqual([4, 4]);
      const request = first.request ?? second.request;
      expect(request).toMatchObject({ method: 'GET', path: '/a', bodyBytes: 0, stream: 1, room: 65_535 });
    }
  });

  it('puts a header block together, and passes over padding and priority', () => {
    const reader = createH2Reader();
    const padded = concat(Uint8Array.of(3), new Uint8Array(5), GET.subarray(0, 4), new Uint8Array(3));
    const heard = reader.feed(
      concat(OPENING, frame(1, 1 | 8 | 32, 1, padded), frame(9, 4, 1, GET.subarray(4))),
    );
    expect(heard.request).toMatchObject({ method: 'GET', path: '/a' });
  });

  it('counts a body, gives the client room for more of it, and knows that it is not whole', () => {
    const reader = createH2Reader();
    const heard = reader.feed(concat(OPENING, frame(1, 4, 1, GET), frame(0, 0, 1, new Uint8Array(700))));
    expect(heard.request).toBeUndefined();
    expect(types(heard.say)).toEqual([4, 4, 8, 8]);
    expect(reader.pending()).toMatchObject({ stream: 1, bodyBytes: 700 });
    expect(reader.feed(frame(0, 1, 1, new Uint8Array(7))).request).toMatchObject({ bodyBytes: 707 });
    expect(reader.pending()).toBeUndefined();
  });

  it('hands out one request after the other', () => {
    const reader = createH2Reader();
    const heard = reader.feed(concat(OPENING, frame(1, 5, 1, GET), frame(1, 5, 3, GET)));
    expect(heard.request?.stream).toBe(1);
    expect(reader.feed(new Uint8Array(0)).request?.stream).toBe(3);
    expect(reader.feed(new Uint8Array(0)).request).toBeUndefined();
  });

  it('answers PING', () => {
    const said = createH2Reader().feed(concat(OPENING, frame(6, 0, 0, ascii('12345678')))).say;
    expect(toHex(said.subarray(-17))).toBe(`0000080601000000003132333435363738`);
  });

  it.each([
    ['no preface', ascii('GET / HTTP/1.1\r\n\r\n........')],
    ['a frame too large', concat(OPENING, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1))],
    ['a stream of the server', concat(OPENING, frame(1, 5, 2, GET))],
    ['CONTINUATION of nothing', concat(OPENING, frame(9, 4, 1, GET))],
    [
      'a frame inside a header block',
      concat(OPENING, frame(1, 1, 1, GET), frame(6, 0, 0, ascii('12345678'))),
    ],
    [
      'headers that do not decode',
      concat(OPENING, frame(1, 5, 1, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))),
    ],
    [
      'more padding than frame',
      concat(OPENING, frame(0, 8, 1, Uint8Array.of(9)), frame(1, 5 | 8, 1, Uint8Array.of(9))),
    ],
    ['half a setting', concat(PREFACE, frame(4, 0, 0, Uint8Array.of(0, 3, 0)))],
  ])('ends with GOAWAY over %s', (_what, bytes) => {
    const heard = createH2Reader().feed(bytes);
    expect(heard.broken).toBe(true);
    expect(framesIn(heard.say).at(-1)).toMatchObject({ type: 7 });
    expect(framesIn(heard.say).at(-1)?.payload[7]).toBe(1);
  });

  it('allows no more streams than it says', () => {
    const many = Array.from({ length: 33 }, (_, at) => frame(1, 4, 2 * at + 1, GET));
    expect(createH2Reader().feed(concat(OPENING, ...many)).broken).toBe(true);
  });
});

describe('an answer in HTTP/2', () => {
  const request = { method: 'GET', path: '/', bodyBytes: 0, stream: 5, room: 65_535 };

  it('is HEADERS, GOAWAY and DATA with the end of the stream', () => {
    const { bytes, body } = h2Answer(ANSWERER, request);
    const [headers, goaway, data] = framesIn(bytes);
    expect(headers).toMatchObject({ type: 1, flags: 4, stream: 5 });
    const fields = decodeHeaderBlock(createHpackDecoder(), headers?.payload ?? PREFACE, 10_000);
    expect(fields).toContainEqual({ name: ':status', value: '200' });
    expect(fields).toContainEqual({ name: 'content-length', value: String(body) });
    expect(goaway).toMatchObject({ type: 7, stream: 0 });
    expect(toHex(goaway?.payload ?? PREFACE)).toBe('0000000500000000');
    expect(data).toMatchObject({ type: 0, flags: 1, stream: 5 });
    expect(data?.payload.length).toBe(body);
  });

  it('has no GOAWAY when the connection stays, and no body for HEAD', () => {
    expect(types(h2Answer({ ...ANSWERER, stays: true }, request).bytes)).toEqual([1, 0]);
    const head = h2Answer(ANSWERER, { ...request, method: 'HEAD' });
    expect(framesIn(head.bytes)[0]).toMatchObject({ type: 1, flags: 5 });
    expect(types(head.bytes)).toEqual([1, 7]);
  });

  it('keeps to frames of 16384 bytes and to the room there is', () => {
    const long = h2Answer({ ...ANSWERER, bodyBytes: 70_000 }, { ...request, room: 40_000 });
    expect(long.body).toBe(40_000);
    const data = framesIn(long.bytes).filter(({ type }) => type === 0);
    expect(data.map(({ flags, payload }) => [flags, payload.length])).toEqual([
      [0, 16_384],
      [0, 16_384],
      [1, 7_232],
    ]);
  });

  it('counts the room down and up', () => {
    const reader = createH2Reader();
    const window = new Writer().u16(4).u32(1_000_000).finish();
    reader.feed(concat(PREFACE, frame(4, 0, 0, window)));
    reader.sent(65_000);
    const one = reader.feed(frame(1, 5, 1, GET)).request;
    expect(one?.room).toBe(535);
    const more = new Writer().u32(10_000).finish();
    expect(reader.feed(concat(frame(8, 0, 0, more), frame(1, 5, 3, GET))).request?.room).toBe(10_535);
  });
});
