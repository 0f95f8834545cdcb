import { describe, expect, it } from 'vitest';
import { concat } from '../../src/wire/bytes.ts';
import {
  bytewise,
  connect,
  drain,
  type End,
  factsOf,
  faultFrom,
  faultOf,
  type Pair,
  receive,
  standInEnd,
  standInPair,
  stepAll,
} from './tls-pair.ts';
import { keyUpdateMessage, message, TICKET_13 } from './tls-stand-in.ts';

const CCS = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;

function plain(type: number, ...content: readonly number[]): Uint8Array {
  return Uint8Array.of(type, 3, 3, content.length >> 8, content.length & 0xff, ...content);
}

/** A server that has the ClientHello, and the flight it answered with. */
function halfway(version: 0x0303 | 0x0304): Pair & { flight: Uint8Array } {
  const client = standInEnd('client', version);
  const server = standInEnd('server', version);
  client.core.start(0);
  server.core.start(0);
  receive(server.core, 0, ...drain(client.core));
  stepAll(server.core);
  return { client, server, flight: concat(...drain(server.core)) };
}

describe('handshake messages', () => {
  it.each([0x0303, 0x0304] as const)('are joined over records, version %i', (version) => {
    const pair = connect(standInPair(version, { bigMessage: 40_000 }));
    expect(pair.client.core.phase()).toBe('open');
    const certificate = factsOf(pair.client, 'handshake.message').find((fact) => fact.name === 'certificate');
    expect(certificate?.bytes).toBe(40_004);
  });

  it('may come one byte per record', () => {
    const server = standInEnd('server', 0x0304);
    server.core.start(0);
    for (const byte of bytewise(message(1, 20))) {
      receive(server.core, 0, plain(HANDSHAKE, ...byte));
    }
    const steps = stepAll(server.core);
    expect(steps).toHaveLength(24);
    expect(new Set(steps.map((step) => step.kind))).toEqual(new Set(['progress']));
    expect(server.core.peekTransmit()).toBeDefined();
  });

  it('may share a record', () => {
    const { client, server } = connect(standInPair(0x0304));
    receive(client.core, 0, server.core.raw.record(HANDSHAKE, concat(TICKET_13, TICKET_13)));
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'ticket' }]);
    expect(client.core.ticketsReceived()).toBe(2);
    expect(client.core.session()).toBeDefined();
    expect(factsOf(client, 'ticket')).toEqual([
      { kind: 'ticket', by: 'peer', lifetime: 7200, bytes: 3, afterOurClose: false },
      { kind: 'ticket', by: 'peer', lifetime: 7200, bytes: 3, afterOurClose: false },
    ]);
  });

  it.each([0x0303, 0x0304] as const)('are not larger than the largest ClientHello, version %i', (version) => {
    const { client, flight } = halfway(version);
    // 2 + 32 + 33 + 65,536 + 256 + 65,537 bytes.
    receive(client.core, 0, plain(HANDSHAKE, 2, 2, 1, 0x44));
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'handshake' }]);
    const other = halfway(version);
    receive(other.client.core, 0, plain(HANDSHAKE, 2, 2, 1, 0x45));
    expect(faultOf(other.client)).toEqual({ rule: 'handshake-message-too-large', alert: 47 });
    expect(flight.length).toBeGreaterThan(0);
  });

  it.each([
    [DATA, [1]],
    [CCS, [1]],
  ])('are not interleaved with records of type %i', (type, content) => {
    const { client, server } = connect(standInPair(0x0304));
    receive(client.core, 0, server.core.raw.record(HANDSHAKE, Uint8Array.of(4, 0)));
    expect(faultFrom(server, client, type, Uint8Array.from(content))).toEqual({
      rule: 'interleaved-record',
      alert: 10,
    });
  });

  it('may be cut by data in TLS 1.2, which says nothing about it', () => {
    const { client, server } = connect(standInPair(0x0303));
    const { record } = server.core.raw;
    const [head, tail] = [Uint8Array.of(0, 0), Uint8Array.of(0, 0)];
    receive(client.core, 0, record(HANDSHAKE, head), record(DATA, Uint8Array.of(1)), record(HANDSHAKE, tail));
    expect(stepAll(client.core).map((step) => step.kind)).toEqual(['progress', 'data', 'progress']);
  });

  it('give way to an alert, which says more', () => {
    const { client, server } = connect(standInPair(0x0304));
    receive(client.core, 0, server.core.raw.record(HANDSHAKE, Uint8Array.of(4, 0)));
    receive(client.core, 0, server.core.raw.record(ALERT, Uint8Array.of(2, 80)));
    expect(stepAll(client.core).at(-1)).toMatchObject({ kind: 'alert', means: 'fatal' });
  });

  it('that change keys end their record', () => {
    const { client, server } = connect(standInPair(0x0304));
    const payload = concat(keyUpdateMessage(false), TICKET_13);
    expect(faultFrom(server, client, HANDSHAKE, payload)).toEqual({
      rule: 'message-spans-key-change',
      alert: 10,
    });
    const split = connect(standInPair(0x0304));
    const start = concat(keyUpdateMessage(false), TICKET_13.subarray(0, 2));
    expect(faultFrom(split.server, split.client, HANDSHAKE, start)?.rule).toBe('message-spans-key-change');
  });

  it('that change keys end their record in the first flight too, and leave the alert readable', () => {
    const server = standInEnd('server', 0x0304);
    server.core.start(0);
    receive(server.core, 0, plain(HANDSHAKE, ...message(1, 10), 1));
    expect(faultOf(server)).toEqual({ rule: 'message-spans-key-change', alert: 10 });
    expect(concat(...drain(server.core))).toEqual(plain(ALERT, 2, 10));
  });

  it('are not empty', () => {
    const { client } = halfway(0x0304);
    receive(client.core, 0, plain(HANDSHAKE));
    expect(faultOf(client)).toEqual({ rule: 'empty-record', alert: 10 });
  });
});

