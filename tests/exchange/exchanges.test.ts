import { describe, expect, it } from 'vitest';
import type { StreamEnd } from '../../src/exchange/dialogue.ts';
import {
  createExchange,
  EXCHANGE_NAMES,
  type ExchangeName,
  type Question,
} from '../../src/exchange/exchanges.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { ascii, concat, fromAscii, fromHex, toHex } from '../../src/wire/bytes.ts';

type Bytes = string | Uint8Array;
const bytes = (text: Bytes): Uint8Array => (typeof text === 'string' ? ascii(text) : text);
const QUESTION = { authority: 'example.net', path: '/a', greeting: true, leave: true };

function begin(name: ExchangeName, question: Partial<Question> = {}) {
  const facts: Fact[] = [];
  const exchange = createExchange(name, { ...QUESTION, emit: (fact) => facts.push(fact), ...question });
  return { facts, exchange };
}

/** All of that at once (coap: one message each), and then the end. */
function hear(name: ExchangeName, said: Bytes, how?: StreamEnd, question: Partial<Question> = {}) {
  const { facts, exchange } = begin(name, question);
  const sent = [...exchange.start(), ...exchange.take(bytes(said))];
  if (how !== undefined) exchange.end(how);
  const ends = facts.filter(
    (fact) => fact.kind === 'exchange' && (fact.what === 'end' || fact.what === 'error'),
  );
  return { facts, ends, sent: concat(...sent), status: exchange.status() };
}

const frame = (type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0, payload.length >> 8, payload.length & 0xff, type, flags, 0, 0, 0, stream), payload);
const SETTINGS = frame(4, 0, 0, new Uint8Array(0));
/** :status 200, content-length 5. */
const HEAD = fromHex('88 0f0d 01 35');
const pg = (letter: string, content: Bytes): Uint8Array =>
  concat(ascii(letter), Uint8Array.of(0, 0, 0, bytes(content).length + 4), bytes(content));
const packet = (sequence: number, content: Bytes): Uint8Array =>
  concat(Uint8Array.of(bytes(content).length, 0, 0, sequence), bytes(content));

