import { describe, expect, it } from 'vitest';
import { createDice, createRandom } from '../../src/sim/random.ts';
import { concat, fromHex } from '../../src/wire/bytes.ts';
import { H3_FRAME } from '../../src/wire/h3-frames.ts';
import { encodeH3Id } from '../../src/wire/h3-settings.ts';
import {
  CONTROL,
  DATA,
  data,
  frame,
  GET,
  give,
  HEADERS,
  headers,
  serverSide,
  settings,
  verdicts,
  written,
} from './h3-tools.ts';

const POST = [[':method', 'POST'], ...GET.slice(1)] as const;

describe('an HTTP/3 server', () => {
  it('answers a request once all of it came', () => {
    const server = serverSide();
    data(server, 0n, headers(...POST, ['content-length', '5'], ['te', 'trailers']));
    data(server, 0n, frame(0x21n, new Uint8Array(9)), frame(DATA, new Uint8Array(2)));
    data(
      server,
      0n,
      frame(DATA, new Uint8Array(3)),
      headers(['x-trailer', '1']),
      frame(0x40n, new Uint8Array(1)),
    );
    expect(server.requests).toEqual([]);
    give(server, { kind: 'fin', stream: 0n });
    expect(server.requests).toEqual([{ method: 'POST', path: '/', bodyBytes: 5 }]);
    const { bytes, fin } = written(server, 0n);
    expect(bytes).toEqual(
      concat(
        headers(
          [':status', '200'],
          ['server', 'sslshut'],
          ['content-type', 'text/plain'],
          ['content-length', '10'],
        ),
        frame(DATA, new Uint8Array(10)),
      ),
    );
    expect(fin).toBe(true);
    expect(server.exchange.status()).toMatchObject({ done: true, answered: 1, error: undefined });
    expect(server.facts.slice(-2)).toEqual([
      { kind: 'exchange', by: 'peer', alpn: 'h3', what: 'request', detail: 'POST /', stream: 0 },
      {
        kind: 'exchange',
        by: 'local',
        alpn: 'h3',
        what: 'response',
        detail: '200, content-length 10',
        stream: 0,
      },
    ]);
  });

  it('sends no body with the answer to HEAD', () => {
    const server = serverSide();
    data(server, 0n, headers([':method', 'HEAD'], ...GET.slice(1)));
    give(server, { kind: 'fin', stream: 0n });
    expect(written(server, 0n).bytes.length).toBeLessThan(60);
    expect(written(server, 0n).fin).toBe(true);
  });

  it('opens its control stream with SETTINGS, and the two of QPACK', () => {
    const server = serverSide();
    expect(written(server, 3n).bytes).toEqual(concat(Uint8Array.of(0), settings([6n, 65_536n])));
    expect([...written(server, 7n).bytes, ...written(server, 11n).bytes]).toEqual([2, 3]);
  });

  it('refuses requests behind its GOAWAY, and answers those before it', () => {
    const server = serverSide();
    data(server, 4n, headers(...GET));
    server.actions.push(...server.exchange.goaway());
    expect(written(server, 3n).bytes.subarray(-3)).toEqual(frame(H3_FRAME.GOAWAY, encodeH3Id(8n)));
    give(server, { kind: 'opened', by: 'peer', stream: 8n });
    const refused = data(server, 8n, headers(...GET));
    expect(refused).toEqual([]);
    expect(verdicts(server.actions)).toEqual(['reset 0x10b']);
    give(server, { kind: 'fin', stream: 8n });
    data(server, 0n, headers(...GET));
    for (const stream of [0n, 4n]) give(server, { kind: 'fin', stream });
    expect(server.requests).toHaveLength(2);
  });

  it('takes unknown streams, frames and settings for grease', () => {
    const server = serverSide();
    data(server, 2n, CONTROL.subarray(0, 1), settings([0x21n, 7n], [0x33n, 1n], [0xf0n, 9n]));
    data(server, 2n, frame(0x21n, new Uint8Array(5000)), frame(H3_FRAME.MAX_PUSH_ID, Uint8Array.of(4)));
    data(server, 14n, fromHex('40ff'), new Uint8Array(9999));
    give(server, { kind: 'fin', stream: 14n });
    give(server, { kind: 'fin', stream: 18n });
    data(server, 22n, fromHex('21'));
    give(server, { kind: 'reset', stream: 22n, code: 0n });
    data(server, 6n, fromHex('0220'));
    data(server, 10n, fromHex('0344'));
    expect(server.exchange.status().error).toBeUndefined();
    expect(server.facts.at(-1)).toMatchObject({ what: 'settings', detail: 'H3_DATAGRAM 1, 0xf0 9' });
  });

  it('forgets a request that is reset, and keeps nothing of those that are done', () => {
    const server = serverSide();
    data(server, 0n, headers(...GET).subarray(0, 7));
    give(server, { kind: 'reset', stream: 0n, code: 0x10cn });
    give(server, { kind: 'stopped', stream: 0n, code: 0x10cn });
    expect(verdicts(server.actions)).toEqual([]);
    expect(server.exchange.status().error).toBeUndefined();
  });
});

