import { isOverdue, noteStandstill } from '../../shutdown/quic/events.ts';
import type { Observation } from '../observe.ts';
import { classifyData, type PeerSight } from '../peer-observed.ts';
import type { Scenario } from '../script.ts';
import type { PeerStep } from '../script-ops.ts';
import type { ScriptWorld } from '../script-world.ts';
import { sleepUntil, type Task } from '../task.ts';
import { type Failure, unmet } from '../unmet.ts';
import { openQuic, type QuicLocal, settleHandshake } from './local-side.ts';
import { actOnQuic } from './local-steps.ts';
import { lookAround } from './peer.ts';
import { actAsQuicPeer } from './peer-steps.ts';
import { type WireSeen, wireSeen } from './wire-seen.ts';

type Played = {
  observed: Observation[];
  peer_observed: PeerSight[];
  wire: WireSeen;
  failures: Failure[];
};

/** Plays a scenario of protocol `quic`. Throws UsageError for what cannot be played. */
export function* playQuic(scenario: Scenario, world: ScriptWorld): Task<Played> {
  const { setup, steps } = scenario;
  const local = yield* openQuic(scenario, world);
  if (setup.handshake !== 'manual') yield* settleHandshake(local);
  const observed: Observation[] = [];
  const failures: Failure[] = [];
  for (const [index, step] of steps.entries()) {
    if ('local' in step) {
      const seen = yield* actOnQuic(local, step);
      observed.push(seen);
      failures.push(...unmet(step.expect, seen, `steps[${index}].expect`));
      if (seen.blocked === true) break;
      yield* settle(local, BETWEEN_CALLS_MS);
    } else if ('net' in step) {
      local.relay.apply(step.net);
      world.scheduler.poke();
    } else yield* peerStep(local, step);
  }
  yield* settle(local, setup.final_settle_ms ?? FINAL_SETTLE_MS + inFlight(local));
  const { peer, ssl } = local;
  // Closed, and what has come since was heard by nobody.
  if (ssl.pump === 'on-call' && !ssl.explicitEvents && ssl.core.phase() === 'closing' && isOverdue(ssl)) {
    noteStandstill(ssl);
  }
  peer.reading = true;
  lookAround(peer);
  local.stop();
  const classed = setup.peer_data_class === true || setup.data_expect !== undefined;
  return {
    observed,
    peer_observed: classed ? classifyData(peer.sights, setup.data_expect) : peer.sights,
    wire: wireSeen(world.recorder.events, world.profile),
    failures,
  };
}

function* peerStep(local: QuicLocal, step: PeerStep): Task<void> {
  const { clock } = local.world.scheduler;
  const act = (): void => actAsQuicPeer(local.peer, local.relay, step);
  if (step.afterMs !== undefined) {
    clock.at(clock.now() + step.afterMs, act);
    return;
  }
  yield* settle(local, AROUND_PEER_MS + inFlight(local));
  act();
  yield* settle(local, AROUND_PEER_MS + inFlight(local));
}

/** Long enough for what is under way. */
function inFlight({ scenario }: QuicLocal): number {
  return 1.5 * (scenario.setup.rtt_ms ?? 0);
}

function* settle({ world }: QuicLocal, ms: number): Task<void> {
  yield* sleepUntil(world.scheduler.clock.now() + ms);
}

/** Around an act of the peer: what was sent has arrived, and everybody has looked. */
const AROUND_PEER_MS = 25;
/** Between two calls only kernels act. A power of two, so that times stay exact. */
const BETWEEN_CALLS_MS = 1 / 16;
const FINAL_SETTLE_MS = 60;
