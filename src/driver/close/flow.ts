import { unreadInSocket } from '../../shutdown/ssl.ts';
import type { Millis } from '../../timeline/event.ts';
import { sleepUntil, type Task } from '../task.ts';
import type { Closing } from './closing.ts';
import { establish } from './establish.ts';
import { exchange } from './exchange.ts';
import { linger } from './linger.ts';
import { closeBy, sendFin } from './modes.ts';
import { looksAtPeer } from './plan.ts';
import { reuse } from './reuse.ts';
import { watch } from './watch.ts';

/**
 * One connection from TCP to its end, in the way the plan says: connect, handshake, exchange, idle, close, then what the
 * peer does about it. Everything learnt is on the timeline; nothing is returned. The transport is closed in any case.
 */
export function* closeFlow(closing: Closing): Task<void> {
  try {
    if (yield* establish(closing)) yield* closePhases(closing);
  } finally {
    hangUp(closing);
  }
}

function* closePhases(closing: Closing): Task<void> {
  const { plan, emit } = closing;
  const exchanged = yield* exchange(closing);
  if (plan.idleMs > 0 && exchanged === 'open') {
    emit({ kind: 'phase', name: 'idle' });
    yield* sleepUntil(closing.now() + plan.idleMs);
  }
  const begun = closing.now();
  let reusedAt: Millis | undefined;
  if (exchanged !== 'broken') {
    emit({ kind: 'phase', name: 'close' });
    const end = yield* closeBy(closing, exchanged);
    if (end === 'done' && plan.then !== undefined) {
      yield* reuse(closing);
      // Whoever goes on in clear text owes nothing: the end is ours to begin.
      sendFin(closing);
      reusedAt = closing.now();
    }
  }
  if (!looksAtPeer(plan)) return;
  // What does not wait for the peer has its FIN sent before anybody looks.
  if (plan.mode === 'rapid' || plan.mode === 'quiet') sendFin(closing);
  yield* watch(closing, begun, reusedAt);
  yield* linger(closing);
}

/** close(2). A kernel resets when bytes are unread (discrepancy 15); whether we follow it is the profile's choice. */
function hangUp(closing: Closing): void {
  const { channel, seen } = closing;
  if (channel.connected()) {
    if (closing.plan.mode === 'rapid' && !looksAtPeer(closing.plan)) resetUnread(closing);
    if (seen.ourReset === undefined && seen.peerReset === undefined) endOurs(closing);
  }
  channel.transport.close();
}

/** With the peer's FIN read, close(2) finds nothing unread and sends our FIN by itself, which is the quicker way. */
function endOurs(closing: Closing): void {
  const { seen, core, emit } = closing;
  if (seen.peerFin === undefined || core.unread() > 0) sendFin(closing);
  else if (seen.ourFin === undefined) emit({ kind: 'transport.fin', by: 'local', certainty: 'sure' });
}

function resetUnread({ channel, ssl, emit }: Closing): void {
  const unread = unreadInSocket(ssl);
  if (unread === 0 || ssl.choices.closeOverUnread !== 'reset') return;
  if (channel.transport.reset({ dropPending: false }) !== 'done') return;
  emit({ kind: 'note', code: 'unread-at-close', text: `closed with ${unread} bytes unread, which resets` });
}
