import type { Millis } from '../../../timeline/event.ts';
import type { Space } from '../core.ts';
import type { SentPacket } from '../sent.ts';
import { detectLoss, type Lost, peerValidatedUs } from './loss.ts';
import { ptoOf } from './rtt.ts';
import { emptySpace, initialCongestion, initialRtt, type Recovery, SPACES } from './state.ts';

/** What the rest of the connection knows. */
export type TimerContext = {
  hasHandshakeKeys: boolean;
  /** The handshake is confirmed (RFC 9001 §4.1.2). */
  confirmed: boolean;
  /** A server that may not send before more has come (RFC 9000 §8.1). */
  blockedByAmplification: boolean;
};

/** `count`: the how manieth in a row. `waitedMs`: how long it took, backoff included. */
export type Probe = { space: Space; count: number; waitedMs: Millis };

/** When `onLossTimer` is to be called (RFC 9002 appendix A.8). It can lie in the past: then at once. */
export function lossTimer(recovery: Recovery, context: TimerContext): Millis | undefined {
  return earliestLoss(recovery)?.at ?? probeDue(recovery, context)?.at;
}

/** RFC 9002 appendix A.9: packets are lost, or it is time for one or two ack-eliciting ones in that space. Nothing when it is too early. */
export function onLossTimer(
  recovery: Recovery,
  now: Millis,
  context: TimerContext,
): { lost: Lost[]; probe?: Probe } {
  const loss = earliestLoss(recovery);
  if (loss !== undefined) {
    return { lost: loss.at > now ? [] : detectLoss(recovery, recovery.spaces[loss.space], now) };
  }
  const due = probeDue(recovery, context);
  if (due === undefined || due.at > now) return { lost: [] };
  recovery.probes++;
  recovery.waitingSince = now;
  return { lost: [], probe: { space: due.space, count: recovery.probes, waitedMs: due.waited } };
}

/** Keys of that space are gone: what was under way in it says nothing any more (RFC 9002 §6.4). */
export function discardSpace(recovery: Recovery, space: Space, now: Millis): void {
  const { congestion, spaces } = recovery;
  for (const { inFlight, bytes } of spaces[space].sent) if (inFlight) congestion.inFlight -= bytes;
  spaces[space] = { ...emptySpace(), largestSent: spaces[space].largestSent };
  recovery.probes = 0;
  recovery.waitingSince = now;
}

/**
 * After a Retry all begins again, except packet numbers (RFC 9002 §6.3; RFC 9000 §17.2.5.3). Gives what had been sent: it has to be said
 * once more.
 */
export function resetForRetry(recovery: Recovery, now: Millis): SentPacket[] {
  const { sent } = recovery.spaces.initial;
  discardSpace(recovery, 'initial', now);
  recovery.rtt = initialRtt();
  recovery.congestion = initialCongestion(recovery.congestion.datagram);
  return sent;
}

/** Ack-eliciting packets without an answer, oldest first: what a probe may repeat. */
export function unanswered(recovery: Recovery, space: Space): SentPacket[] {
  return recovery.spaces[space].sent.filter(({ ackEliciting }) => ackEliciting);
}

function earliestLoss({ spaces }: Recovery): { space: Space; at: Millis } | undefined {
  let earliest: { space: Space; at: Millis } | undefined;
  for (const space of SPACES) {
    const at = spaces[space].lossAt;
    if (at !== undefined && (earliest === undefined || at < earliest.at)) earliest = { space, at };
  }
  return earliest;
}

function probeDue(
  recovery: Recovery,
  context: TimerContext,
): { space: Space; at: Millis; waited: Millis } | undefined {
  if (context.blockedByAmplification) return undefined;
  const backoff = 2 ** Math.min(recovery.probes, MOST_DOUBLINGS);
  let first: { space: Space; at: Millis; waited: Millis } | undefined;
  for (const space of SPACES) {
    const { sent, lastElicitingAt } = recovery.spaces[space];
    if (lastElicitingAt === undefined || !sent.some(({ ackEliciting }) => ackEliciting)) continue;
    // Before it is confirmed the peer may be unable to read 1-RTT packets (§6.2.1).
    if (space === 'application' && !context.confirmed) continue;
    const waited = ptoOf(recovery, space) * backoff;
    const at = lastElicitingAt + waited;
    if (first === undefined || at < first.at) first = { space, at, waited };
  }
  if (first !== undefined || peerValidatedUs(recovery, context.confirmed)) return first;
  // Anti-deadlock (§6.2.2.1): the server may be waiting for bytes to count.
  const space: Space = context.hasHandshakeKeys ? 'handshake' : 'initial';
  const waited = ptoOf(recovery, space) * backoff;
  return { space, at: recovery.waitingSince + waited, waited };
}

/** A number that stays one; any idle timeout is over long before. */
const MOST_DOUBLINGS = 30;
