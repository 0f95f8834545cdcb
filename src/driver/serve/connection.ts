import { CONTINUE, createRequestReader, httpAnswer, looksLikeHttp } from '../../exchange/http-server.ts';
import type { TlsCore } from '../../proto/core.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import { createChannel } from '../channel.ts';
import { createWitness } from '../close/witness.ts';
import type { Scheduler } from '../scheduler.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import type { Connect } from '../world.ts';
import { createHeard, hear, takeHeard } from './hear.ts';
import type { ServePlan } from './plan.ts';
import { drained, playSteps, type Serving } from './steps.ts';

export type ServeConnection = {
  plan: ServePlan;
  connect: Connect;
  scheduler: Scheduler;
  emit: Emit;
  createCore(emit: Emit): TlsCore;
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
  const { emit, seen } = createWitness(options.emit, clock.now);
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
  const { plan, heard, seen } = serving;
  const { channel } = serving.peer;
  const { core, scheduler } = channel;
  const { clock } = scheduler;
  yield* until('the connection', () => channel.connected());
  core.start(clock.now());
  const deaf = scheduler.spawn(hear(channel, heard), undefined, failed);
  const shaken = (): boolean => core.phase() === 'open' || core.phase() === 'failed' || heard.over;
  const inTime = yield* until('the handshake', shaken, clock.now() + plan.limits.handshake);
  if (!inTime) channel.emit({ kind: 'limit', phase: 'handshake', ms: plan.limits.handshake });
  if (core.phase() === 'open') {
    yield* playSteps(serving, plan.opened);
    const end = yield* exchange(serving);
    if (end !== 'nothing') yield* playSteps(serving, end === 'answered' ? plan.answered : plan.closing);
  }
  yield* drained(serving);
  // RFC 9846 §6.2: after a fatal alert, either side's, the connection is closed; without a handshake there is none.
  if (core.phase() !== 'open') channel.transport.fin();
  yield* watchClient(serving);
  if (seen.ourReset === undefined) channel.transport.close();
  deaf();
}

/** `answered`: a request has come · `closing`: the client closed first · `nothing`: it is gone, or said nothing for too long. */
function* exchange(serving: Serving): Task<'answered' | 'closing' | 'nothing'> {
  const { plan } = serving;
  let kind = plan.exchange;
  let first: Uint8Array = NOTHING;
  const reader = createRequestReader();
  for (;;) {
    const more = yield* nextData(serving);
    if (more === 'closing' || more === 'nothing') return more;
    let data = more;
    if (kind === 'auto') {
      first = concat(first, data);
      const http = looksLikeHttp(first);
      if (http === 'maybe') continue;
      kind = http === 'yes' ? 'http' : 'echo';
      data = first;
    }
    if (kind === 'echo') yield* say(serving, data);
    if (kind !== 'http') continue;
    const result = reader.feed(data);
    if (result.kind === 'continue') yield* say(serving, CONTINUE);
    if (result.kind === 'request') {
      serving.answer = httpAnswer(plan, result.request);
      return 'answered';
    }
  }
}

function* nextData(serving: Serving): Task<Uint8Array | 'closing' | 'nothing'> {
  const { heard, seen, plan, peer } = serving;
  const { clock } = peer.channel.scheduler;
  const any = (): boolean =>
    heard.waitingBytes > 0 || heard.closeNotify || heard.over || seen.peerReset !== undefined;
  const came = yield* until('the client', any, clock.now() + plan.limits.idle);
  if (heard.waitingBytes > 0) return takeHeard(heard);
  if (!came) peer.channel.emit({ kind: 'limit', phase: 'exchange', ms: plan.limits.idle });
  return heard.closeNotify || heard.fin ? 'closing' : 'nothing';
}

function* say(serving: Serving, data: Uint8Array): Task<void> {
  // Whose behaviour was to close first has nothing more to say.
  if (serving.seen.ourClose !== undefined) return;
  serving.peer.channel.core.sendData(data);
  yield* drained(serving);
}

/** Until the client has ended its direction, or for as long as the plan says after the last thing it did. */
function* watchClient(serving: Serving): Task<void> {
  const { seen, plan, peer } = serving;
  const { clock } = peer.channel.scheduler;
  const gone = (): boolean =>
    seen.peerFin !== undefined || seen.peerReset !== undefined || seen.ourReset !== undefined;
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
