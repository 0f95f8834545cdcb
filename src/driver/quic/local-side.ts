import { createQuicCore } from '../../proto/quic/connection.ts';
import type { QuicObject } from '../../shutdown/quic/connection.ts';
import { tick } from '../../shutdown/quic/events.ts';
import { quicDoHandshake } from '../../shutdown/quic/handshake.ts';
import type { Millis } from '../../timeline/event.ts';
import { perform } from '../call.ts';
import type { Scenario } from '../script.ts';
import { bad } from '../script-fields.ts';
import type { ScriptWorld } from '../script-world.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import { createQuicPeer, type QuicPeer } from './peer.ts';
import { createRelay, type Relay } from './relay.ts';
import { localConfig } from './script-configs.ts';
import { createQuicSide, type QuicSide } from './side.ts';

/** The local side of a `quic` scenario as its steps see it. */
export type QuicLocal = Pick<QuicSide, 'channel' | 'ssl' | 'stop'> & {
  readonly side: QuicSide;
  readonly scenario: Scenario;
  readonly world: ScriptWorld;
  readonly relay: Relay;
  readonly peer: QuicPeer;
  /** Stream objects by their names. */
  readonly streams: Map<string, QuicObject>;
};

/** Both ends, and the relay between them; nobody has said anything yet. */
export function* openQuic(scenario: Scenario, world: ScriptWorld): Task<QuicLocal> {
  const { setup } = scenario;
  const { scheduler, provider, profile } = world;
  const emit = world.recorder.emitter('local');
  const latencyMs = Math.max(LEAST_LATENCY_MS, (setup.rtt_ms ?? 0) / 2);
  const link = world.link('local', { small: false, datagrams: true, latencyMs });
  const relay = createRelay(emit, link.unreachable);
  const core = createQuicCore('client', localConfig(scenario, world), {
    ...{ random: world.random('local'), provider, emit, peerAuth: world.trust(setup.verify !== true) },
  });
  const explicitEvents = setup.explicit_events === true;
  const pump = explicitEvents ? 'on-call' : setup.pump;
  const side = createQuicSide({
    ...{ core, profile, explicitEvents, scheduler, emit },
    connect: relay.through(link.local),
    blocking: setup.blocking === true,
    defaultStream: setup.default_stream === false ? 'none' : 'auto-bidi',
    ...(pump !== undefined && { pump }),
  });
  const peer = createQuicPeer(scenario, world, link.peer);
  if (setup.thread_assisted === true && side.ssl.pump === 'on-call') scheduler.spawn(assist(side));
  yield* until('the socket', () => side.channel.connected());
  const { channel, ssl, stop } = side;
  return { side, channel, ssl, stop, scenario, world, relay, peer, streams: new Map() };
}

/**
 * OpenSSL's assisting thread: it sleeps until the timer that it knew of when it went to sleep, and handles events then. What the
 * application's calls change meanwhile does not wake it, so that all it does for long is to keep the connection alive.
 */
function* assist({ ssl, channel }: QuicSide): Task<void> {
  const { core } = ssl;
  yield* until('the handshake', () => ssl.started);
  while (core.phase() !== 'terminated') {
    const due = core.pollTimeout() ?? channel.scheduler.clock.now() + UNTIMED_MS;
    yield* sleepUntil(due);
    if (!channel.transport.writable()) return;
    tick(ssl);
  }
}

/** The harness's own handshake: it handles events, however the scenario does, and goes on until all is quiet. */
export function* settleHandshake(local: QuicLocal): Task<void> {
  const { channel, ssl, world, scenario } = local;
  const limit = world.scheduler.clock.now() + HANDSHAKE_LIMIT_MS;
  for (;;) {
    const spec = { fn: 'SSL_do_handshake', make: () => quicDoHandshake(ssl) };
    const { ret, queue } = yield* perform(channel, ssl, spec, {
      blocking: true,
      limitMs: HANDSHAKE_LIMIT_MS,
    });
    if (ret === 1) break;
    if (ret === 0 || world.scheduler.clock.now() >= limit) {
      throw bad(`the handshake failed: ${queue.join(', ') || 'it did not complete'}`);
    }
    yield* nextEvent(local, limit);
    tick(ssl);
  }
  local.side.calling = true;
  yield* handleEventsFor(local, QUIET_MS + 2 * (scenario.setup.rtt_ms ?? 0));
  local.side.calling = false;
}

/** SSL_handle_events again and again, for so long. */
export function* handleEventsFor(local: QuicLocal, ms: Millis): Task<void> {
  const { clock } = local.world.scheduler;
  const end = clock.now() + ms;
  for (tick(local.ssl); clock.now() < end; tick(local.ssl)) yield* nextEvent(local, end);
}

/** Until something came, the core's time has come, or the deadline. */
function* nextEvent({ ssl }: QuicLocal, deadline: Millis): Task<void> {
  const { ticks } = ssl;
  const due = ssl.core.pollTimeout() ?? Number.POSITIVE_INFINITY;
  yield* until('an event', () => ssl.core.ready() || ssl.ticks !== ticks, Math.min(due, deadline));
}

const UNTIMED_MS = 1_000;
/** A path without any delay would answer in the middle of a call. A power of two, so that times stay exact. */
const LEAST_LATENCY_MS = 1 / 16;
const HANDSHAKE_LIMIT_MS = 10_000;
/** Until then late acknowledgements have come and gone. */
const QUIET_MS = 80;