const STREAM_FAULTS: { what: string; fields: readonly (readonly [string, string])[] }[] = [
  { what: 'a name in upper case', fields: [...GET, ['X-Up', '1']] },
  { what: 'an empty name', fields: [...GET, ['', '1']] },
  { what: 'a name with a space', fields: [...GET, ['a b', '1']] },
  { what: 'a value with a line feed', fields: [...GET, ['a', '1\n2']] },
  { what: 'a value with NUL', fields: [...GET, ['a', '\0']] },
  { what: 'a value that begins with a space', fields: [...GET, ['a', ' 1']] },
  { what: 'Connection', fields: [...GET, ['connection', 'close']] },
  { what: 'Transfer-Encoding', fields: [...GET, ['transfer-encoding', 'chunked']] },
  { what: 'TE other than trailers', fields: [...GET, ['te', 'gzip']] },
  { what: 'an empty path', fields: [...GET.slice(0, 3), [':path', '']] },
  { what: 'no authority', fields: [...GET.slice(0, 2), [':path', '/']] },
  { what: 'Host that contradicts :authority', fields: [...GET, ['host', 'example.com']] },
  { what: 'an unknown pseudo-header field', fields: [[':odd', '1'], ...GET] },
  {
    what: 'CONNECT with a path',
    fields: [
      [':method', 'CONNECT'],
      [':authority', 'a:1'],
      [':path', '/'],
    ],
  },
  { what: 'a content-length that is no number', fields: [...GET, ['content-length', '1x']] },
  { what: 'two content-lengths', fields: [...GET, ['content-length', '1'], ['content-length', '2']] },
];

describe('malformed requests (RFC 9114 §4.1.2): the stream is reset with H3_MESSAGE_ERROR', () => {
  for (const { what, fields } of STREAM_FAULTS)
    it(what, () => {
      const server = serverSide();
      expect(verdicts(data(server, 0n, headers(...fields)))).toEqual(['reset 0x10e']);
      // What still comes of it is thrown away, FIN too.
      expect(data(server, 0n, Uint8Array.of(2, 0))).toEqual([]);
      expect(give(server, { kind: 'fin', stream: 0n })).toEqual([]);
    });

  it('a body longer than content-length, and one that is shorter', () => {
    const server = serverSide();
    data(server, 0n, headers(...POST, ['content-length', '3']));
    expect(verdicts(data(server, 0n, frame(DATA, new Uint8Array(4))))).toEqual(['reset 0x10e']);
    data(server, 4n, headers(...POST, ['content-length', '3']), frame(DATA, new Uint8Array(2)));
    expect(verdicts(give(server, { kind: 'fin', stream: 4n }))).toEqual(['reset 0x10e']);
  });

  it('trailers with a pseudo-header field', () => {
    const server = serverSide();
    expect(verdicts(data(server, 0n, headers(...GET), headers([':path', '/'])))).toEqual(['reset 0x10e']);
  });

  it('a request without a head: H3_REQUEST_INCOMPLETE', () => {
    expect(verdicts(give(serverSide(), { kind: 'fin', stream: 0n }))).toEqual(['reset 0x10d']);
  });

  it('but not a plain CONNECT, nor Host in place of :authority', () => {
    const server = serverSide();
    data(server, 0n, headers([':method', 'CONNECT'], [':authority', 'example.org:443']));
    data(server, 4n, headers(GET[0], GET[1], GET[3], ['host', 'example.org']));
    for (const stream of [0n, 4n]) give(server, { kind: 'fin', stream });
    expect(server.requests.map(({ method }) => method)).toEqual(['CONNECT', 'GET']);
  });
});

