import { describe, expect, it } from 'vitest';
import { judgeClientHello } from '../../src/proto/dtls/server-gate.ts';
import { ascii, fromHex } from '../../src/wire/bytes.ts';
import {
  connect,
  type DtlsEnd,
  type DtlsOptions,
  dtlsConfig,
  dtlsDeps,
  dtlsEnd,
  dtlsPair,
  factsOf,
  isOpen,
  ONLY12,
  ONLY13,
} from './dtls-pair.ts';

const VERSIONS = [
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const;

const cookieFor = (address: string) => ({ key: new Uint8Array(32).fill(5), address: ascii(address) });

/** The only datagram that this end wants to send. */
function sent({ core }: DtlsEnd): Uint8Array {
  const unit = core.peekTransmit()?.slice();
  core.transmitted();
  if (unit === undefined || core.peekTransmit() !== undefined) throw new Error('not one datagram');
  return unit;
}

function take({ core }: DtlsEnd, data: Uint8Array): void {
  core.receive(1, { kind: 'bytes', data });
  while (core.step(1).kind !== 'idle');
}

describe.each(VERSIONS)('the gate of a server of %s', (_name, both) => {
  const options: DtlsOptions = { both, server: { cookie: cookieFor('192.0.2.1:4433') } };
  const config = dtlsConfig('server', options);
  const judge = (datagram: Uint8Array, other = config) =>
    judgeClientHello(datagram, other, dtlsDeps('server'), 0);

  it('answers a first ClientHello with a cookie, and admits the one that brings it back', () => {
    const client = dtlsEnd('client', options);
    client.core.start(0);
    const first = sent(client);
    const verdict = judge(first);
    if (verdict.kind !== 'answer') throw new Error(verdict.kind);
    // Nobody is flooded through us (RFC 9147 §5.1).
    expect(verdict.bytes.length).toBeLessThan(first.length);
    take(client, verdict.bytes);
    const second = sent(client);
    expect(judge(second)).toEqual({ kind: 'make' });
    const server = dtlsEnd('server', options);
    server.core.start(0);
    for (let hello = second, turn = 0; turn < 4; turn++) {
      take(server, hello);
      for (let unit = server.core.peekTransmit(); unit !== undefined; unit = server.core.peekTransmit()) {
        server.core.transmitted();
        take(client, unit);
      }
      if (isOpen({ client, server })) break;
      hello = sent(client);
    }
    expect(isOpen({ client, server })).toBe(true);
  });

  it('does not take the cookie from another address, nor under another key', () => {
    const client = dtlsEnd('client', options);
    client.core.start(0);
    const verdict = judge(sent(client));
    if (verdict.kind !== 'answer') throw new Error(verdict.kind);
    take(client, verdict.bytes);
    const second = sent(client);
    expect(judge(second, { ...config, cookie: cookieFor('192.0.2.1:4434') }).kind).toBe('answer');
    const otherKey = { key: new Uint8Array(32).fill(6), address: ascii('192.0.2.1:4433') };
    expect(judge(second, { ...config, cookie: otherKey }).kind).toBe('answer');
  });

  it('takes everybody when nobody asks for a cookie, and nothing but a ClientHello', () => {
    const client = dtlsEnd('client', { both });
    client.core.start(0);
    const { cookie: _cookie, ...open } = config;
    const hello = sent(client);
    expect(judge(hello, open)).toEqual({ kind: 'make' });
    expect(judge(fromHex('17fefd00000000000000000001ff'), open)).toEqual({ kind: 'drop' });
    expect(judge(new Uint8Array(0))).toEqual({ kind: 'drop' });
    for (let length = 0; length < hello.length; length++)
      expect(judge(hello.subarray(0, length)).kind).toBe('drop');
  });

  it('may also be the association itself', () => {
    const pair = dtlsPair(options);
    let count = 0;
    // The first answer is lost: the cookie comes again.
    const network = connect(pair, (from) => (from === 'server' && count++ === 0 ? [] : [1]));
    network.run(20_000, () => isOpen(pair));
    expect(isOpen(pair)).toBe(true);
    expect(factsOf(pair.server, 'retransmission').some(({ by }) => by === 'local')).toBe(true);
  });
});
