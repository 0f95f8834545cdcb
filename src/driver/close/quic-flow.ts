import { tellFlush } from '../../shutdown/quic/close.ts';
import type { ShutdownExFlag } from '../../shutdown/types.ts';
import { startPump } from '../quic-pump.ts';
import { type Task, until } from '../task.ts';
import { quicShutdownCall } from './quic-calls.ts';
import type { QuicClosing } from './quic-closing.ts';
import { establishQuic } from './quic-establish.ts';
import { exchangeQuic, keepListening } from './quic-exchange.ts';
import { looksAfterClose } from './quic-plan.ts';

/**
 * One QUIC connection from its first packet to its end, in the way the plan says: handshake, exchange, idle, close, then a while of
 * listening. The socket is closed in any case.
 */
export function* quicFlow(closing: QuicClosing): Task<void> {
  try {
    if (yield* establishQuic(closing)) yield* closePhases(closing);
  } finally {
    closing.channel.transport.close();
  }
}

function* closePhases(closing: QuicClosing): Task<void> {
  const { plan, ssl, channel, emit } = closing;
  let stop = plan.quic.closeIn === '1rtt' ? startPump(ssl, channel.scheduler) : () => {};
  let deaf = (): void => {};
  try {
    const speaker = yield* exchangeQuic(closing);
    if (speaker !== undefined) deaf = channel.scheduler.spawn(keepListening(closing, speaker));
    if (plan.idleMs > 0 && isOpen(closing)) {
      emit({ kind: 'phase', name: 'idle' });
      yield* until('the end of the idle time', () => !isOpen(closing), closing.now() + plan.idleMs);
    }
    // Where nobody handles events between calls, the calls of closing are all there is.
    if (ssl.pump === 'on-call') stop();
    emit({ kind: 'phase', name: 'close' });
    yield* close(closing);
    stop();
    if (looksAfterClose(plan)) {
      stop = startPump(ssl, channel.scheduler);
      yield* listen(closing);
    }
  } finally {
    stop();
    deaf();
    // Where no call of ours came to closing, this is all there is to say.
    tellFlush(ssl);
  }
}

function* close(closing: QuicClosing): Task<void> {
  const { plan, emit } = closing;
  const { mode } = plan.quic;
  const deadline = closing.now() + plan.limits.close;
  if (mode === 'vanish') return;
  const answer = yield* quicShutdownCall(closing, flagsOf(closing), deadline, () => isSaid(closing));
  if (answer.blocked !== true) return;
  emit({ kind: 'limit', phase: 'close', ms: plan.limits.close });
  if (!isOpen(closing)) return;
  // Whoever does not want to wait any longer still says good-bye; what was not acknowledged stays so.
  yield* quicShutdownCall(closing, ['RAPID', 'NO_STREAM_FLUSH'], closing.now(), () => true);
}

function flagsOf({ plan }: QuicClosing): ShutdownExFlag[] {
  const { mode, streamFlush } = plan.quic;
  return [
    ...(mode === 'rapid' ? (['RAPID'] as const) : []),
    ...(streamFlush ? [] : (['NO_STREAM_FLUSH'] as const)),
    ...(plan.noBlock ? (['NO_BLOCK'] as const) : []),
    ...(mode === 'wait-peer' ? (['WAIT_PEER'] as const) : []),
  ];
}

/** RAPID is done with CONNECTION_CLOSE, every other way when the connection is over: then the call returns 1. */
function isSaid(closing: QuicClosing): boolean {
  return closing.plan.quic.mode === 'rapid' && !isOpen(closing);
}

/** To the end of closing, and then as long as was asked for. */
function* listen(closing: QuicClosing): Task<void> {
  const { core, plan, emit } = closing;
  const { lingerMs = 0 } = plan;
  if (core.closingEnds() !== undefined) yield* until('the end of closing', () => isOver(closing));
  if (lingerMs === 0) return;
  emit({ kind: 'phase', name: 'linger' });
  const end = closing.now() + lingerMs;
  while (closing.now() < end) {
    yield* until('a datagram', () => core.ready(), end);
    if (core.ready()) core.step(closing.now());
  }
}

function isOpen({ core }: QuicClosing): boolean {
  const phase = core.phase();
  return phase === 'idle' || phase === 'handshake' || phase === 'open';
}

function isOver({ core }: QuicClosing): boolean {
  return core.phase() === 'terminated';
}