describe('application data', () => {
  it.each([0x0303, 0x0304] as const)('may be empty, 32 times in a row, version %i', (version) => {
    const { client, server } = connect(standInPair(version));
    const empty = () => receive(server.core, 0, client.core.raw.record(DATA, new Uint8Array(0)));
    for (let i = 0; i < 32; i++) empty();
    expect(stepAll(server.core)).toEqual(
      Array.from({ length: 32 }, () => ({ kind: 'progress', what: 'empty' })),
    );
    client.core.sendData(Uint8Array.of(1));
    receive(server.core, 0, ...drain(client.core));
    for (let i = 0; i < 32; i++) empty();
    expect(stepAll(server.core)).toHaveLength(33);
    empty();
    expect(faultOf(server)).toEqual({ rule: 'too-many-empty-records', alert: 10 });
  });

  it('does not come during the handshake', () => {
    const { client, server, flight } = halfway(0x0304);
    receive(client.core, 0, flight);
    receive(client.core, 0, server.core.raw.record(DATA, Uint8Array.of(1)));
    // The server's early data is readable for a client that is through.
    expect(stepAll(client.core).at(-1)?.kind).toBe('data');
    const other = halfway(0x0304);
    receive(other.server.core, 0, plain(DATA, 1));
    expect(faultOf(other.server)?.rule).toBe('bad-record-mac');
    const bare = standInEnd('server', 0x0304);
    bare.core.start(0);
    receive(bare.core, 0, plain(DATA, 1));
    expect(faultOf(bare)).toEqual({ rule: 'unexpected-data', alert: 10 });
  });
});

