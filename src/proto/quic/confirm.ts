import type { Millis } from '../../timeline/event.ts';
import { issueLocalIds } from './connection-ids.ts';
import { discardKeys } from './keys.ts';
import { discardSpace } from './recovery/loss-timer.ts';
import type { QuicState } from './state.ts';

/** The handshake is complete; for a server it is confirmed with that (RFC 9001 §4.1.1, §4.1.2). */
export function onHandshakeComplete(state: QuicState, now: Millis): void {
  if (state.phase === 'handshake') state.phase = 'open';
  const { outbox, config, peer, ours } = state;
  issueLocalIds(ours, Number(peer?.activeConnectionIdLimit ?? LEAST_ID_LIMIT));
  if (state.role === 'client') return;
  outbox.handshakeDone = true;
  outbox.newToken = config.newToken !== undefined;
  confirm(state, now);
}

/** HANDSHAKE_DONE came, or is about to be sent: nobody needs the Handshake keys any more (§4.9.2). */
export function confirm(state: QuicState, now: Millis): void {
  if (state.handshake.confirmed) return;
  state.handshake.confirmed = true;
  discard(state, 'handshake', now);
}

/** Keys, and everything under way in that space (§4.9). */
export function discard(state: QuicState, space: 'initial' | 'handshake', now: Millis): void {
  const own = state.spaces[space];
  if (own.discarded) return;
  own.discarded = true;
  own.ackNow = false;
  own.probes = 0;
  own.raw.length = 0;
  discardKeys(state.keys, space);
  discardSpace(state.recovery, space, now);
}

/** RFC 9000 §18.2. */
const LEAST_ID_LIMIT = 2;
