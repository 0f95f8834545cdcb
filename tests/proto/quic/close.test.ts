import { describe, expect, it } from 'vitest';
import type { CloseRequest } from '../../../src/proto/quic/core.ts';
import { OPENSSL_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import { ascii } from '../../../src/wire/bytes.ts';
import { encodeUtf8 } from '../../../src/wire/utf8.ts';
import { frames } from './forge.ts';
import { connect, factsOf, type QuicEnd, type QuicOptions, quicPair, shakeHands } from './quic-pair.ts';

const BYE: CloseRequest = { layer: 'application', code: 7n, reason: ascii('bye') };

function closesOf(end: QuicEnd, by: 'local' | 'peer') {
  return factsOf(end, 'close')
    .filter((fact) => fact.by === by)
    .map(({ frameType, code, reason, space }) => ({ frameType, code, reason, space }));
}

function statesOf(end: QuicEnd): string[] {
  return factsOf(end, 'connection-state').map(({ from, to }) => `${from} ${to}`);
}

describe('closing (RFC 9000 §10.2)', () => {
  it('says CONNECTION_CLOSE once, is silent for three PTO, and is over', () => {
    const { client, server, network } = shakeHands({ policy: { answerClose: false } });
    network.run(200);
    const before = network.sent.length;
    const { pto } = client.core.timing();
    expect(client.core.close(network.now, BYE)).toBe(true);
    expect(client.core.phase()).toBe('closing');
    expect(client.core.closingEnds()).toBeCloseTo(network.now + 3 * pto);
    network.run(20);
    expect([client.core.phase(), server.core.phase()]).toEqual(['closing', 'draining']);
    network.run(5000);
    expect([client.core.phase(), server.core.phase()]).toEqual(['terminated', 'terminated']);
    expect(network.sent.length).toBe(before + 1);
    expect(client.core.closesSent()).toBe(1);
    expect(client.core.closeReceived()).toBe(false);
    expect(statesOf(client)).toEqual(['open closing', 'closing terminated']);
    expect(statesOf(server)).toEqual(['open draining', 'draining terminated']);
    expect(server.core.cause()).toEqual({ kind: 'close', by: 'peer', ...BYE });
    expect(closesOf(server, 'peer')).toEqual([
      { frameType: 0x1d, code: 7n, reason: 'bye', space: 'application' },
    ]);
  });

  it('prints the formula', () => {
    const { client, network } = shakeHands();
    client.core.close(network.now, BYE);
    const [state] = factsOf(client, 'connection-state');
    expect(state?.formula).toMatch(
      /^3 × PTO = 3 × \(srtt [\d.]+ \+ max\(4 × rttvar [\d.]+, 1\) \+ max_ack_delay 25\) ms$/,
    );
    expect(state?.until).toBeCloseTo(network.now + 3 * (state?.ptoMs ?? 0));
  });

  it('is answered once on entering draining, and never again', () => {
    const { client, server, network } = shakeHands();
    client.core.close(network.now, BYE);
    network.run(5000);
    expect(closesOf(client, 'peer')).toEqual([
      { frameType: 0x1c, code: 0n, reason: '', space: 'application' },
    ]);
    expect(server.core.closesSent()).toBe(1);
    expect(client.core.closeReceived()).toBe(true);
    expect(client.core.cause()).toMatchObject({ by: 'local', code: 7n });
    expect(statesOf(client)).toEqual(['open closing', 'closing draining', 'draining terminated']);
  });

  it('counts the very same packet once more as a copy of the close', () => {
    const { client, server, network } = shakeHands({ policy: { answerClose: false } });
    server.core.close(network.now, BYE);
    network.run(20);
    const datagram = network.sent.findLast(({ from }) => from === 'server')?.datagram ?? new Uint8Array(0);
    client.core.receive(network.now, { kind: 'bytes', data: datagram });
    network.run(5);
    const copies = factsOf(client, 'close').filter(({ by }) => by === 'peer');
    expect(copies.map(({ copy, identical }) => [copy, identical])).toEqual([
      [1, undefined],
      [2, true],
    ]);
    expect(copies[0]?.packet).toBe(copies[1]?.packet);
  });

  it('keeps the time of the end when draining follows on closing', () => {
    const { client, network } = shakeHands();
    client.core.close(network.now, BYE);
    const ends = client.core.closingEnds();
    network.run(20);
    expect(client.core.phase()).toBe('draining');
    expect(client.core.closingEnds()).toBe(ends);
  });

  it('keeps the first request', () => {
    const { client, network } = shakeHands();
    client.core.close(network.now, BYE);
    expect(client.core.close(network.now, { ...BYE, code: 9n })).toBe(false);
    expect(client.core.cause()).toMatchObject({ code: 7n });
  });

  it('by both at once keeps each side to its own cause', () => {
    const { client, server, network } = shakeHands();
    client.core.close(network.now, BYE);
    server.core.close(network.now, { ...BYE, code: 8n });
    network.run(5000);
    expect(client.core.cause()).toMatchObject({ by: 'local', code: 7n });
    expect(server.core.cause()).toMatchObject({ by: 'local', code: 8n });
    expect([client.core.closesSent(), server.core.closesSent()]).toEqual([1, 1]);
  });

  it('with a code of the transport goes in a 0x1c frame', () => {
    const { client, server, network } = shakeHands();
    client.core.close(network.now, { layer: 'transport', code: 1n, frameType: 8n, reason: ascii('x') });
    network.run(5000);
    expect(factsOf(server, 'close')[0]).toMatchObject({ frameType: 0x1c, code: 1n, errorFrame: 8n });
  });

  it.each(['client', 'server'] as const)('before anything was sent says nothing (%s)', (role) => {
    const pair = quicPair();
    expect(pair[role].core.close(0, BYE)).toBe(true);
    expect(pair[role].core.phase()).toBe('terminated');
    expect(pair[role].core.peekTransmit(0)).toBeUndefined();
    expect(pair[role].core.pollTimeout()).toBeUndefined();
  });

  it('going away without a word sends nothing', () => {
    const { client, server, network } = shakeHands({ policy: { idleTimeoutMs: 500 } });
    client.core.abandon(network.now);
    const before = network.sent.length;
    network.run(3000);
    expect(network.sent.slice(before).filter(({ from }) => from === 'client')).toEqual([]);
    expect(client.core.cause()).toMatchObject({ kind: 'aborted' });
    expect(server.core.cause()).toMatchObject({ kind: 'idle-timeout' });
  });
});

describe('a close in early spaces (RFC 9000 §10.2.3)', () => {
  /** Closes one end as soon as the network has been so far; what the other side hears. */
  function early(
    role: 'client' | 'server',
    after: (facts: QuicEnd['facts']) => boolean,
    options: QuicOptions = {},
  ) {
    const pair = quicPair(options);
    const network = connect(pair);
    network.run(2000, () => after(pair[role].facts));
    pair[role].core.close(network.now, BYE);
    network.run(5000);
    const other = role === 'client' ? pair.server : pair.client;
    return { heard: closesOf(other, 'peer'), said: closesOf(pair[role], 'local'), network, pair };
  }
  const EARLY = { frameType: 0x1c, code: 0x0cn, reason: '' };

  it('from a client with nothing but its Initial keys: 0x1c APPLICATION_ERROR in a datagram of 1200 bytes', () => {
    const pair = quicPair();
    const network = connect(pair);
    pair.client.core.close(0, BYE);
    network.run(5000);
    expect(closesOf(pair.client, 'local')).toEqual([{ ...EARLY, space: 'initial' }]);
    expect(network.sent[0]?.datagram.length).toBe(1200);
    expect(pair.server.core.cause()).toMatchObject({
      kind: 'close',
      by: 'peer',
      layer: 'transport',
      code: 0x0cn,
    });
    expect(factsOf(pair.server, 'handshake.failed')).toHaveLength(1);
  });

  it('from a server that does not know what the client can read: in Initial and Handshake', () => {
    const { said, heard } = early('server', (facts) =>
      facts.some((fact) => fact.kind === 'transport-parameters'),
    );
    expect(said).toEqual([
      { ...EARLY, space: 'initial' },
      { ...EARLY, space: 'handshake' },
    ]);
    expect(heard[0]).toEqual({ ...EARLY, space: 'initial' });
  });

  it('from a client before confirmation: as it is in 1-RTT, and in Handshake in a datagram of its own', () => {
    const completed = (facts: QuicEnd['facts']) => facts.some((fact) => fact.kind === 'handshake.completed');
    const { said, network } = early('client', completed);
    expect(said).toEqual([
      { frameType: 0x1d, code: 7n, reason: 'bye', space: 'application' },
      { ...EARLY, space: 'handshake' },
    ]);
    // Short header, long header: a peer without Handshake keys may drop whatever shares a datagram with a Handshake packet.
    const last = network.sent.filter(({ from }) => from === 'client').slice(-2);
    expect(last.map(({ datagram }) => (datagram[0] ?? 0) >> 7)).toEqual([0, 1]);
  });

  it('lasts three PTO of the initial round trip time where no sample was taken', () => {
    const pair = quicPair();
    const network = connect(pair, () => []);
    pair.client.core.close(0, BYE);
    network.run(2990);
    expect(pair.client.core.phase()).toBe('closing');
    network.run(100);
    expect(pair.client.core.phase()).toBe('terminated');
  });
});

describe('what comes while closing', () => {
  function heardAndSaid(policy: QuicOptions['policy']) {
    const { client, server, network } = shakeHands({ policy: { ...policy, answerClose: false } });
    network.run(200);
    // The close is lost; the server goes on talking.
    client.core.close(network.now, BYE);
    let first = true;
    network.fate = (from) => {
      if (from === 'client' && first) {
        first = false;
        return [];
      }
      return from === 'client' ? [] : [1];
    };
    const end = network.now + 40;
    for (let i = 0; i < 9; i++) {
      server.core.ping();
      network.run((end - network.now) / 9);
    }
    return { said: client.core.closesSent(), heard: factsOf(client, 'heard') };
  }

  it('is answered the 1st, 2nd, 4th, 8th time', () => {
    const { said, heard } = heardAndSaid({});
    expect(heard).toHaveLength(9);
    expect(heard[0]).toMatchObject({ state: 'closing', packets: ['1rtt'] });
    expect(said).toBe(1 + 4);
  });

  it('is answered always, or never, where that is the policy', () => {
    expect(heardAndSaid({ closeRepetition: 'always' }).said).toBe(1 + 9);
    expect(heardAndSaid({ closeRepetition: 'never' }).said).toBe(1);
  });

  it('tells copies of the peer apart from others', () => {
    const { client, server, network } = shakeHands({ policy: { answerClose: false } });
    for (const reason of ['a', 'a', 'b']) {
      const payload = frames({
        type: 'connection_close',
        layer: 'application',
        code: 1n,
        reason: ascii(reason),
      });
      const datagram = server.core.raw.packet('application', payload, network.now);
      if (datagram !== undefined) server.core.raw.send(datagram);
      network.run(3);
    }
    network.run(10);
    expect(factsOf(client, 'close').filter(({ by }) => by === 'peer')).toMatchObject([
      { copy: 1, reason: 'a' },
      { copy: 2, identical: true, sinceLastMs: 3 },
      { copy: 3, identical: false, reason: 'b' },
    ]);
    expect(client.core.cause()).toMatchObject({ reason: ascii('a') });
  });
});

describe('the reason', () => {
  const long = encodeUtf8('é'.repeat(2000));
  const said = (options: QuicOptions, reason = long) => {
    const { client, server, network } = shakeHands(options);
    client.core.close(network.now, { ...BYE, reason });
    network.run(50);
    const [fact] = factsOf(server, 'close');
    const [own] = factsOf(client, 'close');
    return { bytes: fact?.reasonBytes ?? 0, hex: fact?.reasonHex, cut: own?.reasonCut };
  };

  it('is cut between characters', () => {
    const reasonLimit = { most: 1024, cut: 'character' } as const;
    expect(said({ policy: { reasonLimit } })).toEqual({ bytes: 1024, hex: undefined, cut: 4000 - 1024 });
    expect(said({ policy: { reasonLimit: { most: 601, cut: 'character' } } }).bytes).toBe(600);
  });

  it('is cut to what fits the packet', () => {
    const { bytes } = said({});
    expect(bytes).toBeGreaterThan(1100);
    expect(bytes).toBeLessThan(1190);
    expect(bytes % 2).toBe(0);
  });

  it('is cut anywhere at 600 bytes by the profile of OpenSSL', () => {
    const odd = encodeUtf8(`a${'é'.repeat(400)}`);
    expect(said({ both: { policy: OPENSSL_QUIC_POLICY } }, odd)).toMatchObject({ bytes: 600, cut: 201 });
    expect(said({ both: { policy: OPENSSL_QUIC_POLICY } }, odd).hex).toMatch(/c3$/);
  });

  it('of any bytes is told in hex when it is no text', () => {
    expect(said({}, Uint8Array.of(0xff, 0x41)).hex).toBe('ff41');
  });
});

describe('the profile of OpenSSL', () => {
  const both = { policy: OPENSSL_QUIC_POLICY };

  it('says nothing with a code of 2^62, and closes all the same', () => {
    const { client, server, network } = shakeHands({ both });
    expect(client.core.close(network.now, { ...BYE, code: 2n ** 62n })).toBe(true);
    network.run(1000);
    expect(client.core.phase()).toBe('terminated');
    expect(server.core.phase()).toBe('open');
  });

  it('while the RFC has no such code: nothing is begun', () => {
    const { client, network } = shakeHands();
    expect(client.core.close(network.now, { ...BYE, code: 2n ** 62n })).toBe(false);
    expect(client.core.phase()).toBe('open');
    expect(client.core.close(network.now, { ...BYE, code: 2n ** 62n - 1n })).toBe(true);
  });

  it('lets a full window hold the close back for ever', () => {
    const { client, server, network } = shakeHands({ both });
    const id = client.core.streams.open('bidi') ?? 0n;
    client.core.streams.write(id, new Uint8Array(60_000));
    network.fate = () => [];
    network.run(1);
    client.core.close(network.now, BYE);
    network.fate = () => [5];
    network.run(2000);
    expect(client.core.closesSent()).toBe(0);
    expect(server.core.phase()).toBe('open');
  });
});
