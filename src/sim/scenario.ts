import type { CryptoProvider, Random } from '../crypto/provider.ts';
import { playScenario, type ScriptResult } from '../driver/run-script.ts';
import { createScheduler } from '../driver/scheduler.ts';
import type { Scenario } from '../driver/script.ts';
import type { ScriptWorld } from '../driver/script-world.ts';
import type { PeerAuth } from '../proto/handshake/peer-auth.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import { createRecorder } from '../timeline/recorder.ts';
import { createSimClock, type SimClock } from './clock.ts';
import { createDatagramLink } from './datagram-link.ts';
import { createSimIdentity, createSimTrust } from './identity.ts';
import { createLink } from './link.ts';
import type { Network } from './network.ts';
import { createRandom } from './random.ts';

export type ScenarioRun = ScriptResult & { events: readonly TimelineEvent[] };

/**
 * Plays a scenario against the embedded peer, in virtual time and from one seed: the same call gives the same result
 * and the same timeline. Throws UsageError when it cannot be played.
 */
export function runScenario(
  scenario: Scenario,
  options: { profile: ScriptWorld['profile']; provider: CryptoProvider; seed?: number | string },
): ScenarioRun {
  const { profile, provider, seed = 0 } = options;
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const random = (name: string) => createRandom(seed, name);
  const world: ScriptWorld = {
    profile,
    scheduler,
    recorder,
    provider,
    identity: createSimIdentity(provider, random('identity'), 'peer.example'),
    trust: (accepts) => (accepts ? createSimTrust(provider) : refusing(createSimTrust(provider))),
    random,
    link(name, { small, datagrams, latencyMs = 0 }) {
      if (datagrams) return datagramLink(clock, random(`network ${name}`), latencyMs);
      const network: Partial<Network> = small ? SMALL : LOOPBACK;
      const link = createLink({ clock, random: random(`network ${name}`), network });
      return { local: link.left, peer: link.right };
    },
  };
  let result: ScriptResult | undefined;
  scheduler.spawn(playScenario(scenario, world), (value) => {
    result = value;
  });
  // Timers of a handshake that nobody answers can run on for ever.
  while (result === undefined && !clock.runUntilIdle(clock.now())) clock.runUntil(clock.now() + ONE_TURN_MS);
  if (result === undefined) throw new Error(`scenario ${scenario.id} did not come to an end`);
  return { ...result, events: recorder.events };
}

/** A local network: ICMP too comes back before the next call. */
function datagramLink(clock: SimClock, random: Random, latency: number): ReturnType<ScriptWorld['link']> {
  const link = createDatagramLink({ clock, random, network: { latency } });
  return { local: link.left, peer: link.right, unreachable: () => link.unreachable('right') };
}

/** A chain that leads to nobody we trust. */
function refusing(trust: PeerAuth): PeerAuth {
  return {
    examine(request) {
      const examined = trust.examine(request);
      if (examined === undefined) return undefined;
      return { ...examined, verdict: { ok: false, reason: 'self-signed certificate', alert: UNKNOWN_CA } };
    },
  };
}

const UNKNOWN_CA = 48;
const ONE_TURN_MS = 1_000;
/** On one machine a reset comes back before the next call. */
const LOOPBACK: Partial<Network> = { latency: 0 };
const SMALL: Partial<Network> = { ...LOOPBACK, sendBuffer: 8_192, window: 8_192, partialWrites: true };