/** A whole answer, the end included, and what is asked in all. */
const ANSWERS: Record<ExchangeName, { said: Bytes[]; asked: Bytes }> = {
  http1: {
    said: ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    asked:
      'GET /a HTTP/1.1\r\nHost: example.net\r\nUser-Agent: sslshut\r\nAccept: */*\r\nConnection: close\r\n\r\n',
  },
  h2: {
    said: [concat(SETTINGS, frame(1, 4, 1, HEAD), frame(0, 1, 1, ascii('hello')))],
    asked: concat(
      ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      fromHex('00000c 04 00 00000000 0002 00000000 0004 40000000'),
      fromHex('000004 08 00 00000000 40000000'),
      fromHex('00001d 01 05 00000001 82 87 01 0b'),
      ascii('example.net'),
      fromHex('04 02'),
      ascii('/a'),
      fromHex('0f2b 07'),
      ascii('sslshut'),
      fromHex('000000 04 01 00000000'),
      fromHex('000008 07 00 00000000 00000000 00000000'),
    ),
  },
  smtp: {
    said: ['220-a\r\n220 b\r\n', '250-c\r\n250 HELP\r\n', '250 ok\r\n', '221 bye\r\n'],
    asked: 'EHLO [127.0.0.1]\r\nNOOP\r\nQUIT\r\n',
  },
  lmtp: {
    said: ['220 b\r\n', '250 c\r\n', '250 ok\r\n', '221 bye\r\n'],
    asked: 'LHLO [127.0.0.1]\r\nNOOP\r\nQUIT\r\n',
  },
  imap: {
    said: ['* OK hi\r\n', '* 3 EXISTS\r\nb1 OK noop\r\n', '* BYE see you\r\nb2 OK logout\r\n'],
    asked: 'b1 NOOP\r\nb2 LOGOUT\r\n',
  },
  pop3: {
    said: ['+OK hi\r\n', '+OK list\r\nUIDL\r\nSTLS\r\n.\r\n', '+OK bye\r\n'],
    asked: 'CAPA\r\nQUIT\r\n',
  },
  ftp: { said: ['220 hi\r\n', '530 log in\r\n', '221 bye\r\n'], asked: 'NOOP\r\nQUIT\r\n' },
  nntp: { said: ['200 hi\r\n', '111 20261123055400\r\n', '205 bye\r\n'], asked: 'DATE\r\nQUIT\r\n' },
  ldap: {
    said: [fromHex('3007 020102 6402 0400'), fromHex('300c 020102 6507 0a0100 0400 0400')],
    asked: concat(
      fromHex('302a 020102 6325 0400 0a0100 0a0100 020100 020100 010100 870b'),
      ascii('objectClass'),
      fromHex('3005 0403'),
      ascii('1.1'),
      fromHex('3005 020103 4200'),
    ),
  },
  postgres: {
    said: [concat(pg('R', '\0\0\0\0'), pg('S', 'server_version\x0017\0'), pg('K', '12345678'), pg('Z', 'I'))],
    asked: concat(
      fromHex('00000041 00030000'),
      ascii('user\0sslshut\0database\0postgres\0application_name\0sslshut\0\0'),
      fromHex('58 00000004'),
    ),
  },
  mysql: {
    said: [packet(3, '\0\0\0\x02\0\0\0')],
    asked: concat(
      fromHex('3f0000 02 018a0800 00000001 2d'),
      new Uint8Array(23),
      ascii('sslshut\0\0mysql_native_password\0'),
      fromHex('010000 00 01'),
    ),
  },
  dot: {
    said: [fromHex('0011 5353 8180 0001 000d 0000 0000 00 0002 0001')],
    asked: fromHex('0011 5353 0100 0001 0000 0000 0000 00 0002 0001'),
  },
  coap: {
    said: [fromHex('6445 5353 73736c73 c128 ff 3c2f613e')],
    asked: concat(fromHex('4401 5353 73736c73 bb'), ascii('.well-known'), Uint8Array.of(4), ascii('core')),
  },
};

describe.each(EXCHANGE_NAMES)('the exchange %s', (name) => {
  const { said, asked } = ANSWERS[name];
  const whole = concat(...said.map(bytes));

  it('asks, and knows when the answer is whole', () => {
    const { exchange, facts } = begin(name);
    const sent = [...exchange.start()];
    for (const part of said) {
      expect(exchange.status()).toMatchObject({ done: false, complete: false, error: undefined });
      sent.push(...exchange.take(bytes(part)));
    }
    expect(toHex(concat(...sent))).toBe(toHex(bytes(asked)));
    expect(exchange.status()).toMatchObject({ done: true, complete: true, error: undefined });
    const ends = facts.filter((fact) => fact.kind === 'exchange' && fact.what === 'end');
    expect(ends).toMatchObject([{ by: 'peer', complete: true, framing: 'self-delimited' }]);
    exchange.end('fin');
    expect(exchange.status().complete).toBe(true);
    expect(facts.filter((fact) => fact.kind === 'exchange' && fact.what === 'end')).toHaveLength(1);
  });

  it('takes any bytes without throwing, and tells of no more than a few', () => {
    for (const filler of [0x00, 0x0a, 0x30, 0x32, 0x41, 0x80, 0xff]) {
      const { exchange, facts } = begin(name);
      exchange.start();
      for (let sent = 0; sent < 2 ** 20; sent += 16_384) exchange.take(new Uint8Array(16_384).fill(filler));
      exchange.end('reset');
      expect(exchange.status().done).toBe(true);
      expect(facts.length).toBeLessThan(250);
    }
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [0x01, 0x04, 0x20, 0x80, 0xff]) {
        const damaged = whole.slice();
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(() => hear(name, damaged, 'fin')).not.toThrow();
      }
    }
  });

  it('asks nobody to close unless told to', () => {
    const staying = hear(name, whole, undefined, { leave: false });
    const words = fromAscii(staying.sent);
    expect(words).not.toMatch(/QUIT|LOGOUT|Connection: close/);
    expect(staying.sent.length).toBeLessThanOrEqual(bytes(asked).length + 5);
  });
});

