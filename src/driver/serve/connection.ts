import type { RecordCore } from '../../proto/core.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { createChannel } from '../channel.ts';
import { createWitness } from '../close/witness.ts';
import type { Scheduler } from '../scheduler.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import type { Connect } from '../world.ts';
import { breakOff, listenOnly } from './break-off.ts';
import { type ExchangeEnd, exchange } from './exchange.ts';
import { createHeard, hear } from './hear.ts';
import type { ServePlan, ServeStep } from './plan.ts';
import { drained, playSteps, type Serving } from './steps.ts';

export type ServeConnection = {
  plan: ServePlan;
  connect: Connect;
  scheduler: Scheduler;
  emit: Emit;
  createCore(emit: Emit): RecordCore;
  /** A task of this connection threw: our bug. */
  failed(error: unknown): void;
};

/**
 * Serves one accepted connection to its end: handshake, exchange, the plan's way of closing, and then a while of watching what
 * the client does. Call it in the turn in which the connection came.
 */
export function serveConnection(options: ServeConnection): Task<void> {
  const { plan, connect, scheduler } = options;
  const { clock } = scheduler;
  const { emit, seen } = createWitness(
    plan.shaking === undefined ? options.emit : unfinished(options.emit),
    clock.now,
  );
  const core = options.createCore(emit);
  const channel = createChannel({ core, connect, scheduler, emit });
  const peer = {
    channel,
    emit,
    eager: true,
    ended: false,
    closed: false,
    replyAfterMs: undefined,
    replied: false,
    lastSent: NOTHING,
  };
  const heard = createHeard(clock.now());
  const serving: Serving = { plan, peer, heard, seen, answer: NOTHING };
  return lead(serving, options.failed);
}

function* lead(serving: Serving, failed: (error: unknown) => void): Task<void> {
  const { plan, seen } = serving;
  const { channel } = serving.peer;
  const { core, scheduler } = channel;
  yield* until('the connection', () => channel.connected());
  core.start(scheduler.clock.now());
  const deaf = yield* plan.shaking === undefined
    ? serveWhole(serving, failed)
    : serveBroken(serving, plan.shaking, failed);
  yield* watchClient(serving);
  if (seen.ourReset === undefined) channel.transport.close();
  deaf();
}

/** In TLS 1.2 a core is done once it has made its Finished; one that never leaves finishes nothing. */
function unfinished(emit: Emit): Emit {
  return (fact, arrived) => {
    if (fact.kind !== 'handshake.completed') emit(fact, arrived);
  };
}

type Deaf = () => void;

/** Handshake, exchange, end. Gives the call that stops listening. */
function* serveWhole(serving: Serving, failed: (error: unknown) => void): Task<Deaf> {
  const { plan, heard } = serving;
  const { channel } = serving.peer;
  const { core, scheduler } = channel;
  const { clock } = scheduler;
  const deaf = scheduler.spawn(hear(channel, heard), undefined, failed);
  const shaken = (): boolean => core.phase() === 'open' || core.phase() === 'failed' || heard.over;
  const inTime = yield* until('the handshake', shaken, clock.now() + plan.limits.handshake);
  if (!inTime) channel.emit({ kind: 'limit', phase: 'handshake', ms: plan.limits.handshake });
  if (core.phase() === 'open') {
    yield* playSteps(serving, plan.opened);
    yield* playSteps(serving, stepsFor(plan, yield* exchange(serving)));
  }
  yield* drained(serving);
  // RFC 9846 §6.2: after a fatal alert, either side's, the connection is closed; without a handshake there is none.
  if (core.phase() !== 'open') channel.transport.fin();
  return deaf;
}

function stepsFor(plan: ServePlan, end: ExchangeEnd): readonly ServeStep[] {
  if (end === 'nothing') return [];
  return plan[end] ?? [];
}

/** Leaves the handshake where the plan says. */
function* serveBroken(
  serving: Serving,
  shaking: NonNullable<ServePlan['shaking']>,
  failed: (error: unknown) => void,
): Task<Deaf> {
  const { channel } = serving.peer;
  const there = yield* breakOff(serving, shaking.at);
  const deaf = channel.scheduler.spawn(listenOnly(channel), undefined, failed);
  if (there) yield* playSteps(serving, shaking.steps);
  else channel.transport.fin();
  return deaf;
}

/** Until the client has ended its direction, or for as long as the plan says after the last thing it did. */
function* watchClient(serving: Serving): Task<void> {
  const { seen, plan, peer } = serving;
  const { clock } = peer.channel.scheduler;
  const gone = (): boolean =>
    [seen.peerFin, seen.peerReset, seen.ourReset, seen.left].some((when) => when !== undefined);
  if (plan.datagrams !== undefined) return yield* watchDatagrams(serving, plan.datagrams.hold);
  const deadline: Millis = clock.now() + plan.limits.observe;
  if (!(yield* until("the client's end", gone, deadline))) {
    peer.channel.emit({ kind: 'limit', phase: 'observe', ms: plan.limits.observe });
  }
}

/** No FIN ends an association: when both sides have closed it, or it failed, only stragglers are waited for. */
function* watchDatagrams({ seen, plan, peer, heard }: Serving, hold: boolean): Task<void> {
  const { clock } = peer.channel.scheduler;
  const closed = (): boolean => seen.ourClose !== undefined && seen.peerClose !== undefined;
  const done = (): boolean => !hold && (closed() || heard.over || peer.channel.core.phase() !== 'open');
  yield* until("the client's close", done, clock.now() + plan.limits.observe);
  if (done()) yield* sleepUntil(clock.now() + Math.min(STRAGGLING_MS, plan.limits.observe));
}

/** How long what was sent right behind a close may take. */
const STRAGGLING_MS = 300;
const NOTHING = new Uint8Array(0);
