import { describe, expect, it } from 'vitest';
import { burst, createPacer, mayBurst } from '../../../src/proto/quic/pacing.ts';
import { createRecovery } from '../../../src/proto/quic/recovery/state.ts';
import { shakeHands } from './quic-pair.ts';

describe('pacing (RFC 9002 §7.7)', () => {
  it('lets ten datagrams go in a row, then one after the other', () => {
    const recovery = createRecovery({ role: 'client', maxDatagram: 1200, now: 0 });
    const pacer = createPacer(1200, 0);
    let sent = 0;
    while (mayBurst(pacer, recovery, 0)) {
      burst(pacer, 1200);
      sent++;
    }
    expect(sent).toBe(10);
    // 1.25 windows of 12,000 bytes in 333 ms: a datagram takes 26.6 ms.
    expect(pacer.until).toBeCloseTo(26.64);
    expect(mayBurst(pacer, recovery, 26)).toBe(false);
    expect(mayBurst(pacer, recovery, 27)).toBe(true);
    expect(pacer.until).toBeUndefined();
  });

  it('spreads a large transfer, and holds nothing back for good', () => {
    const { client, server, network } = shakeHands({}, () => [50]);
    network.run(500);
    const before = network.sent.length;
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(200_000));
    client.core.streams.conclude(id);
    network.run(20_000, () => {
      while (server.core.streams.read(id, 65_536).kind === 'data');
      return client.core.streams.flushed();
    });
    expect(client.core.streams.flushed()).toBe(true);
    const perMoment = new Map<number, number>();
    for (const { from, at } of network.sent.slice(before))
      if (from === 'client') perMoment.set(at, (perMoment.get(at) ?? 0) + 1);
    expect(Math.max(...perMoment.values())).toBe(10);
  });

  it('does not hold back ACKs, probes or the close', () => {
    const { client, network } = shakeHands({}, () => [50]);
    const id = client.core.streams.open('uni') ?? 0n;
    client.core.streams.write(id, new Uint8Array(200_000));
    network.run(1);
    client.core.close(network.now, { layer: 'application', code: 0n, reason: new Uint8Array(0) });
    network.run(1);
    expect(client.core.closesSent()).toBe(1);
  });
});
