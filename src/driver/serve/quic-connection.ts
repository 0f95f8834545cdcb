import type { QuicCore } from '../../proto/quic/core.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { encodeUtf8 } from '../../wire/utf8.ts';
import type { Scheduler } from '../scheduler.ts';
import { createSpeaker } from '../stream-speaker.ts';
import { type Task, until } from '../task.ts';
import type { Connect } from '../world.ts';
import { exchangeFor, protocolOf } from './quic-exchange.ts';
import type { QuicMoment, QuicServePlan } from './quic-plan.ts';
import { createQuicServing, flush, isOver, type QuicServing } from './quic-serving.ts';
import { playQuicSteps } from './quic-steps.ts';

export type ServeQuicConnection = {
  plan: QuicServePlan;
  connect: Connect;
  scheduler: Scheduler;
  emit: Emit;
  createCore(emit: Emit): QuicCore;
  /** What was thought of the token that the client brought. */
  token?: 'accepted' | 'refused';
  /** A task of this connection threw: our bug. */
  failed(error: unknown): void;
};

type Reach = (moment: QuicMoment) => void;

/**
 * Serves one QUIC connection from its first datagram until its closing or draining period is over. Call it in the turn in which the
 * client came.
 */
export function serveQuicConnection(options: ServeQuicConnection): Task<void> {
  const { token, emit } = options;
  if (token !== undefined) emit({ kind: 'token', by: 'peer', what: token, bytes: 0 });
  return lead(createQuicServing(options), options);
}

function* lead(serving: QuicServing, { scheduler, failed }: ServeQuicConnection): Task<void> {
  const { channel, core, plan } = serving;
  const stops: (() => void)[] = [];
  const played = new Set<QuicMoment>();
  const reach: Reach = (moment) => {
    const steps = plan.steps[moment];
    if (steps === undefined || played.has(moment)) return;
    played.add(moment);
    stops.push(scheduler.spawn(playQuicSteps(serving, steps), undefined, failed));
  };
  try {
    yield* until('the connection', () => channel.connected());
    core.start(serving.now());
    stops.push(scheduler.spawn(hear(serving, reach), undefined, failed));
    yield* shakeHands(serving);
    yield* watch(serving, reach);
    // The port answers in its place, as long as it is open: somebody has to keep it open for the last client.
    if (serving.forgotten)
      yield* until('the client to hear of it', () => false, serving.now() + FORGOTTEN_MS);
  } finally {
    for (const stop of stops) stop();
    if (!serving.forgotten) channel.transport.close();
  }
}

/** Takes in what comes, and says what is to be said to it. What a moment's steps do at once is done before anything else leaves. */
function* hear(serving: QuicServing, reach: Reach): Task<void> {
  const { core } = serving;
  for (;;) {
    yield* until('the client', () => core.ready());
    while (core.ready()) {
      core.step(serving.now());
      serving.datagrams += 1;
    }
    if (serving.helloSeen) reach('begun');
    if (core.handshake().complete) reach('opened');
    const wasAsked = speak(serving);
    if (wasAsked) reach('asked');
    if (core.closeReceived()) reach('closing');
    flush(serving);
    if (wasAsked) reach('answered');
  }
}

/** True once something was asked for. */
function speak(serving: QuicServing): boolean {
  const { core, plan, emit } = serving;
  if (!core.handshake().complete) return false;
  const { received } = core.streams.counts();
  if (plan.exchange === 'silent') return received > 0;
  const alpn = core.handshake().info?.alpn ?? '';
  serving.speaker ??= createSpeaker({
    core,
    exchange: exchangeFor(plan, alpn, emit),
    close: (code, reason) =>
      core.close(serving.now(), { layer: 'application', code, reason: encodeUtf8(reason) }),
  });
  serving.speaker.turn();
  if (plan.exchange === 'echo' || protocolOf(alpn) === undefined) return received > 0;
  return serving.speaker.exchange.status().answered > 0;
}

function* shakeHands({ core, plan, now, emit }: QuicServing): Task<void> {
  const ms = plan.limits.handshake;
  const settled = (): boolean => core.handshake().complete || core.cause() !== undefined;
  if (yield* until('the handshake', settled, now() + ms)) return;
  emit({ kind: 'limit', phase: 'handshake', ms });
  core.abandon(now());
}

/** To the end. What is not acknowledged still moves, whoever is waited for. */
function* watch(serving: QuicServing, reach: Reach): Task<void> {
  const { core, plan, now } = serving;
  for (let due = firstDue(serving); !isOver(serving); ) {
    const since: Millis = serving.active;
    const changed = (): boolean => isOver(serving) || serving.active !== since;
    if (yield* until('the end of the connection', changed, due)) {
      if (due !== undefined) due = serving.active + plan.limits.idle;
    } else if (core.streams.flushed()) {
      reach('quiet');
      due = undefined;
    } else due = now() + plan.limits.idle;
  }
}

function firstDue({ now, plan }: QuicServing): Millis | undefined {
  return now() + plan.limits.idle;
}
/** Several probe timeouts of a client on a path that is not slow. */
const FORGOTTEN_MS = 2000;
