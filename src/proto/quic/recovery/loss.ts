import type { Millis } from '../../../timeline/event.ts';
import type { AckRange } from '../../../wire/quic-types.ts';
import type { Space } from '../core.ts';
import { transportFault } from '../faults.ts';
import type { SentPacket } from '../sent.ts';
import { growWindow, shrinkWindow } from './congestion.ts';
import { addSample } from './rtt.ts';
import { GRANULARITY, type Recovery, type SpaceRecovery } from './state.ts';

export type Lost = { packet: SentPacket; why: 'reordering' | 'time' };

export type Acknowledged = {
  /** Newly acknowledged, in the order of their numbers. */
  acked: SentPacket[];
  /** Only packets that something was lost with: an ACK that gets lost is nobody's loss. */
  lost: Lost[];
  rttChanged: boolean;
  /** Was any of the newly acknowledged ack-eliciting? */
  newlyEliciting: boolean;
};

/** Every packet: those that nothing waits for (raw ones, ACK only) use up a number too. */
export function onPacketSent(recovery: Recovery, packet: SentPacket): void {
  const space = recovery.spaces[packet.space];
  space.largestSent = Math.max(space.largestSent, packet.number);
  space.sent.push(packet);
  if (packet.ackEliciting) {
    space.lastElicitingAt = packet.sentAt;
    recovery.waitingSince = packet.sentAt;
  }
  if (packet.inFlight) recovery.congestion.inFlight += packet.bytes;
  else forgetIdleTalk(space);
}

/**
 * An ACK frame (RFC 9002 appendix A.7). `ranges` as they stand in the frame, descending. `delayMs`: ack_delay with its exponent applied.
 *
 * @throws ProtocolFault when it acknowledges what was never sent (RFC 9000 §13.1)
 */
export function onAck(
  recovery: Recovery,
  ack: { space: Space; ranges: readonly AckRange[]; delayMs: Millis; now: Millis; confirmed: boolean },
): Acknowledged {
  const space = recovery.spaces[ack.space];
  const largest = Number(ack.ranges[0]?.largest ?? -1n);
  if (largest > space.largestSent) {
    const detail = `ACK of packet ${largest}, which was never sent`;
    throw transportFault('PROTOCOL_VIOLATION', 'ack-of-unsent-packet', detail, ACK_FRAME);
  }
  space.largestAcked = Math.max(space.largestAcked ?? -1, largest);
  const acked = takeAcked(space, ack.ranges);
  if (acked.length === 0) return { acked, lost: [], rttChanged: false, newlyEliciting: false };

  const newlyEliciting = acked.some(({ ackEliciting }) => ackEliciting);
  const newest = acked.at(-1);
  const rttChanged = newlyEliciting && newest !== undefined && newest.number === largest;
  if (rttChanged) {
    const delay = believable(recovery, ack);
    addSample(recovery.rtt, Math.max(0, ack.now - newest.sentAt), delay, ack.now);
  }
  growWindow(recovery, acked);
  const lost = detectLoss(recovery, space, ack.now);
  recovery.waitingSince = ack.now;
  // A client goes on backing off while the server may still count its bytes (§6.2.1).
  if (peerValidatedUs(recovery, ack.confirmed)) recovery.probes = 0;
  return { acked, lost, rttChanged, newlyEliciting };
}

/** RFC 9002 appendix A.10: what `now` makes lost in this space, and when the next one will be. */
export function detectLoss(recovery: Recovery, space: SpaceRecovery, now: Millis): Lost[] {
  const { largestAcked } = space;
  space.lossAt = undefined;
  if (largestAcked === undefined) return [];
  const { latest, smoothed } = recovery.rtt;
  const delay = Math.max(TIME_THRESHOLD * Math.max(latest ?? smoothed, smoothed), GRANULARITY);
  const lost: Lost[] = [];
  const kept: SentPacket[] = [];
  for (const packet of space.sent) {
    const due = packet.sentAt + delay;
    if (packet.number > largestAcked) kept.push(packet);
    else if (largestAcked >= packet.number + PACKET_THRESHOLD) lost.push({ packet, why: 'reordering' });
    else if (due <= now) lost.push({ packet, why: 'time' });
    else {
      kept.push(packet);
      if (packet.inFlight) space.lossAt = Math.min(space.lossAt ?? due, due);
    }
  }
  if (lost.length === 0) return [];
  space.sent = kept;
  shrinkWindow(
    recovery,
    lost.map(({ packet }) => packet),
    now,
  );
  return lost.filter(({ packet }) => packet.inFlight);
}

/** RFC 9002 appendix A.8: a server need not ask; a client knows once its Handshake packets arrive. */
export function peerValidatedUs(recovery: Recovery, confirmed: boolean): boolean {
  return recovery.role === 'server' || confirmed || recovery.spaces.handshake.largestAcked !== undefined;
}

/** Both are in order, the ranges backwards. */
function takeAcked(space: SpaceRecovery, ranges: readonly AckRange[]): SentPacket[] {
  const acked: SentPacket[] = [];
  const kept: SentPacket[] = [];
  let at = ranges.length - 1;
  for (const packet of space.sent) {
    while (at >= 0 && Number(ranges[at]?.largest) < packet.number) at--;
    const range = ranges[at];
    if (range !== undefined && packet.number >= Number(range.smallest)) acked.push(packet);
    else kept.push(packet);
  }
  if (acked.length > 0) space.sent = kept;
  return acked;
}

/** RFC 9002 §5.3: none for Initial packets; bounded by what the peer promised, once it is bound to it. */
function believable(recovery: Recovery, ack: { space: Space; delayMs: Millis; confirmed: boolean }): Millis {
  if (ack.space === 'initial') return 0;
  return ack.confirmed ? Math.min(ack.delayMs, recovery.maxAckDelay) : ack.delayMs;
}

/** Packets that no ACK need come for: the oldest are forgotten, else they would pile up while we only listen. */
function forgetIdleTalk(space: SpaceRecovery): void {
  if (space.sent.length <= IDLE_TALK_KEPT) return;
  const idle = space.sent.filter(({ inFlight }) => !inFlight);
  if (idle.length <= IDLE_TALK_KEPT) return;
  const oldest = idle[0];
  space.sent = space.sent.filter((packet) => packet !== oldest);
}

const PACKET_THRESHOLD = 3;
const TIME_THRESHOLD = 9 / 8;
const IDLE_TALK_KEPT = 128;
const ACK_FRAME = 0x02n;