describe('what ends the connection', () => {
  const cases: { what: string; stream: bigint; bytes: Uint8Array[]; end?: true; code: string }[] = [
    {
      what: 'HEADERS behind the trailers',
      stream: 0n,
      bytes: [headers(...GET), headers(), headers()],
      code: '105',
    },
    {
      what: 'DATA behind the trailers',
      stream: 0n,
      bytes: [headers(...GET), headers(), frame(DATA, new Uint8Array(1))],
      code: '105',
    },
    { what: 'SETTINGS on a request stream', stream: 0n, bytes: [settings()], code: '105' },
    {
      what: 'PUSH_PROMISE from a client',
      stream: 0n,
      bytes: [frame(H3_FRAME.PUSH_PROMISE, new Uint8Array(1))],
      code: '105',
    },
    {
      what: "HTTP/2's PRIORITY on a request stream",
      stream: 0n,
      bytes: [frame(2n, new Uint8Array(0))],
      code: '105',
    },
    {
      what: "HTTP/2's PING on the control stream",
      stream: 2n,
      bytes: [CONTROL, frame(6n, new Uint8Array(8))],
      code: '105',
    },
    {
      what: 'FIN inside a frame',
      stream: 0n,
      bytes: [headers(...GET).subarray(0, 5)],
      end: true,
      code: '106',
    },
    { what: 'FIN inside a frame header', stream: 0n, bytes: [Uint8Array.of(0x40)], end: true, code: '106' },
    { what: 'SETTINGS that end inside a setting', stream: 2n, bytes: [fromHex('00040106')], code: '106' },
    {
      what: 'a setting that is neither 0 nor 1',
      stream: 2n,
      bytes: [Uint8Array.of(0), settings([8n, 2n])],
      code: '109',
    },
    { what: 'SETTINGS larger than we read', stream: 2n, bytes: [fromHex('00047fff')], code: '107' },
    { what: 'a head larger than we read', stream: 0n, bytes: [fromHex('0180010001')], code: '107' },
    {
      what: 'a head that grows too large',
      stream: 0n,
      bytes: [frame(HEADERS, concat(fromHex('0000'), new Uint8Array(3000).fill(0xd1)))],
      code: '107',
    },
    {
      what: 'GOAWAY with a byte too many',
      stream: 2n,
      bytes: [CONTROL, frame(H3_FRAME.GOAWAY, Uint8Array.of(0, 0))],
      code: '106',
    },
    {
      what: 'GOAWAY with more than an identifier',
      stream: 2n,
      bytes: [CONTROL, frame(H3_FRAME.GOAWAY, new Uint8Array(9))],
      code: '106',
    },
    { what: 'GOAWAY that goes up', stream: 2n, bytes: [CONTROL, fromHex('070101070102')], code: '108' },
    {
      what: 'MAX_PUSH_ID that goes down',
      stream: 2n,
      bytes: [CONTROL, fromHex('0d01020d0101')],
      code: '108',
    },
    { what: 'CANCEL_PUSH without a push', stream: 2n, bytes: [CONTROL, fromHex('030100')], code: '108' },
    { what: 'a push stream from a client', stream: 14n, bytes: [fromHex('01')], code: '103' },
    {
      what: 'a field section for a dynamic table',
      stream: 0n,
      bytes: [frame(HEADERS, fromHex('0200d1'))],
      code: '200',
    },
    {
      what: 'a field section that is cut',
      stream: 0n,
      bytes: [frame(HEADERS, fromHex('000051'))],
      code: '200',
    },
    { what: 'an insert', stream: 6n, bytes: [fromHex('02c000')], code: '201' },
    { what: 'a duplicate', stream: 6n, bytes: [fromHex('0200')], code: '201' },
    {
      what: 'a capacity beyond all numbers',
      stream: 6n,
      bytes: [fromHex('023fffffffffffff01')],
      code: '201',
    },
    { what: 'a section acknowledged', stream: 10n, bytes: [fromHex('0380')], code: '202' },
    { what: 'an insert count', stream: 10n, bytes: [fromHex('0301')], code: '202' },
    { what: 'the end of the encoder stream', stream: 6n, bytes: [fromHex('02')], end: true, code: '104' },
  ];
  for (const { what, stream, bytes, end, code } of cases)
    it(`${what}: 0x${code}`, () => {
      const server = serverSide();
      server.actions.length = 0;
      data(server, stream, ...bytes);
      if (end === true) give(server, { kind: 'fin', stream });
      expect(verdicts(server.actions)).toEqual([`close 0x${code}`]);
    });

  it('a second control stream: H3_STREAM_CREATION_ERROR', () => {
    const server = serverSide();
    data(server, 2n, CONTROL);
    expect(verdicts(data(server, 14n, CONTROL))).toEqual(['close 0x103']);
  });

  it('a control stream that is reset, or ours not read: H3_CLOSED_CRITICAL_STREAM', () => {
    const server = serverSide();
    data(server, 2n, CONTROL);
    expect(verdicts(give(server, { kind: 'reset', stream: 2n, code: 0n }))).toEqual(['close 0x104']);
    expect(verdicts(give(serverSide(), { kind: 'stopped', stream: 3n, code: 0n }))).toEqual(['close 0x104']);
  });
});

