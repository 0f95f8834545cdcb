import { describe, expect, it } from 'vitest';
import { DEFAULT_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import { parsePacket } from '../../../src/wire/quic-packet.ts';
import { connect, factsOf, isConfirmed, quicConfig, quicEnd, quicPair, shakeHands } from './quic-pair.ts';

/** Types of the packets in a datagram. */
function typesOf(datagram: Uint8Array): string[] {
  const types: string[] = [];
  for (let at = 0; at < datagram.length; ) {
    const header = parsePacket(datagram, at, 8);
    types.push(header.form === 'long' || header.form === 'short' ? header.type : header.form);
    at = header.end;
  }
  return types;
}

describe('datagrams of the handshake', () => {
  it('hold packets of several spaces (RFC 9000 §12.2)', () => {
    const { network } = shakeHands();
    expect(typesOf(network.sent[0]?.datagram ?? new Uint8Array(0))).toEqual(['initial']);
    const [fromServer] = network.sent.filter(({ from }) => from === 'server');
    expect(typesOf(fromServer?.datagram ?? new Uint8Array(0))).toEqual(['initial', 'handshake']);
    const second = network.sent.filter(({ from }) => from === 'client')[1];
    expect(typesOf(second?.datagram ?? new Uint8Array(0))).toEqual(['initial', 'handshake', '1rtt']);
  });

  it('have 1200 bytes where an Initial is in them, from a client always (§14.1)', () => {
    const { network } = shakeHands();
    const withInitial = network.sent.filter(({ datagram }) => typesOf(datagram).includes('initial'));
    expect(withInitial.length).toBeGreaterThan(1);
    for (const { datagram } of withInitial) expect(datagram.length).toBe(1200);
  });

  it('never are longer than the limit', () => {
    const { network, client } = shakeHands({ both: { maxDatagram: 1350 } });
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(50_000));
    network.run(1000);
    const sizes = network.sent.map(({ datagram }) => datagram.length);
    expect(Math.max(...sizes)).toBe(1350);
  });

  it('that overtake others are kept for a moment', () => {
    const pair = quicPair();
    // The server's first datagram comes last, the client's second one after its third.
    const network = connect(pair, (from, _datagram, index) =>
      from === 'server' && index === 1 ? [60] : [5],
    );
    network.run(5000, () => isConfirmed(pair));
    expect(isConfirmed(pair)).toBe(true);
  });

  it('are three times what came at most, before the client is known to be there (§8.1)', () => {
    const pair = quicPair();
    let out = 0;
    const network = connect(pair, (from, datagram, index) => {
      if (from === 'server') out += datagram.length;
      return index === 0 ? [5] : [];
    });
    network.run(100_000, () => pair.server.core.phase() === 'terminated');
    expect(out).toBeGreaterThan(1200);
    expect(out).toBeLessThanOrEqual(3600);
  });

  it('wait for the client when the flight is larger than that (RFC 9002 §6.2.2.1)', () => {
    const { identity } = quicConfig('server');
    if (identity === undefined) throw new Error('no identity');
    const chain = [...identity.chain, new Uint8Array(9000).fill(0x30)];
    for (const lost of [-1, 1, 2, 3, 4, 5]) {
      const pair = quicPair({ server: { identity: { ...identity, chain } }, client: { verify: 'report' } });
      const network = connect(pair, (_from, _datagram, index) => (index === lost ? [] : [5]));
      network.run(20_000, () => isConfirmed(pair));
      expect([lost, isConfirmed(pair)]).toEqual([lost, true]);
    }
  });

  it('are asked for by a client whose server may not speak (RFC 9002 §6.2.2.1)', () => {
    const pair = quicPair();
    let lost = 0;
    const network = connect(pair, (from) => {
      if (from === 'server' && lost < 3) {
        lost++;
        return [];
      }
      return [5];
    });
    network.run(30_000, () => isConfirmed(pair));
    expect(isConfirmed(pair)).toBe(true);
  });
});

describe('a server', () => {
  it('ignores an Initial in a small datagram', () => {
    const client = quicEnd('client');
    client.core.start(0);
    const first = client.core.peekTransmit(0)?.slice() ?? new Uint8Array(0);
    const server = quicEnd('server');
    server.core.start(0);
    server.core.receive(0, { kind: 'bytes', data: first.subarray(0, 1199) });
    server.core.step(0);
    expect(server.core.peekTransmit(0)).toBeUndefined();
    expect(factsOf(server, 'dropped')).toHaveLength(1);
  });

  it('leaves the bytes of a datagram as they were, a Buffer’s too', () => {
    const client = quicEnd('client');
    client.core.start(0);
    const first = Buffer.from(client.core.peekTransmit(0) ?? []);
    const before = Buffer.from(first);
    const server = quicEnd('server');
    server.core.start(0);
    server.core.receive(0, { kind: 'bytes', data: first });
    server.core.step(0);
    expect(factsOf(server, 'packet')).toHaveLength(1);
    expect(first.equals(before)).toBe(true);
  });

  it('drops a copy of a packet', () => {
    const { server } = shakeHands({}, () => [5, 6]);
    expect(factsOf(server, 'dropped').some(({ reason }) => reason === 'replayed')).toBe(true);
  });
});

describe('what is not to be sent', () => {
  it('counts as lost when the unit that waits is discarded', () => {
    const { client, server, network } = shakeHands();
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(100).fill(5));
    expect(client.core.peekTransmit(network.now)).toBeDefined();
    client.core.discardTransmit();
    network.run(1000);
    expect(server.core.streams.read(id, 1000)).toMatchObject({ kind: 'data' });
  });

  it('is believed to be sent while muted, and comes again when it is not acknowledged', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    client.core.raw.mute('everything', true);
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(100).fill(5));
    network.run(10);
    expect(client.core.peekTransmit(network.now)).toBeUndefined();
    expect(server.core.streams.accept()).toBeUndefined();
    client.core.raw.mute('everything', false);
    network.run(2000);
    expect(server.core.streams.read(id, 1000)).toMatchObject({ kind: 'data' });
  });

  it('makes a peer ask again when ACKs are muted', () => {
    const { client, server, network } = shakeHands({ policy: { idleTimeoutMs: 3000 } });
    network.run(100);
    server.core.raw.mute('acks', true);
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(100).fill(5));
    network.run(1000);
    expect(client.core.streams.flushed()).toBe(false);
    expect(factsOf(client, 'probe').length).toBeGreaterThan(2);
  });
});

describe('grease (RFC 9287, RFC 9000 §18.1)', () => {
  it('clears the fixed bit now and then where both may', () => {
    const { network, client, server } = shakeHands({ policy: { grease: true } });
    for (let i = 0; i < 30; i++) {
      client.core.ping();
      network.run(30);
    }
    const bits = network.sent.map(({ datagram }) => (datagram[0] ?? 0) & 0x40);
    expect(new Set(bits)).toEqual(new Set([0, 0x40]));
    expect(factsOf(server, 'dropped')).toEqual([]);
    expect(client.core.phase()).toBe('open');
  });

  it('does not where one may not', () => {
    const { network } = shakeHands({ client: { policy: { ...DEFAULT_QUIC_POLICY, grease: true } } });
    network.run(100);
    expect(network.sent.every(({ datagram }) => ((datagram[0] ?? 0) & 0x40) === 0x40)).toBe(true);
  });
});
