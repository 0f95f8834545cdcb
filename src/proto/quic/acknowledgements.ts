import type { Millis } from '../../timeline/event.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { onLocalIdLost, onRetiredIdAcked, onRetiredIdLost } from './connection-ids.ts';
import type { Space } from './core.ts';
import { onCryptoAcked, onCryptoLost } from './crypto-stream.ts';
import { noteAcknowledged } from './packets/key-phases.ts';
import { ackDelayMs, forgetAcked } from './recovery/acks.ts';
import { type Lost, onAck } from './recovery/loss.ts';
import { timing } from './recovery/rtt.ts';
import type { SentFrame, SentPacket } from './sent.ts';
import type { QuicState } from './state.ts';
import { onAcked, onLost } from './streams/outcome.ts';

/** The peer has got something of ours (RFC 9000 §13.2, RFC 9002 appendix A.7). Throws a fault. */
export function onAckFrame(
  state: QuicState,
  space: Space,
  frame: Extract<Frame, { type: 'ack' }>,
  now: Millis,
): void {
  const { confirmed } = state.handshake;
  const exponent = space === 'application' ? Number(state.peer?.ackDelayExponent ?? DEFAULT_EXPONENT) : 0;
  const delayMs = space === 'application' ? ackDelayMs(frame.delay, exponent) : 0;
  const { acked, lost, rttChanged } = onAck(state.recovery, {
    space,
    ranges: frame.ranges,
    delayMs,
    now,
    confirmed,
  });
  for (const packet of acked) acknowledged(state, packet);
  giveUp(state, lost);
  if (rttChanged) tellRtt(state);
}

/** What was lost has to be said again. */
export function giveUp(state: QuicState, lost: readonly Lost[]): void {
  for (const { packet, why } of lost) {
    const { space, number, bytes } = packet;
    state.emit({ kind: 'packet-lost', space, number, bytes, why });
    resend(state, packet);
  }
}

/** Queues again what this packet carried, lost or not (RFC 9002 §6.2.4). */
export function resend(state: QuicState, packet: SentPacket): void {
  for (const frame of packet.frames) frameLost(state, frame);
}

function acknowledged(state: QuicState, packet: SentPacket): void {
  if (packet.space === 'application' && state.keys.phases !== undefined)
    noteAcknowledged(state.keys.phases, packet.number);
  for (const frame of packet.frames) {
    if (frame.kind === 'ack') forgetAcked(state.spaces[packet.space].received, frame.largest);
    else if (frame.kind === 'crypto') onCryptoAcked(state.spaces[frame.space].crypto, frame);
    else if (frame.kind === 'retire-connection-id') onRetiredIdAcked(state.theirs, frame.sequence);
    else if (frame.kind === 'handshake-done') state.outbox.handshakeDone = false;
    else if (frame.kind === 'new-token') state.outbox.newToken = false;
    else onAcked(state.streams, frame);
  }
}

function frameLost(state: QuicState, frame: SentFrame): void {
  switch (frame.kind) {
    case 'crypto':
      onCryptoLost(state.spaces[frame.space].crypto, frame);
      return;
    case 'new-connection-id':
      onLocalIdLost(state.ours, frame.sequence);
      return;
    case 'retire-connection-id':
      onRetiredIdLost(state.theirs, frame.sequence);
      return;
    case 'handshake-done':
      state.outbox.handshakeDone = true;
      return;
    case 'new-token':
      state.outbox.newToken = true;
      return;
    default:
      onLost(state.streams, frame);
      return;
  }
}

function tellRtt(state: QuicState): void {
  const { latest = 0, smoothed, variation, minimum = 0, pto } = timing(state.recovery);
  state.emit({
    ...{ kind: 'rtt', latestMs: latest, smoothedMs: smoothed, variationMs: variation },
    ...{ minimumMs: minimum, ptoMs: pto },
  });
}

/** RFC 9000 §18.2. */
const DEFAULT_EXPONENT = 3;
