import { describe, expect, it } from 'vitest';
import {
  createAnswerReader,
  type HttpAnswer,
  httpRequest,
  httpUpload,
} from '../../src/exchange/http-answers.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';

/** What is read of a text, however it is cut into pieces. */
function read(text: string, piece = text.length): { answers: readonly HttpAnswer[]; broken: boolean } {
  const reader = createAnswerReader();
  const bytes = ascii(text);
  for (let at = 0; at < bytes.length; at += piece) reader.take(bytes.subarray(at, at + piece));
  return { answers: reader.answers(), broken: reader.broken() };
}

const COUNTED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nyou\r\n0\r\nTrailer: a\r\n\r\n';

describe('answers', () => {
  it('with a length are whole when it has come', () => {
    expect(read(COUNTED).answers).toEqual([
      { status: 200, framing: 'length', bytes: 5, expected: 5, complete: true, closes: false },
    ]);
    expect(read(COUNTED.slice(0, -1)).answers).toMatchObject([{ bytes: 4, complete: false }]);
  });

  it('in chunks are whole after the last one and its trailer', () => {
    expect(read(CHUNKED).answers).toMatchObject([{ framing: 'chunked', bytes: 8, complete: true }]);
    expect(read(CHUNKED.slice(0, -2)).answers).toMatchObject([{ complete: false }]);
  });

  it('without either go on to the end of the connection, and are never whole', () => {
    expect(read('HTTP/1.1 200 OK\r\n\r\nsome').answers).toMatchObject([
      { framing: 'close', bytes: 4, complete: false, closes: true },
    ]);
  });

  it('may have no body, by their status', () => {
    expect(read('HTTP/1.1 204 No Content\r\n\r\n').answers).toMatchObject([
      { framing: 'none', complete: true },
    ]);
    expect(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n').answers).toMatchObject([
      { bytes: 0, complete: true },
    ]);
  });

  it('follow one another, interim ones left out', () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\n${COUNTED}${CHUNKED}${COUNTED}`;
    expect(read(text).answers.map(({ bytes, complete }) => [bytes, complete])).toEqual([
      [5, true],
      [8, true],
      [5, true],
    ]);
  });

  it('are the same in whatever pieces they come', () => {
    const text = `${COUNTED}${CHUNKED}HTTP/1.0 404 Not Found\nContent-Length: 2\nConnection: keep-alive\n\nno`;
    for (const piece of [1, 2, 3, 7, 50]) expect(read(text, piece)).toEqual(read(text));
    expect(read(text).answers.at(-1)).toMatchObject({ status: 404, closes: false, complete: true });
  });

  it('say that they are the last', () => {
    expect(read(COUNTED.replace('\r\n\r\n', '\r\nConnection: Close\r\n\r\n')).answers).toMatchObject([
      { closes: true },
    ]);
    expect(read(COUNTED.replace('1.1', '1.0')).answers).toMatchObject([{ closes: true }]);
  });
});

describe('what is no answer', () => {
  it.each([
    'SSH-2.0-x\r\n',
    'HTTP/1.1 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`,
    '\x00\x01\xff',
  ])('is passed over: %j', (text) => {
    expect(read(text, 1000).broken).toBe(true);
  });
});

describe('requests', () => {
  it('ask for the connection to stay or to end', () => {
    expect(fromAscii(httpRequest('example.net', true))).toMatch(
      /^GET \/ HTTP\/1\.1\r\nHost: example\.net\r\n[\s\S]*close\r\n\r\n$/,
    );
    expect(fromAscii(httpRequest('example.net', false))).toContain('Connection: keep-alive');
    expect(fromAscii(httpUpload('example.net', 9))).toContain('Content-Length: 9\r\n');
  });
});
