import { describe, expect, it } from 'vitest';
import type { Heed, RecordStep } from '../../src/proto/core.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { concat, fromHex } from '../../src/wire/bytes.ts';
import {
  connect,
  type DtlsEnd,
  type DtlsOptions,
  type DtlsPair,
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

function opened(options: DtlsOptions): DtlsPair {
  const pair = dtlsPair(options);
  connect(pair).run(10_000);
  if (!isOpen(pair)) throw new Error('no handshake');
  return pair;
}

/** One datagram, step by step. */
function deliver({ core }: DtlsEnd, data: Uint8Array, heed: Heed = 'all'): RecordStep[] {
  const steps: RecordStep[] = [];
  core.receive(20_000, { kind: 'bytes', data });
  for (let step = core.step(20_000, heed); step.kind !== 'idle'; step = core.step(20_000, heed))
    steps.push(step);
  return steps;
}

function sent({ core }: DtlsEnd): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
    units.push(unit.slice());
    core.transmitted();
  }
  return units;
}

function raw({ core }: DtlsEnd, type: number, hex: string): Uint8Array {
  return core.raw.record(type, fromHex(hex));
}

const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
const HEARTBEAT = 24;
const CHANGE_CIPHER_SPEC = 20;
/** message_seq 0, no body. */
const HELLO_REQUEST = '000000000000000000000000';
const UNKNOWN_MESSAGE = '990000000000000000000000';

describe.each(VERSIONS)('under the keys of %s', (_name, both) => {
  it.each([
    ['an alert without content', ALERT, ''],
    ['a handshake record without content', HANDSHAKE, ''],
    ['a handshake record too short for a header', HANDSHAKE, '01000000'],
  ])('%s is dropped (RFC 6347 §4.1.2.7, RFC 9147 §4.5.2)', (_what, type, hex) => {
    const { client, server } = opened({ both });
    expect(deliver(client, raw(server, type, hex))).toEqual([]);
    expect(factsOf(client, 'dropped').at(-1)).toMatchObject({ by: 'peer', reason: 'malformed' });
    expect(client.core.phase()).toBe('open');
  });

  it.each([HEARTBEAT, 99])('content of type %d ends the association', (type) => {
    const { client, server } = opened({ both });
    expect(deliver(client, raw(server, type, '00'))).toMatchObject([
      { kind: 'fault', fault: { rule: 'unexpected-record-type', alert: 10 } },
    ]);
    expect(client.core.phase()).toBe('failed');
    deliver(server, concat(...sent(client)));
    expect(factsOf(server, 'alert')).toMatchObject([{ level: 2, description: 10 }]);
  });

  it('tells how much of a datagram is left', () => {
    const { client, server } = opened({ both });
    const [first, second] = [raw(server, DATA, '0102'), raw(server, DATA, '0304')];
    client.core.receive(20_000, { kind: 'bytes', data: concat(first, second) });
    client.core.receive(20_000, { kind: 'bytes', data: raw(server, DATA, '05') });
    expect(client.core.begun?.()).toBe(0);
    expect(client.core.step(20_000)).toEqual({ kind: 'data', data: fromHex('0102') });
    expect(client.core.begun?.()).toBe(second.length);
    expect(client.core.step(20_000)).toEqual({ kind: 'data', data: fromHex('0304') });
    expect(client.core.begun?.()).toBe(0);
  });
});

describe('in the clear', () => {
  it.each([HEARTBEAT, 99])('a record of type %d is dropped', (type) => {
    const { client } = opened({ both: ONLY12 });
    const head = [type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 1, 0];
    expect(deliver(client, Uint8Array.from(head))).toEqual([]);
    expect(factsOf(client, 'dropped').at(-1)).toMatchObject({ reason: 'malformed' });
    expect(client.core.phase()).toBe('open');
  });
});

describe('DTLS 1.2, a handshake that counts from 0 again', () => {
  it('ends the association when it begins with a message out of nowhere', () => {
    const { client, server } = opened({ both: ONLY12 });
    expect(deliver(client, raw(server, HANDSHAKE, UNKNOWN_MESSAGE))).toMatchObject([
      { kind: 'fault', fault: { rule: 'unexpected-message', alert: 10 } },
    ]);
  });

  it('is begun by a client whose policy wants it, once, under its keys', () => {
    const policy = { ...DEFAULT_TLS_POLICY, renegotiation: 'begin' } as const;
    const { client, server } = opened({ both: ONLY12, client: { policy } });
    const before = factsOf(server, 'handshake.message').length;
    for (let i = 0; i < 2; i++) {
      expect(deliver(client, raw(server, HANDSHAKE, HELLO_REQUEST))).toEqual([
        { kind: 'progress', what: 'renegotiation' },
      ]);
    }
    const units = sent(client);
    expect(units.length).toBe(1);
    deliver(server, concat(...units), 'nothing');
    expect(factsOf(server, 'handshake.message').slice(before)).toMatchObject([{ by: 'peer', type: 1 }]);
    expect(sent(server)).toEqual([]);
    expect(server.core.phase()).toBe('open');
    expect(client.core.pollTimeout()).toBeUndefined();
  });

  it('is refused by any other client', () => {
    const { client, server } = opened({ both: ONLY12 });
    expect(deliver(client, raw(server, HANDSHAKE, HELLO_REQUEST))).toEqual([
      { kind: 'progress', what: 'hello-request' },
    ]);
    deliver(server, concat(...sent(client)));
    expect(factsOf(server, 'alert')).toMatchObject([{ level: 1, description: 100 }]);
  });
});

describe('DTLS 1.2, for a caller who wants no handshake', () => {
  it.each([
    ['change_cipher_spec', CHANGE_CIPHER_SPEC, '01'],
    ['HelloRequest', HANDSHAKE, HELLO_REQUEST],
    ['an unknown message', HANDSHAKE, UNKNOWN_MESSAGE],
    ['half a header', HANDSHAKE, '01000000'],
    ['an unknown type', HEARTBEAT, '00'],
  ])('%s is ignored, and told', (_what, type, hex) => {
    const { client, server } = opened({ both: ONLY12 });
    const record = raw(server, type, hex);
    expect(deliver(client, record, 'no-handshake')).toEqual([{ kind: 'ignored', bytes: record.length }]);
    expect(client.core.phase()).toBe('open');
    expect(sent(client)).toEqual([]);
  });

  it('data and alerts come as ever', () => {
    const { client, server } = opened({ both: ONLY12 });
    const datagram = concat(raw(server, DATA, '07'), raw(server, ALERT, '0100'));
    expect(deliver(client, datagram, 'no-handshake')).toMatchObject([
      { kind: 'data' },
      { kind: 'alert', means: 'closure' },
    ]);
  });

  it('a peer that repeats its last flight gets ours all the same (RFC 6347 §4.2.4)', () => {
    const pair = dtlsPair({ both: ONLY12 });
    const network = connect(pair, (from, datagram) =>
      from === 'server' && datagram[0] === CHANGE_CIPHER_SPEC ? [] : [1],
    );
    network.run(900, () => pair.server.core.phase() === 'open');
    sent(pair.server);
    expect(pair.client.core.phase()).toBe('handshake');
    pair.client.core.handleTimeout(pair.client.core.pollTimeout() ?? 0);
    const repeated = sent(pair.client);
    expect(repeated.length).toBeGreaterThan(0);
    for (const datagram of repeated)
      expect(deliver(pair.server, datagram, 'no-handshake').filter(({ kind }) => kind === 'ignored')).toEqual(
        [],
      );
    expect(sent(pair.server).length).toBeGreaterThan(0);
  });
});