describe('a hostile client', () => {
  const good: [bigint, Uint8Array][] = [
    [2n, concat(CONTROL, fromHex('0d0104'), frame(0x21n, new Uint8Array(20)))],
    [6n, fromHex('0220')],
    [10n, fromHex('0344')],
    [0n, concat(headers(...POST, ['x', 'y']), frame(DATA, new Uint8Array(30)), headers(['z', '1']))],
  ];

  it('makes nothing throw, and no more than one close come out', () => {
    for (let seed = 0; seed < 1500; seed++) {
      const dice = createDice(createRandom(seed, 'h3'));
      const server = serverSide();
      for (const [stream, bytes] of good) {
        const changed = bytes.slice();
        for (let n = dice.below(3); n > 0; n--) changed[dice.below(changed.length)] = dice.below(256);
        const cut = dice.below(changed.length + 1);
        data(server, stream, changed.subarray(0, cut));
        data(server, stream, changed.subarray(cut));
        if (dice.chance(0.5)) give(server, { kind: 'fin', stream });
        else if (dice.chance(0.1)) give(server, { kind: 'reset', stream, code: 1n });
      }
      expect(verdicts(server.actions).filter((verdict) => verdict.startsWith('close')).length).toBeLessThan(
        2,
      );
    }
  });

  it('cannot make it keep more than a head of each stream', () => {
    const server = serverSide();
    data(server, 0n, headers(...POST));
    data(server, 0n, fromHex('00bfffffff'));
    for (let n = 0; n < 100; n++) expect(data(server, 0n, new Uint8Array(65_536))).toEqual([]);
    data(server, 14n, fromHex('21'));
    for (let n = 0; n < 100; n++) data(server, 14n, new Uint8Array(65_536));
    expect(server.exchange.status().error).toBeUndefined();
  });
});