// A datagram comes whole or not at all.
describe.each(EXCHANGE_NAMES.filter((name) => name !== 'coap'))('the exchange %s over a stream', (name) => {
  const { said, asked } = ANSWERS[name];
  const whole = concat(...said.map(bytes));

  it('knows that an answer is cut, wherever that is', () => {
    for (let length = 0; length < whole.length; length++) {
      for (const how of ['fin', 'reset', 'close-notify', 'limit'] as const) {
        const { status, ends } = hear(name, whole.subarray(0, length), how);
        expect(status.complete).toBe(false);
        expect(ends).toHaveLength(1);
      }
    }
  });

  it('takes it in pieces of one byte', () => {
    const { exchange } = begin(name);
    const sent = [...exchange.start()];
    for (const byte of whole) {
      expect(exchange.status().done).toBe(false);
      sent.push(...exchange.take(Uint8Array.of(byte)));
    }
    expect(exchange.status()).toMatchObject({ done: true, complete: true });
    expect(toHex(concat(...sent))).toBe(toHex(bytes(asked)));
  });
});

describe('HTTP/1.1', () => {
  const http = (said: string, how: StreamEnd = 'fin') => hear('http1', said, how).ends;
  const end = (detail: string, more: object = {}) => [
    { kind: 'exchange', by: 'peer', alpn: 'http/1.1', what: 'end', detail, ...more },
  ];

  it('counts a body by its length', () => {
    expect(http('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')).toEqual(
      end('whole: 5 of 5 bytes by Content-Length', { complete: true, framing: 'self-delimited' }),
    );
    expect(http('HTTP/1.0 200\r\ncontent-length:9\r\n\r\nhello', 'reset')).toEqual(
      end('cut by a reset: 5 of 9 bytes by Content-Length', {
        complete: false,
        framing: 'self-delimited',
        missing: 4,
      }),
    );
    expect(http('HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc')).toMatchObject([{ complete: true }]);
    expect(http('HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n')).toMatchObject([
      { complete: true, detail: 'whole: status 204, which has no body' },
    ]);
  });

  it('counts chunks, with extensions and trailers', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n';
    expect(http(`${head}5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n`)).toEqual(
      end('whole: 15 bytes in chunks', { complete: true, framing: 'self-delimited' }),
    );
    expect(http(`${head}5\r\nhello\r\n0\r\n`)).toMatchObject([
      { complete: false, detail: 'cut by FIN: 5 bytes in chunks' },
    ]);
    expect(http(`${head}5\r\nhello!\r\n0\r\n\r\n`)).toMatchObject([{ what: 'error' }]);
    expect(http(`${head}-1\r\n`)).toMatchObject([{ what: 'error' }]);
    expect(http(`${head}fffffffffffff\r\n`)).toMatchObject([{ what: 'error' }]);
    expect(http(`${head}0\r\n${'x: y\r\n'.repeat(200)}`)).toMatchObject([{ what: 'error' }]);
  });

  it('believes only close_notify where the end of the stream is the end of the body', () => {
    const said = 'HTTP/1.0 200 OK\r\n\r\nhello';
    expect(http(said, 'close-notify')).toEqual(
      end('ended by close_notify: 5 bytes', { complete: true, framing: 'close-delimited' }),
    );
    expect(http(said, 'fin')).toEqual(
      end('ended by FIN, which cannot tell whether it is whole: 5 bytes', {
        complete: false,
        framing: 'close-delimited',
      }),
    );
    expect(http(said, 'limit')).toMatchObject([
      { complete: false, detail: 'not whole yet when the time was up: 5 bytes' },
    ]);
    expect(
      http('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello', 'close-notify'),
    ).toMatchObject([{ framing: 'close-delimited' }]);
  });

  it('passes interim answers over, and folded lines', () => {
    const said =
      'HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nx: a\r\n b\r\nContent-Length: 0\r\n\r\n';
    expect(http(said)).toMatchObject([{ complete: true }]);
    expect(http('HTTP/1.1 100 Continue\r\n\r\n'.repeat(20))).toMatchObject([{ what: 'error' }]);
  });

  it.each([
    'SSH-2.0-x\r\n',
    'HTTP/2 200\r\n',
    'HTTP/1.1 099 x\r\n',
    'HTTP/1.1 101 Switching\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
    `HTTP/1.1 200 OK\r\n${'x'.repeat(70_000)}`,
    `HTTP/1.1 200 OK\r\n${`a: ${'x'.repeat(60_000)}\r\n`.repeat(6)}`,
  ])('does not take case %# for an answer', (said) => {
    expect(http(said)).toMatchObject([{ what: 'error' }]);
  });
});

