import { describe, expect, it } from 'vitest';
import { factsOf, shakeHands } from './quic-pair.ts';

describe('key update (RFC 9001 §6)', () => {
  it('by the client is followed by the server', () => {
    const { client, server, network } = shakeHands();
    client.core.ping();
    network.run(100);
    expect(client.core.updateKeys(network.now)).toBe(true);
    expect(client.core.updateKeys(network.now)).toBe(false);
    client.core.ping();
    network.run(100);
    expect(factsOf(client, 'quic-key-update')).toMatchObject([{ by: 'local', phase: 1, generation: 1 }]);
    expect(factsOf(server, 'quic-key-update')).toMatchObject([{ by: 'peer', phase: 1, generation: 1 }]);
    const last = factsOf(client, 'packet').at(-1);
    expect(last).toMatchObject({ by: 'peer', keyPhase: 1 });
  });

  it('needs a confirmed handshake', () => {
    const { client } = shakeHands();
    client.core.close(0, { layer: 'application', code: 0n, reason: new Uint8Array(0) });
    expect(client.core.updateKeys(0)).toBe(false);
  });

  it('comes by itself after so many packets, from both sides, without a byte lost', () => {
    const { client, server, network } = shakeHands({ policy: { keyUpdatePackets: 20 } });
    const id = client.core.streams.open('uni') ?? 0n;
    const total = 200_000;
    client.core.streams.write(id, new Uint8Array(total).fill(1));
    client.core.streams.conclude(id);
    let got = 0;
    network.run(20_000, () => {
      for (
        let read = server.core.streams.read(id, 65_536);
        read.kind === 'data';
        read = server.core.streams.read(id, 65_536)
      )
        got += read.data.length;
      return client.core.streams.flushed();
    });
    expect(got).toBe(total);
    const generations = factsOf(client, 'quic-key-update').map(({ generation }) => generation);
    expect(Math.max(...generations)).toBeGreaterThan(3);
    expect([client.core.phase(), server.core.phase()]).toEqual(['open', 'open']);
  });

  it('survives loss and reordering', () => {
    let at = 0;
    const { client, server, network } = shakeHands({ policy: { keyUpdatePackets: 15 } }, () =>
      at++ % 7 === 3 ? [] : [5 + ((at * 13) % 20)],
    );
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(150_000));
    client.core.streams.conclude(id);
    network.run(60_000, () => {
      while (server.core.streams.read(id, 65_536).kind === 'data');
      return client.core.streams.flushed();
    });
    expect(client.core.streams.flushed()).toBe(true);
    expect(factsOf(client, 'fault')).toEqual([]);
  });
});
