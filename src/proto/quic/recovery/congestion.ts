import type { Millis } from '../../../timeline/event.ts';
import type { SentPacket } from '../sent.ts';
import { GRANULARITY, type Recovery } from './state.ts';

/** Bytes that may be sent now; a probe may go beyond (RFC 9002 §7.5). */
export function allowance({ congestion }: Recovery): number {
  return Math.max(0, congestion.window - congestion.inFlight);
}

/** RFC 9002 §7.3.1 to §7.3.3, appendix B.5. `acked`: newly acknowledged, all of them. */
export function growWindow({ congestion }: Recovery, acked: readonly SentPacket[]): void {
  const before = congestion.inFlight;
  for (const { inFlight, bytes } of acked) if (inFlight) congestion.inFlight -= bytes;
  if (!isUsed(congestion, before)) return;
  for (const { inFlight, bytes, sentAt } of acked) {
    const answered = congestion.recoveryFrom !== undefined && sentAt <= congestion.recoveryFrom;
    if (!inFlight || answered) continue;
    const slowStart = congestion.window < congestion.threshold;
    congestion.window += slowStart ? bytes : (congestion.datagram * bytes) / congestion.window;
  }
}

/**
 * RFC 9002 §7.3.2, §7.6, appendix B.8: lost packets leave the window half as large, once for all that were sent before the loss
 * was noticed; when nothing got through for long enough, as small as it can be.
 */
export function shrinkWindow(recovery: Recovery, lost: readonly SentPacket[], now: Millis): void {
  const { congestion } = recovery;
  const gone = lost.filter(({ inFlight }) => inFlight);
  const last = gone.at(-1);
  if (last === undefined) return;
  for (const { bytes } of gone) congestion.inFlight -= bytes;
  if (congestion.recoveryFrom === undefined || last.sentAt > congestion.recoveryFrom) {
    congestion.recoveryFrom = now;
    congestion.threshold = congestion.window / 2;
    congestion.window = Math.max(congestion.threshold, smallest(recovery));
  }
  if (isPersistent(recovery, lost)) {
    congestion.window = smallest(recovery);
    congestion.recoveryFrom = undefined;
    // What was the least on the old path may never be seen again (§5.2).
    recovery.rtt.minimum = recovery.rtt.latest;
  }
}

/** A window that is not filled says nothing about the path (RFC 9002 §7.8). */
function isUsed(congestion: Recovery['congestion'], inFlight: number): boolean {
  const { window, threshold, datagram } = congestion;
  return (window < threshold && inFlight * 2 >= window) || window - inFlight <= 3 * datagram;
}

/**
 * RFC 9002 §7.6.2: were two ack-eliciting packets lost, with everything between them, that were sent longer apart than three
 * probe timeouts, both after the first sample? `lost`: in the order of their numbers.
 */
function isPersistent({ rtt, maxAckDelay }: Recovery, lost: readonly SentPacket[]): boolean {
  const { firstAt } = rtt;
  if (firstAt === undefined) return false;
  const duration = PERSISTENT_PTOS * (rtt.smoothed + Math.max(4 * rtt.variation, GRANULARITY) + maxAckDelay);
  let first: SentPacket | undefined;
  let previous: SentPacket | undefined;
  for (const packet of lost) {
    if (previous !== undefined && packet.number !== previous.number + 1) first = undefined;
    previous = packet;
    if (!packet.ackEliciting || packet.sentAt <= firstAt) continue;
    first ??= packet;
    if (packet.sentAt - first.sentAt > duration) return true;
  }
  return false;
}

function smallest({ congestion }: Recovery): number {
  return 2 * congestion.datagram;
}

const PERSISTENT_PTOS = 3;
