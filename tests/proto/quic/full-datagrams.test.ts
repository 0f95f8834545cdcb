import { describe, expect, it } from 'vitest';
import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import { createSimIdentity } from '../../../src/sim/identity.ts';
import { createRandom } from '../../../src/sim/random.ts';
import { give, quicEnds, takeAll } from './ends.ts';

describe('a server whose flight fills many datagrams and is never acknowledged', () => {
  it('never makes one that is larger than the path takes, however its probes are put together', () => {
    const identity = createSimIdentity(createNativeProvider(), createRandom('full'), 'server.example');
    const chain = [...identity.chain, new Uint8Array(9_000)];
    const ends = quicEnds('full', { server: { identity: { ...identity, chain } } });
    const sizes: number[] = [];
    for (let turn = 0, now = 0; turn < 10; turn++) {
      for (const datagram of ends.toServer.splice(0)) give(ends.server, now, datagram);
      sizes.push(...takeAll(ends.server, now).map(({ length }) => length));
      for (let i = 0; i < 2; i++) {
        const due = ends.server.core.pollTimeout() ?? now;
        if (due - now < 10_000) ends.server.core.handleTimeout(Math.max(now, due));
        sizes.push(...takeAll(ends.server, now).map(({ length }) => length));
      }
      now = ends.client.core.pollTimeout() ?? now;
      ends.client.core.handleTimeout(now);
      ends.toServer.push(...takeAll(ends.client, now));
    }
    expect(sizes.length).toBeGreaterThanOrEqual(20);
    expect(Math.max(...sizes)).toBe(1200);
  });
});
