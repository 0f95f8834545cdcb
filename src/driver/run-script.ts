import { type Connection, type LocalSide, openConnection, shakeHands } from './local-side.ts';
import { actLocally } from './local-steps.ts';
import type { Observation } from './observe.ts';
import { drain } from './peer.ts';
import { classifyData, type PeerSight, peerObserved } from './peer-observed.ts';
import { actAsPeer } from './peer-steps.ts';
import { noteProfileRange } from './profile-range.ts';
import { playQuic } from './quic/play.ts';
import type { WireSeen } from './quic/wire-seen.ts';
import type { Scenario, ScenarioProtocol } from './script.ts';
import { createConfigs } from './script-configs.ts';
import { bad } from './script-fields.ts';
import type { PeerStep, Step } from './script-ops.ts';
import type { ScriptWorld } from './script-world.ts';
import { sleepUntil, type Task } from './task.ts';
import { type Failure, unmet } from './unmet.ts';

/** What a scenario came to, in the case format. `failures`: the `expect`s that were not met. */
export type ScriptResult = {
  id: string;
  protocol: ScenarioProtocol;
  observed: Observation[];
  peer_observed: PeerSight[];
  /** QUIC alone. */
  wire?: WireSeen;
  failures: Failure[];
};

/** Plays a scenario. Throws UsageError for what cannot be played here. */
export function* playScenario(scenario: Scenario, world: ScriptWorld): Task<ScriptResult> {
  const { id, protocol } = scenario;
  const emit = world.recorder.emitter('local');
  for (const text of scenario.notes) emit({ kind: 'note', code: 'scenario', text });
  const played = protocol === 'quic' ? playQuic(scenario, world) : playRecords(scenario, world);
  return { id, protocol, ...(yield* played) };
}

/** TLS and DTLS. */
function* playRecords(scenario: Scenario, world: ScriptWorld): Task<Omit<ScriptResult, 'id' | 'protocol'>> {
  const { protocol, setup } = scenario;
  const emit = world.recorder.emitter('local');
  noteProfileRange(emit, world.profile, protocol === 'dtls1.3');
  const manual = setup.handshake === 'manual';
  const configs = createConfigs(scenario, world);
  const connection = yield* openConnection(scenario, world, configs, { name: '', manual });
  if (!manual) yield* mustShakeHands(connection, world);
  const begun = world.recorder.events.length;
  const blocking = setup.blocking === true;
  const side: LocalSide = {
    scenario,
    world,
    configs,
    blocking,
    connection,
    saved: undefined,
    closed: false,
  };
  const { observed, failures } = yield* playSteps(side, scenario.steps);
  // Whoever stopped reading looks once more at what has come.
  connection.peer.channel.transport.resume();
  yield* settle(world, setup.final_settle_ms ?? FINAL_SETTLE_MS);
  drain(connection.peer);
  const events = world.recorder.events.slice(begun).filter((event) => event.conn === 'peer');
  const sights = [...peerObserved(events, manual), ...unfinished(connection)];
  const classed = setup.peer_data_class === true || setup.data_expect !== undefined;
  return {
    observed,
    peer_observed: classed ? classifyData(sights, setup.data_expect) : sights,
    failures,
  };
}

function* mustShakeHands(connection: Connection, world: ScriptWorld): Task<void> {
  const { ret, queue } = yield* shakeHands(connection);
  if (ret !== 1) throw bad(`the handshake failed: ${queue.join(', ') || 'it did not complete'}`);
  yield* settle(world, AROUND_PEER_MS);
}

function* playSteps(
  side: LocalSide,
  steps: readonly Step[],
): Task<{ observed: Observation[]; failures: Failure[] }> {
  const observed: Observation[] = [];
  const failures: Failure[] = [];
  for (const [index, step] of steps.entries()) {
    if ('local' in step) {
      const seen = yield* actLocally(side, step);
      observed.push(seen);
      failures.push(...unmet(step.expect, seen, `steps[${index}].expect`));
      if (seen.blocked === true) break;
      yield* settle(side.world, BETWEEN_CALLS_MS);
    } else if ('net' in step) {
      side.connection.net.apply(step.net);
      side.world.scheduler.poke();
    } else {
      yield* peerStep(side, step);
    }
  }
  return { observed, failures };
}

function* peerStep(side: LocalSide, step: PeerStep): Task<void> {
  const { clock } = side.world.scheduler;
  const { peer } = side.connection;
  if (step.afterMs !== undefined) {
    clock.at(clock.now() + step.afterMs, () => actAsPeer(peer, step));
    return;
  }
  yield* settle(side.world, AROUND_PEER_MS);
  actAsPeer(peer, step);
  yield* settle(side.world, AROUND_PEER_MS);
}

function* settle(world: ScriptWorld, ms: number): Task<void> {
  yield* sleepUntil(world.scheduler.clock.now() + ms);
}

/** Part of a record is all that came: the rest never will. */
function unfinished({ peer, datagrams }: Connection): PeerSight[] {
  const { core } = peer.channel;
  if (datagrams) return [];
  return !peer.ended && core.unread() > 0 && !core.ready() ? [{ incomplete_record: true }] : [];
}

/** Around an act of the peer: what was sent has arrived, and everybody has looked. */
const AROUND_PEER_MS = 20;
/** Between two calls only kernels act. A power of two, so that times stay exact. */
const BETWEEN_CALLS_MS = 1 / 16;
const FINAL_SETTLE_MS = 60;
