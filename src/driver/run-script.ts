import { type Connection, type LocalSide, openConnection, shakeHands } from './local-side.ts';
import { actLocally } from './local-steps.ts';
import type { Observation } from './observe.ts';
import { drain } from './peer.ts';
import { classifyData, type PeerSight, peerObserved } from './peer-observed.ts';
import { actAsPeer } from './peer-steps.ts';
import { noteProfileRange } from './profile-range.ts';
import type { Scenario, ScenarioProtocol } from './script.ts';
import { createConfigs } from './script-configs.ts';
import { bad, show } from './script-fields.ts';
import type { Expectation, PeerStep, Step } from './script-ops.ts';
import type { ScriptWorld } from './script-world.ts';
import { sleepUntil, type Task } from './task.ts';

/** What a scenario came to, in the case format. `failures`: the `expect`s that were not met. */
export type ScriptResult = {
  id: string;
  protocol: ScenarioProtocol;
  observed: Observation[];
  peer_observed: PeerSight[];
  failures: Failure[];
};

export type Failure = { path: string; expected: unknown; actual: unknown };

/** Plays a scenario. Throws UsageError for what cannot be played here. */
export function* playScenario(scenario: Scenario, world: ScriptWorld): Task<ScriptResult> {
  const { protocol, setup } = scenario;
  if (protocol === 'quic') {
    throw bad(
      `protocol: ${protocol} scenarios cannot be played yet`,
      'tls1.2, tls1.3, dtls1.2 and dtls1.3 can',
    );
  }
  const emit = world.recorder.emitter('local');
  for (const text of scenario.notes) emit({ kind: 'note', code: 'scenario', text });
  noteProfileRange(emit, world.profile, protocol === 'dtls1.3');
  const manual = setup.handshake === 'manual';
  const configs = createConfigs(scenario, world);
  const connection = yield* openConnection(scenario, world, configs, { name: '', manual });
  if (!manual) yield* mustShakeHands(connection, world);
  const begun = world.recorder.events.length;
  const blocking = setup.blocking === true;
  const side: LocalSide = { scenario, world, configs, blocking, connection, saved: undefined, closed: false };
  const { observed, failures } = yield* playSteps(side, scenario.steps);
  // Whoever stopped reading looks once more at what has come.
  connection.peer.channel.transport.resume();
  yield* settle(world, setup.final_settle_ms ?? FINAL_SETTLE_MS);
  drain(connection.peer);
  const events = world.recorder.events.slice(begun).filter((event) => event.conn === 'peer');
  const sights = [...peerObserved(events, manual), ...unfinished(connection)];
  const classed = setup.peer_data_class === true || setup.data_expect !== undefined;
  return {
    id: scenario.id,
    protocol,
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

function unmet(expect: Expectation | undefined, seen: Observation, path: string): Failure[] {
  const actual: Readonly<Record<string, unknown>> = seen;
  return Object.entries(expect ?? {}).flatMap(([key, expected]) =>
    show(expected) === show(actual[key]) && JSON.stringify(expected) === JSON.stringify(actual[key])
      ? []
      : [{ path: `${path}.${key}`, expected, actual: actual[key] ?? null }],
  );
}

/** Around an act of the peer: what was sent has arrived, and everybody has looked. */
const AROUND_PEER_MS = 20;
/** Between two calls only kernels act. A power of two, so that times stay exact. */
const BETWEEN_CALLS_MS = 1 / 16;
const FINAL_SETTLE_MS = 60;
