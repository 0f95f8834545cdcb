import { noteProfileRange } from '../profile-range.ts';
import { sleepUntil, type Task } from '../task.ts';
import type { Closing } from './closing.ts';
import { listen } from './datagram-listen.ts';
import type { DatagramPlan } from './datagram-plan.ts';
import { repeatCloseNotify } from './datagram-retry.ts';
import { establish } from './establish.ts';
import { exchange } from './exchange.ts';
import { closeBy } from './modes.ts';
import { looksAtPeer } from './plan.ts';

/**
 * One association from the first ClientHello to its end, in the way the plan says: handshake, exchange, idle, close, then what
 * the peer does about it. There is no FIN to wait for, so the wait is for its close_notify, and then a moment for stragglers.
 */
export function* datagramFlow(closing: Closing, plan: DatagramPlan): Task<void> {
  const stop = repeatCloseNotify(closing, plan.retryClose);
  try {
    if (yield* establish(closing)) {
      noteProfileRange(closing.emit, plan.profile, closing.seen.version === 'DTLSv1.3');
      yield* closePhases(closing, plan);
    }
  } finally {
    stop();
    closing.channel.transport.close();
  }
}

function* closePhases(closing: Closing, plan: DatagramPlan): Task<void> {
  const { emit } = closing;
  const exchanged = yield* exchange(closing);
  if (plan.idleMs > 0 && exchanged === 'open') {
    emit({ kind: 'phase', name: 'idle' });
    yield* sleepUntil(closing.now() + plan.idleMs);
  }
  const begun = closing.now();
  if (exchanged !== 'broken') {
    emit({ kind: 'phase', name: 'close' });
    if (!plan.vanish) yield* closeBy(closing, exchanged);
  }
  if (looksAtPeer(plan)) yield* listen(closing, begun);
}
