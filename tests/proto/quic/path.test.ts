import { describe, expect, it } from 'vitest';
import { factsOf, shakeHands } from './quic-pair.ts';

function whats(end: Parameters<typeof factsOf>[0]): string[] {
  return factsOf(end, 'path').map(({ by, what }) => `${by} ${what}`);
}

describe('a client that moves (RFC 9000 §9)', () => {
  it('is followed to its new address, which is validated', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    network.clientAddress = '198.51.100.7:9000';
    client.core.ping();
    network.run(200);
    expect(server.core.transmitTo()).toBe('198.51.100.7:9000');
    expect(whats(server)).toEqual(['peer migrated', 'local challenge', 'peer response', 'peer validated']);
    const id = server.core.streams.open('uni') ?? 0n;
    server.core.streams.write(id, new Uint8Array(100_000));
    server.core.streams.conclude(id);
    network.run(5000, () => {
      while (client.core.streams.read(id, 65_536).kind === 'data');
      return server.core.streams.flushed();
    });
    expect(server.core.streams.flushed()).toBe(true);
  });

  it('is not sent more than three times what came from an address before it is validated', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    const id = server.core.streams.open('uni') ?? 0n;
    server.core.streams.write(id, new Uint8Array(100_000));
    network.clientAddress = '198.51.100.7:9000';
    client.core.ping();
    let came = 0;
    let went = 0;
    network.fate = (from, datagram) => {
      if (from === 'client') came += datagram.length;
      else if (server.core.transmitTo() === '198.51.100.7:9000') went += datagram.length;
      return from === 'client' && came === datagram.length ? [5] : [];
    };
    network.run(300);
    expect(came).toBeGreaterThan(0);
    expect(went).toBeLessThanOrEqual(3 * came);
  });

  it('that does not answer there is talked to where it was', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    const home = network.clientAddress;
    network.clientAddress = '198.51.100.7:9000';
    client.core.ping();
    network.run(6);
    network.clientAddress = home;
    network.fate = () => [];
    network.run(4000, () => whats(server).includes('local failed'));
    expect(whats(server)).toContain('local failed');
    expect(server.core.transmitTo()).toBe(home);
    expect(server.core.phase()).toBe('open');
  });

  it('cannot move while the handshake lasts', () => {
    const { server, network, client } = shakeHands({}, undefined);
    expect(server.core.transmitTo()).toBe(network.clientAddress);
    expect(client.core.transmitTo()).toBe('192.0.2.2:443');
  });
});

describe('PATH_CHALLENGE', () => {
  it('is answered in a datagram of full size', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    const before = network.sent.length;
    client.core.challengePath(network.now);
    network.run(50);
    expect(whats(client)).toEqual(['local challenge', 'peer response', 'peer validated']);
    expect(whats(server)).toEqual(['peer challenge', 'local response']);
    expect(network.sent.slice(before, before + 2).map(({ datagram }) => datagram.length)).toEqual([
      1200, 1200,
    ]);
    expect(factsOf(client, 'connection-id')).toContainEqual(
      expect.objectContaining({ by: 'local', what: 'retired', sequence: 0 }),
    );
  });

  it('is repeated when it is lost', () => {
    const { client, network } = shakeHands();
    network.run(100);
    let lost = false;
    network.fate = (from) => {
      if (from === 'client' && !lost) {
        lost = true;
        return [];
      }
      return [5];
    };
    client.core.challengePath(network.now);
    network.run(2000);
    expect(whats(client).filter((what) => what === 'local challenge').length).toBeGreaterThan(1);
    expect(whats(client)).toContain('peer validated');
  });

  it('that comes a hundred times at once is answered a few times', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    const payload = new Uint8Array(9 * 100).fill(0x1a);
    client.core.raw.frames('application', payload);
    network.run(100);
    const responses = factsOf(server, 'path').filter(({ what, by }) => by === 'local' && what === 'response');
    expect(responses.length).toBeGreaterThan(0);
    expect(responses.length).toBeLessThanOrEqual(4);
  });
});
