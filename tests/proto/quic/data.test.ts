import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/sim/random.ts';
import { connect, type Fate, factsOf, isConfirmed, quicPair, shakeHands } from './quic-pair.ts';

const MIB = 1_048_576;

/** The server sends everything back; the bytes are the place they stand at. */
function echo(total: number, fate?: Fate, limit = 600_000) {
  const { client, server, network } = shakeHands({}, fate);
  const id = client.core.streams.open('bidi') ?? 0n;
  const pattern = Uint8Array.from({ length: 65_521 }, (_, i) => i % 251);
  let written = 0;
  let got = 0;
  let wrong = 0;
  let over = false;
  let there: bigint | undefined;
  const turn = (): boolean => {
    while (written < total) {
      const start = written % 251;
      const taken = client.core.streams.write(id, pattern.subarray(start, start + total - written));
      written += taken;
      if (taken === 0) break;
    }
    if (written === total) client.core.streams.conclude(id);
    there ??= server.core.streams.accept();
    while (there !== undefined) {
      const room = server.core.streams.writable(there);
      const read = server.core.streams.read(there, room);
      if (read.kind === 'fin') server.core.streams.conclude(there);
      if (read.kind !== 'data') break;
      server.core.streams.write(there, read.data);
      if (read.fin) server.core.streams.conclude(there);
    }
    for (;;) {
      const read = client.core.streams.read(id, 65_536);
      if (read.kind === 'fin') over = true;
      if (read.kind !== 'data') break;
      for (const byte of read.data) if (byte !== got++ % 251) wrong++;
      over ||= read.fin;
    }
    return over && client.core.streams.flushed() && server.core.streams.flushed();
  };
  network.run(limit, turn);
  return { client, server, network, got, wrong, over };
}

describe('data', () => {
  it('of 1 MiB goes both ways, byte for byte, and all of it is acknowledged', () => {
    const { client, server, got, wrong, over } = echo(MIB);
    expect({ got, wrong, over }).toEqual({ got: MIB, wrong: 0, over: true });
    expect(client.core.streams.counts()).toEqual({
      ...{ written: MIB, sent: MIB, acknowledged: MIB, received: MIB, read: MIB },
    });
    expect(server.core.streams.counts().acknowledged).toBe(MIB);
    expect(factsOf(client, 'packet-lost')).toEqual([]);
  });

  it.each([1, 2, 3])('arrives through loss, copies and disorder (seed %i)', (seed) => {
    const random = createRandom(seed, 'net');
    const roll = (): number => (random(1)[0] ?? 0) / 256;
    const { got, wrong, over, client } = echo(200_000, () =>
      roll() < 0.1 ? [] : roll() < 0.1 ? [30, 90] : [20 + 15 * roll()],
    );
    expect({ got, wrong, over }).toEqual({ got: 200_000, wrong: 0, over: true });
    expect(factsOf(client, 'packet-lost').length).toBeGreaterThan(0);
  });

  it('waits for credit, and goes on when the other side reads', () => {
    const { client, server, network } = shakeHands();
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(400_000));
    network.run(5000);
    expect(client.core.streams.counts().sent).toBe(262_144);
    expect(client.core.streams.flushed()).toBe(false);
    network.run(60_000, () => {
      while (server.core.streams.read(id, 65_536).kind === 'data');
      return client.core.streams.flushed();
    });
    expect(client.core.streams.counts().acknowledged).toBe(400_000);
  });

  it('may be sent by a server as soon as the client can read it', () => {
    const pair = quicPair();
    const network = connect(pair);
    network.run(1000, () => pair.server.core.phase() === 'open');
    const id = pair.server.core.streams.open('uni') ?? 0n;
    pair.server.core.streams.write(id, new Uint8Array(10));
    network.run(1000, () => isConfirmed(pair) && pair.client.core.streams.readable(id));
    expect(pair.client.core.streams.read(id, 100)).toMatchObject({ kind: 'data' });
  });
});