describe('change_cipher_spec in TLS 1.3', () => {
  it('is dropped anywhere between the ClientHello and the peer’s Finished', () => {
    const { client, flight } = halfway(0x0304);
    receive(client.core, 0, plain(CCS, 1), flight.subarray(0, 49), plain(CCS, 1), flight.subarray(49));
    expect(stepAll(client.core).map((step) => (step.kind === 'progress' ? step.what : step.kind))).toEqual([
      'change-cipher-spec',
      'handshake',
      'change-cipher-spec',
      'change-cipher-spec',
      'handshake',
      'handshake',
      'connected',
    ]);
    expect(client.core.phase()).toBe('open');
  });

  it.each([
    ['before the first ClientHello', 'server', plain(CCS, 1)],
    ['with another value', 'client', plain(CCS, 2)],
    ['with two bytes', 'client', plain(CCS, 1, 1)],
  ] as const)('is refused %s', (_when, role, bytes) => {
    const end = standInEnd(role, 0x0304);
    end.core.start(0);
    receive(end.core, 0, bytes);
    expect(faultOf(end)).toEqual({ rule: 'unexpected-change-cipher-spec', alert: 10 });
  });

  it('is refused after the handshake, and when it is protected', () => {
    const { client } = connect(standInPair(0x0304));
    receive(client.core, 0, plain(CCS, 1));
    expect(faultOf(client)).toEqual({ rule: 'unexpected-change-cipher-spec', alert: 10 });
    const pair = halfway(0x0304);
    receive(pair.client.core, 0, pair.flight.subarray(0, 49));
    stepAll(pair.client.core);
    const other = connect(standInPair(0x0304));
    expect(faultFrom(other.server, other.client, CCS, Uint8Array.of(1))?.rule).toBe(
      'unexpected-change-cipher-spec',
    );
  });

  it('is no way to keep a peer busy', () => {
    const { client } = halfway(0x0304);
    for (let i = 0; i < 33; i++) receive(client.core, 0, plain(CCS, 1));
    expect(faultOf(client)?.rule).toBe('too-many-empty-records');
  });
});

describe('change_cipher_spec in TLS 1.2', () => {
  it.each([
    ['before the keys are agreed', plain(CCS, 1), { rule: 'unexpected-change-cipher-spec', alert: 10 }],
    ['with another value', plain(CCS, 2), { rule: 'decode-error', alert: 50 }],
    ['with two bytes', plain(CCS, 1, 1), { rule: 'decode-error', alert: 50 }],
  ])('is refused %s', (_when, bytes, fault) => {
    const { server } = halfway(0x0303);
    receive(server.core, 0, bytes);
    expect(faultOf(server)).toEqual(fault);
  });

  it('comes once', () => {
    const { client, server } = connect(standInPair(0x0303));
    expect(faultFrom(server, client, CCS, Uint8Array.of(1))).toEqual({
      rule: 'unexpected-change-cipher-spec',
      alert: 10,
    });
  });
});

