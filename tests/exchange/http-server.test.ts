import { describe, expect, it } from 'vitest';
import { createRequestReader, type HttpRequest, looksLikeHttp } from '../../src/exchange/http-server.ts';
import { ascii } from '../../src/wire/bytes.ts';

describe('looksLikeHttp', () => {
  it.each([
    ['GET / HTTP/1.1', 'yes'],
    ['HEAD /', 'yes'],
    ['GE', 'maybe'],
    ['', 'maybe'],
    ['get /', 'no'],
    ['GETS /', 'no'],
    ['hello', 'no'],
  ] as const)('%s → %s', (text, answer) => {
    expect(looksLikeHttp(ascii(text))).toBe(answer);
  });
});

describe('createRequestReader', () => {
  it.each<[string, string, HttpRequest]>([
    ['a GET', 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n', { method: 'GET', path: '/a', bodyBytes: 0 }],
    ['a GET with bare line feeds', 'GET /a HTTP/1.0\n\n', { method: 'GET', path: '/a', bodyBytes: 0 }],
    ['a GET with both', 'GET /a HTTP/1.0\r\nA: b\n\r\n', { method: 'GET', path: '/a', bodyBytes: 0 }],
    [
      'a POST with a length',
      'POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello',
      { method: 'POST', path: '/', bodyBytes: 5 },
    ],
    [
      'a POST in chunks',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      { method: 'POST', path: '/', bodyBytes: 15 },
    ],
  ])('%s, however it is cut', (_name, text, request) => {
    const bytes = ascii(text);
    for (let cut = 0; cut < bytes.length; cut++) {
      const reader = createRequestReader();
      expect(reader.feed(bytes.subarray(0, cut)).kind).toBe('more');
      expect(reader.feed(bytes.subarray(cut))).toEqual({ kind: 'request', request });
    }
  });

  it('says when the client waits for 100 Continue', () => {
    const reader = createRequestReader();
    const head = 'PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
    expect(reader.feed(ascii(head))).toEqual({ kind: 'continue' });
    expect(reader.feed(ascii('ab')).kind).toBe('request');
  });

  it('takes a head beyond 16 KiB for whole', () => {
    const reader = createRequestReader();
    const answer = reader.feed(ascii(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`));
    expect(answer).toMatchObject({ kind: 'request', request: { method: 'GET' } });
  });
});
