import { describe, expect, it } from 'vitest';
import { createDice, createRandom } from '../../src/sim/random.ts';
import { concat, fromHex } from '../../src/wire/bytes.ts';
import { H3_FRAME } from '../../src/wire/h3-frames.ts';
import {
  CONTROL,
  clientSide,
  DATA,
  data,
  frame,
  GET,
  give,
  HEADERS,
  headers,
  type Side,
  serverSide,
  settings,
  verdicts,
  written,
} from './h3-tools.ts';

// A server's streams: 3 control, 7 encoder, 11 decoder; 0 is our request.
const OK = headers([':status', '200'], ['content-length', '5']);

describe('an HTTP/3 client', () => {
  it('asks with one GET from the static table and ends its side', () => {
    const client = clientSide();
    const { bytes, fin } = written(client, 0n);
    expect(bytes).toEqual(headers(...GET, ['user-agent', 'sslshut'], ['accept', '*/*']));
    expect(fin).toBe(true);
    expect(written(client, 2n).bytes).toEqual(concat(Uint8Array.of(0), settings([6n, 65_536n])));
    expect(client.facts.at(-1)).toEqual({
      ...{ kind: 'exchange', by: 'local', alpn: 'h3', what: 'request', stream: 0 },
      detail: 'GET https://example.org/',
    });
  });

  it('reports the response, interim ones and trailers aside', () => {
    const client = clientSide();
    data(client, 0n, headers([':status', '103'], ['link', '</a>']));
    expect(client.exchange.status().response).toBeUndefined();
    data(client, 0n, OK, frame(DATA, new Uint8Array(3)));
    expect(client.exchange.status()).toMatchObject({
      ...{ done: false, response: { status: 200, bytes: 3, contentLength: 5, complete: false } },
    });
    data(
      client,
      0n,
      frame(0x1fn * 3n + 0x21n, new Uint8Array(7)),
      frame(DATA, new Uint8Array(2)),
      headers(['t', '1']),
    );
    give(client, { kind: 'fin', stream: 0n });
    expect(client.exchange.status()).toEqual({
      response: { status: 200, bytes: 5, contentLength: 5, complete: true },
      ...{ done: true, answered: 0, goaway: undefined, error: undefined },
    });
    expect(client.facts.slice(-2)).toEqual([
      {
        kind: 'exchange',
        by: 'peer',
        alpn: 'h3',
        what: 'response',
        detail: '200, content-length 5',
        stream: 0,
      },
      { kind: 'exchange', by: 'peer', alpn: 'h3', what: 'body', detail: '5 bytes', stream: 0 },
    ]);
  });

  it('sees GOAWAY: a request that it names is not answered any more', () => {
    const client = clientSide();
    data(client, 3n, CONTROL, fromHex('0704bffffffc'));
    expect(client.exchange.status()).toMatchObject({ done: false, goaway: 0x3ffffffcn });
    data(client, 3n, fromHex('070100'));
    expect(client.exchange.status()).toMatchObject({ done: true, goaway: 0n, error: undefined });
    expect(client.facts.at(-1)).toMatchObject({ what: 'goaway', detail: 'no requests from stream 0 on' });
  });

  it('reports a response that was reset, and one that ends too early', () => {
    const client = clientSide();
    data(client, 0n, OK);
    give(client, { kind: 'reset', stream: 0n, code: 0x102n });
    expect(client.exchange.status()).toMatchObject({ done: true, error: { code: 0x102n, stream: 0n } });
    const other = clientSide();
    data(other, 0n, OK, frame(DATA, new Uint8Array(4)));
    expect(give(other, { kind: 'fin', stream: 0n })).toEqual([
      { do: 'stop-sending', stream: 0n, code: 0x10en },
    ]);
    expect(other.exchange.status()).toMatchObject({
      ...{ done: true, response: { complete: false }, error: { code: 0x10en } },
    });
  });

  it('is content with a 204 or 304 whose content-length is of what would have come', () => {
    const client = clientSide();
    data(client, 0n, headers([':status', '304'], ['content-length', '900']));
    give(client, { kind: 'fin', stream: 0n });
    expect(client.exchange.status().response).toMatchObject({ status: 304, complete: true });
  });

  const faults: { what: string; stream: bigint; bytes: Uint8Array[]; code: string }[] = [
    { what: 'a bidirectional stream of the server', stream: 1n, bytes: [fromHex('00')], code: '103' },
    { what: 'a push stream', stream: 15n, bytes: [fromHex('0100')], code: '108' },
    {
      what: 'PUSH_PROMISE',
      stream: 0n,
      bytes: [frame(H3_FRAME.PUSH_PROMISE, new Uint8Array(4))],
      code: '108',
    },
    { what: 'MAX_PUSH_ID from a server', stream: 3n, bytes: [CONTROL, fromHex('0d0100')], code: '105' },
    {
      what: 'GOAWAY with something that is no request',
      stream: 3n,
      bytes: [CONTROL, fromHex('070101')],
      code: '108',
    },
    { what: 'GOAWAY that goes up', stream: 3n, bytes: [CONTROL, fromHex('070104070108')], code: '108' },
    { what: 'GOAWAY on a request stream', stream: 0n, bytes: [fromHex('070100')], code: '105' },
    { what: 'DATA before HEADERS', stream: 0n, bytes: [frame(DATA, new Uint8Array(1))], code: '105' },
    { what: 'no SETTINGS', stream: 3n, bytes: [fromHex('00070100')], code: '10a' },
    {
      what: 'a field section that cannot be read',
      stream: 0n,
      bytes: [frame(HEADERS, fromHex('ffff'))],
      code: '200',
    },
  ];
  for (const { what, stream, bytes, code } of faults)
    it(`closes over ${what} with 0x${code}`, () => {
      const client = clientSide();
      data(client, stream, ...bytes);
      expect(verdicts(client.actions)).toEqual([`close 0x${code}`]);
      expect(client.exchange.status().done).toBe(true);
    });

  for (const [what, bytes] of [
    ['no status', headers(['content-length', '1'])],
    ['a status of two digits', headers([':status', '20'])],
    ['status 101', headers([':status', '101'])],
    ["a request's fields", headers([':status', '200'], [':path', '/'])],
  ] as const)
    it(`gives the response up that has ${what}`, () => {
      const client = clientSide();
      expect(data(client, 0n, bytes)).toEqual([{ do: 'stop-sending', stream: 0n, code: 0x10en }]);
      expect(client.exchange.status()).toMatchObject({ done: true, error: { code: 0x10en, stream: 0n } });
      give(client, { kind: 'reset', stream: 0n, code: 0x10en });
      expect(client.exchange.status().error).toMatchObject({
        code: 0x10en,
        reason: expect.not.stringContaining('reset'),
      });
    });
});

describe('client and server together', () => {
  it('understand each other however their streams are cut', () => {
    for (let seed = 0; seed < 20; seed++) {
      const dice = createDice(createRandom(seed, 'both'));
      const [client, server] = [clientSide(), serverSide(() => new Uint8Array(dice.between(0, 5000)))];
      deliver(client, server, [0n, 2n, 6n, 10n], dice.between);
      deliver(server, client, [0n, 3n, 7n, 11n], dice.between);
      expect(client.exchange.status()).toMatchObject({
        done: true,
        error: undefined,
        response: { status: 200, complete: true },
      });
      expect(server.exchange.status()).toMatchObject({ answered: 1, error: undefined });
      const { response } = client.exchange.status();
      expect(response?.bytes).toBe(response?.contentLength);
    }
  });
});

function deliver(
  from: Side,
  to: Side,
  streams: bigint[],
  between: (least: number, most: number) => number,
): void {
  for (const stream of streams) {
    const { bytes, fin } = written(from, stream);
    for (let at = 0; at < bytes.length; ) {
      const length = between(1, 700);
      data(to, stream, bytes.subarray(at, at + length));
      at += length;
    }
    if (fin) give(to, { kind: 'fin', stream });
  }
}