describe('key updates', () => {
  const update = (end: End, other: End, request: boolean) => {
    expect(end.core.keyUpdate(request)).toBe(true);
    receive(other.core, 0, ...drain(end.core));
    return stepAll(other.core);
  };
  const talks = (from: End, to: End) => {
    from.core.sendData(Uint8Array.of(7));
    receive(to.core, 0, ...drain(from.core));
    return stepAll(to.core);
  };
  const DATA_7 = [{ kind: 'data', data: Uint8Array.of(7) }];

  it('change the keys of one direction', () => {
    const { client, server } = connect(standInPair(0x0304));
    expect(update(client, server, false)).toEqual([{ kind: 'progress', what: 'key-update' }]);
    expect(server.core.peekTransmit()).toBeUndefined();
    expect(talks(client, server)).toEqual(DATA_7);
    expect(talks(server, client)).toEqual(DATA_7);
    expect(factsOf(client, 'key-update')).toEqual([{ kind: 'key-update', by: 'local', requested: false }]);
    expect(factsOf(server, 'key-update')).toEqual([{ kind: 'key-update', by: 'peer', requested: false }]);
  });

  it('are answered when that was asked for', () => {
    const { client, server } = connect(standInPair(0x0304));
    update(client, server, true);
    receive(client.core, 0, ...drain(server.core));
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'key-update' }]);
    expect(talks(server, client)).toEqual(DATA_7);
    expect(talks(client, server)).toEqual(DATA_7);
  });

  it('are not answered after our close_notify, unless we speak again', () => {
    const { client, server } = connect(standInPair(0x0304));
    server.core.sendAlert(1, 0);
    receive(client.core, 0, ...drain(server.core));
    stepAll(client.core);
    update(client, server, true);
    expect(server.core.peekTransmit()).toBeUndefined();
    expect(talks(client, server)).toEqual(DATA_7);
    // A second close_notify (flags cleared by hand) still goes out under the old keys; data brings the answer along.
    server.core.sendAlert(1, 0);
    receive(client.core, 0, ...drain(server.core));
    expect(stepAll(client.core)).toMatchObject([{ kind: 'alert', means: 'closure' }]);
    server.core.sendData(Uint8Array.of(7));
    expect(drain(server.core)).toHaveLength(2);
    expect(factsOf(server, 'key-update').map((fact) => fact.by)).toEqual(['peer', 'local']);
  });

  it('ask for one of the peer only once until it comes', () => {
    const { client, server } = connect(standInPair(0x0304));
    client.core.keyUpdate(true);
    client.core.keyUpdate(true);
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    receive(client.core, 0, ...drain(server.core));
    stepAll(client.core);
    client.core.keyUpdate(true);
    drain(client.core);
    const asked = factsOf(client, 'key-update').filter((fact) => fact.by === 'local');
    expect(asked.map((fact) => fact.requested)).toEqual([true, false, true]);
  });

  /** The peer asks; its own keys follow, and nobody answers it yet. */
  const ask = (from: End, to: End) => {
    const record = from.core.raw.record(HANDSHAKE, keyUpdateMessage(true));
    from.core.keyUpdate(false);
    drain(from.core);
    receive(to.core, 0, record);
    expect(stepAll(to.core)).toEqual([{ kind: 'progress', what: 'key-update' }]);
  };

  it('are answered once while the answer cannot leave, however often that was asked for', () => {
    const { client, server } = connect(standInPair(0x0304));
    for (let i = 0; i < 100; i++) ask(client, server);
    const answer = drain(server.core);
    expect(answer).toHaveLength(1);
    receive(client.core, 0, ...answer);
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'key-update' }]);
    expect(talks(server, client)).toEqual(DATA_7);
    expect(talks(client, server)).toEqual(DATA_7);
  });

  it('are answered once when we speak again after our close_notify', () => {
    const { client, server } = connect(standInPair(0x0304));
    server.core.sendAlert(1, 0);
    drain(server.core);
    for (let i = 0; i < 100; i++) ask(client, server);
    server.core.sendData(Uint8Array.of(7));
    expect(drain(server.core)).toHaveLength(2);
  });

  it('exist in TLS 1.3 only, once connected', () => {
    expect(connect(standInPair(0x0303)).client.core.keyUpdate(true)).toBe(false);
    expect(standInEnd('client', 0x0304).core.keyUpdate(true)).toBe(false);
  });
});

describe('tickets', () => {
  it('are sent one at a time, by a TLS 1.3 server', () => {
    const { client, server } = connect(standInPair(0x0304));
    expect(server.core.sendTicket(0)).toBe(true);
    expect(client.core.sendTicket(0)).toBe(false);
    expect(connect(standInPair(0x0303)).server.core.sendTicket(0)).toBe(false);
    receive(client.core, 0, ...drain(server.core));
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'ticket' }]);
    expect(factsOf(server, 'ticket')).toEqual([
      { kind: 'ticket', by: 'local', lifetime: 7200, bytes: 3, afterOurClose: false },
    ]);
  });

  it('are taken after our close_notify', () => {
    const { client, server } = connect(standInPair(0x0304));
    client.core.sendAlert(1, 0);
    server.core.sendTicket(0);
    receive(client.core, 0, ...drain(server.core));
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'ticket' }]);
    expect(client.core.ticketsReceived()).toBe(1);
    expect(factsOf(client, 'ticket')).toMatchObject([{ by: 'peer', afterOurClose: true }]);
  });
});