describe('HTTP/2', () => {
  const h2 = (said: Uint8Array, how?: StreamEnd) => hear('h2', said, how, { leave: false });
  const body = frame(0, 1, 1, ascii('hello'));

  it('answers SETTINGS and PING, and reads over padding, priorities and the unknown', () => {
    const ping = frame(6, 0, 0, ascii('12345678'));
    const padded = frame(0, 9, 1, concat(Uint8Array.of(2), ascii('hello'), Uint8Array.of(0, 0)));
    const prioritized = frame(1, 0x2c, 1, concat(Uint8Array.of(1, 0, 0, 0, 0, 16), HEAD, Uint8Array.of(0)));
    const { sent, status } = h2(
      concat(
        SETTINGS,
        ping,
        frame(0xbe, 0, 3, ascii('?')),
        prioritized,
        frame(8, 0, 0, new Uint8Array(4)),
        padded,
      ),
    );
    expect(status).toMatchObject({ done: true, complete: true, answer: { bytes: 5, expected: 5 } });
    expect(toHex(sent)).toContain(toHex(frame(6, 1, 0, ascii('12345678'))));
  });

  it('puts header blocks together, and knows trailers', () => {
    const { status } = h2(
      concat(
        SETTINGS,
        frame(1, 0, 1, HEAD.subarray(0, 2)),
        frame(9, 4, 1, HEAD.subarray(2)),
        frame(0, 0, 1, ascii('hello')),
        frame(1, 5, 1, fromHex('00 01 78 01 79')),
      ),
    );
    expect(status).toMatchObject({ complete: true });
  });

  it('tells of GOAWAY, after the answer too', () => {
    const goaway = frame(7, 0, 0, concat(new Uint8Array(3), Uint8Array.of(1, 0, 0, 0, 0), ascii('bye')));
    const { facts, status } = h2(concat(SETTINGS, frame(1, 4, 1, HEAD), body, goaway));
    expect(status.complete).toBe(true);
    expect(facts.at(-1)).toMatchObject({ what: 'goaway', detail: 'last stream 1, NO_ERROR "bye"' });
    const refused = h2(concat(SETTINGS, frame(7, 0, 0, concat(new Uint8Array(7), Uint8Array.of(11)))));
    expect(refused.status.error).toBe('GOAWAY ENHANCE_YOUR_CALM before the answer');
  });

  it.each<[string, Uint8Array]>([
    ['no SETTINGS first', frame(6, 0, 0, new Uint8Array(8))],
    ['an acknowledgement first', frame(4, 1, 0, new Uint8Array(0))],
    ['HTTP/1.1', ascii('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a frame too large', concat(SETTINGS, Uint8Array.of(0, 0x40, 1, 0, 0, 0, 0, 0, 1))],
    ['RST_STREAM', concat(SETTINGS, frame(3, 0, 1, Uint8Array.of(0, 0, 0, 7)))],
    ['PUSH_PROMISE', concat(SETTINGS, frame(5, 4, 1, new Uint8Array(4)))],
    ['CONTINUATION of nothing', concat(SETTINGS, frame(9, 4, 1, HEAD))],
    ['another frame inside a header block', concat(SETTINGS, frame(1, 0, 1, HEAD), frame(0, 1, 1, HEAD))],
    ['DATA before HEADERS', concat(SETTINGS, body)],
    ['HEADERS without :status', concat(SETTINGS, frame(1, 4, 1, fromHex('00 01 78 01 79')))],
    ['an index that there is not', concat(SETTINGS, frame(1, 4, 1, Uint8Array.of(0xbf)))],
    ['more padding than frame', concat(SETTINGS, frame(1, 12, 1, Uint8Array.of(9, 0x88)))],
    ['an empty padded frame', concat(SETTINGS, frame(1, 12, 1, new Uint8Array(0)))],
    ['less than content-length', concat(SETTINGS, frame(1, 4, 1, HEAD), frame(0, 1, 1, ascii('hell')))],
    [
      'a header block without an end',
      concat(
        SETTINGS,
        frame(1, 0, 1, HEAD),
        ...Array.from({ length: 99 }, () => frame(9, 0, 1, new Uint8Array(0))),
      ),
    ],
  ])('breaks off at %s', (_what, said) => {
    const { status, ends } = h2(said);
    expect(status).toMatchObject({ done: true, complete: false, error: expect.any(String) });
    expect(ends).toMatchObject([{ what: 'error' }]);
  });
});

describe('the others', () => {
  it('end where the server ends them', () => {
    expect(hear('postgres', pg('E', 'SFATAL\0C28000\0Mno\0\0')).status.complete).toBe(true);
    const asked = hear('postgres', pg('R', '\0\0\0\x0a'));
    expect(asked.status.complete).toBe(true);
    expect(fromAscii(asked.sent).endsWith('X\0\0\0\x04')).toBe(false);
    const denied = hear('mysql', packet(3, '\xff\x15\x04#28000Access denied'));
    expect(denied.facts).toContainEqual(expect.objectContaining({ detail: 'error 1045 Access denied' }));
    expect(hear('imap', '* BYE full\r\n').status).toMatchObject({ complete: true });
    expect(hear('smtp', '554 no\r\n').status).toMatchObject({ error: expect.stringContaining('554 no') });
  });

  it('say nothing before a greeting, and at once where there was one', () => {
    for (const name of ['smtp', 'imap', 'pop3', 'ftp', 'nntp'] as const) {
      expect(begin(name).exchange.start()).toEqual([]);
      expect(begin(name, { greeting: false }).exchange.start()).toHaveLength(1);
    }
  });

  it('DNS: an answer to another question is passed over, a few times', () => {
    const stray = fromHex('000c 0001 8180 0000 0000 0000 0000');
    const whole = concat(...ANSWERS.dot.said.map(bytes));
    expect(hear('dot', concat(stray, whole)).status.complete).toBe(true);
    expect(hear('dot', concat(stray, stray, stray, stray, whole)).status.error).toBeDefined();
    expect(hear('dot', fromHex('000b')).status.error).toBeDefined();
    expect(hear('dot', fromHex('000c 5353 0100 0000 0000 0000 0000')).status.error).toBeDefined();
  });

  it('CoAP: an acknowledgement alone, then an answer of its own, which is acknowledged', () => {
    const { exchange } = begin('coap');
    exchange.start();
    expect(exchange.take(fromHex('6000 5353'))).toEqual([]);
    expect(exchange.status().done).toBe(false);
    expect(exchange.take(fromHex('4445 0007 73736c73 ff 61')).map(toHex)).toEqual(['60000007']);
    expect(exchange.status()).toMatchObject({ complete: true, answer: { bytes: 1 } });
    for (const bad of ['7000 5353', '8445 5353 73736c73', '4f45 5353', '6445 5353 73736c73 f0']) {
      expect(hear('coap', fromHex(bad)).status.error).toBeDefined();
    }
  });
});
