import type { Millis } from '../../timeline/event.ts';
import type { Recovery } from './recovery/state.ts';

/** How many bytes may go out at once now, and when that was true (RFC 9002 §7.7). */
export type Pacer = {
  budget: number;
  at: Millis /** Data waits for this time. */;
  until: Millis | undefined;
};

export function createPacer(datagram: number, now: Millis): Pacer {
  return { budget: BURST * datagram, at: now, until: undefined };
}

/** May one more full datagram go out? Otherwise `until` says when: a little faster than the window would be used up in a round trip. */
export function mayBurst(pacer: Pacer, { congestion, rtt }: Recovery, now: Millis): boolean {
  const { datagram, window } = congestion;
  const rate = (GAIN * window) / Math.max(rtt.smoothed, SHORTEST_TRIP);
  pacer.budget = Math.min(BURST * datagram, pacer.budget + Math.max(0, now - pacer.at) * rate);
  pacer.at = Math.max(pacer.at, now);
  const missing = datagram - pacer.budget;
  pacer.until = missing > 0 ? pacer.at + Math.max(missing / rate, SHORTEST_WAIT) : undefined;
  return missing <= 0;
}

/** So many bytes that count against the window have left. */
export function burst(pacer: Pacer, bytes: number): void {
  pacer.budget = Math.max(0, pacer.budget - bytes);
}

/** Datagrams in a row: as many as the initial window holds. */
const BURST = 10;
/** RFC 9002 §7.7 proposes it. */
const GAIN = 1.25;
/** ms. */
const SHORTEST_TRIP = 0.1;
/** ms: no timer is finer, and rounding must not make one that never ends. */
const SHORTEST_WAIT = 1;
