import { describe, expect, it } from 'vitest';
import { createServerCores } from '../../src/driver/serve/core.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { Session } from '../../src/proto/handshake/session.ts';
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

describe('cores that forget what was not closed well', () => {
  const forgetful = createServerCores({
    identity,
    forgetful: true,
    deps: { provider, random: createRandom(4, 'server'), peerAuth: createSimTrust(provider) },
  });

  function visit(version: 0x0303 | 0x0304, seed: number, session: Session | undefined, closes: boolean) {
    const facts: Fact[] = [];
    const core = forgetful((fact) => void facts.push(fact));
    const offered = session === undefined ? {} : { session };
    const client = realEnd('client', { seed, config: { versions: [version], ...offered } });
    connect({ client, server: { core, facts, arrivals: [] } });
    if (closes) {
      client.core.sendAlert(1, 0);
      for (const unit of drain(client.core)) core.receive(0, { kind: 'bytes', data: unit });
      core.step(0);
    }
    return { resumed: client.core.resumed(), session: client.core.session() };
  }

  it.each([0x0303, 0x0304] as const)('resume only after close_notify, version %i', (version) => {
    const unclean = visit(version, 11, undefined, false);
    expect(unclean.session).toBeDefined();
    expect(visit(version, 12, unclean.session, false).resumed).toBe(false);
    const clean = visit(version, 13, undefined, true);
    const again = visit(version, 14, clean.session, false);
    expect(again.resumed).toBe(true);
    expect(visit(version, 15, unclean.session, false).resumed).toBe(false);
  });
});
