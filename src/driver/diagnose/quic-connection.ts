import type { QuicCore } from '../../proto/quic/core.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { createChannel } from '../channel.ts';
import type { Scheduler } from '../scheduler.ts';
import { type Task, until } from '../task.ts';
import type { Connect } from '../world.ts';
import type { QuicConnectionPlan, QuicProbeLimits } from './quic-plan.ts';
import { playQuicActs } from './quic-play.ts';
import { createQuicSeen, hearQuic, type QuicTalk, sendQuic } from './quic-talk.ts';

/** What a connection of a probe wants of its core. */
export type QuicWish = { alpn?: readonly string[]; idleTimeoutMs: Millis; answerClose: boolean };

/** Where probes of QUIC take place: real sockets, or the simulator. */
export type QuicProbeWorld = {
  scheduler: Scheduler;
  /** A new socket to the target. */
  connect(emit: Emit): Connect;
  createCore(wish: QuicWish, emit: Emit): QuicCore;
  authority: string;
  limits: QuicProbeLimits;
  /** A task threw: our bug. */
  failed(error: unknown): void;
};

/** One QUIC connection of a probe, from its first packet to its end. All that is learnt is on the timeline. */
export function* probeQuicConnection(world: QuicProbeWorld, plan: QuicConnectionPlan, to: Emit): Task<void> {
  const talk = open(world, plan, to);
  const { core, channel } = talk;
  let deaf = (): void => undefined;
  try {
    if (!(yield* connected(world, talk))) return;
    core.start(talk.now());
    sendQuic(talk);
    deaf = world.scheduler.spawn(hearQuic(talk), undefined, world.failed);
    if (!(yield* shakeHands(world, plan, talk))) return;
    talk.emit({ kind: 'phase', name: 'probe' });
    yield* playQuicActs(talk, plan.acts, world);
    sendQuic(talk);
  } finally {
    deaf();
    goAway(talk);
    channel.transport.close();
  }
}

function open(world: QuicProbeWorld, plan: QuicConnectionPlan, to: Emit): QuicTalk {
  const { scheduler } = world;
  const { emit, seen } = createQuicSeen(to);
  const { alpn, idle_ms: idleTimeoutMs = IDLE_MS, mute } = plan;
  const wish = { ...(alpn === undefined ? {} : { alpn }), idleTimeoutMs, answerClose: mute !== true };
  const core = world.createCore(wish, emit);
  const channel = createChannel({ core, connect: world.connect(emit), scheduler, emit });
  return {
    ...{ core, channel, emit, seen, speaker: undefined, kept: undefined, packetsAtPing: 0 },
    now: () => scheduler.clock.now(),
  };
}

function* connected({ limits }: QuicProbeWorld, { channel, seen, emit, now }: QuicTalk): Task<boolean> {
  emit({ kind: 'phase', name: 'connect' });
  const settled = (): boolean => channel.connected() || channel.unreachable() !== undefined;
  const inTime = yield* until('the socket', settled, now() + limits.connect);
  const errno = channel.unreachable() ?? (inTime ? undefined : 'ETIMEDOUT');
  if (errno === undefined) return true;
  if (!seen.unreachable) emit({ kind: 'transport.unreachable', errno, detail: '' });
  return false;
}

function* shakeHands(world: QuicProbeWorld, plan: QuicConnectionPlan, talk: QuicTalk): Task<boolean> {
  const { core, emit, seen, now } = talk;
  const ms = world.limits.handshake;
  emit({ kind: 'phase', name: 'handshake' });
  if (plan.shaking === 'initial') return true;
  const gone = (): boolean => core.cause() !== undefined || (seen.unreachable && !seen.handshakeKeys);
  const there = (): boolean =>
    core.handshake().complete || (plan.shaking === 'handshake' && seen.handshakeKeys);
  const settled = yield* until('the handshake', () => there() || gone(), now() + ms);
  if (there() && !gone()) return true;
  if (!settled) emit({ kind: 'limit', phase: 'handshake', ms });
  if (!seen.failed) {
    const detail = settled ? 'the connection ended' : `the peer did not complete it within ${ms} ms`;
    const who = settled ? 'peer' : 'network';
    emit({ kind: 'handshake.failed', blame: who, rule: settled ? 'ended' : 'limit', detail });
  }
  // What still comes belongs to the answer.
  if (core.cause() !== undefined)
    yield* until('the end', () => core.phase() === 'terminated', now() + world.limits.end);
  return false;
}

/** What is still open when the acts are over is closed, so that the server is not left with it. */
function goAway(talk: QuicTalk): void {
  const { core, now } = talk;
  if (core.cause() !== undefined || !core.handshake().complete) return;
  talk.speaker = undefined;
  core.close(now(), { layer: 'application', code: 0n, reason: new Uint8Array(0) });
  sendQuic(talk);
}

const IDLE_MS = 30_000;
