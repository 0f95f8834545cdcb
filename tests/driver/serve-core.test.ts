import { describe, expect, it } from 'vitest';
import { createServerCores } from '../../src/driver/serve/core.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { connect, drain, factsOf } from '../proto/tls-pair.ts';
import { realEnd } from '../proto/tls-real.ts';

const provider = createNativeProvider();
const identity = createSimIdentity(provider, createRandom(1, 'identity'), 'localhost');
const createCore = createServerCores({
  identity,
  deps: { provider, random: createRandom(3, 'server'), peerAuth: createSimTrust(provider) },
});

describe('a core of serve', () => {
  it.each([
    [0x0303, 512],
    [0x0304, 511],
  ] as const)('keeps to the record_size_limit of its client, version %i', (version, most) => {
    const facts: Fact[] = [];
    const core = createCore((fact) => void facts.push(fact));
    const server = { core, facts, arrivals: [] };
    const client = realEnd('client', { config: { versions: [version], recordSizeLimit: 512 } });
    connect({ client, server });
    expect(core.phase()).toBe('open');
    core.sendData(new Uint8Array(2_000));
    drain(core);
    expect(factsOf(server, 'data').map(({ bytes }) => bytes)).toEqual([most, most, most, 2_000 - 3 * most]);
  });
});
