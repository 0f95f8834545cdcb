import type { Millis } from '../../../timeline/event.ts';
import type { Frame } from '../../../wire/quic-types.ts';

type Range = { smallest: number; largest: number };

/** Packets received in one space, and what the peer is still to be told of them (RFC 9000 §13.2). */
export type Received = {
  /** Initial and Handshake: nothing is held back. */
  atOnce: boolean;
  /** Descending, never touching. */
  ranges: Range[];
  /** Numbers below were given up: whatever comes with one is treated as a copy (§13.2.3). */
  floor: number;
  largestAt: Millis;
  largestEliciting: number;
  /** The peer knows that we have those up to here (§13.2.4). */
  told: number;
  /** Ack-eliciting packets since the last ACK, and when the first of them came. */
  owed: number;
  owedSince: Millis | undefined;
  /** One that calls for an ACK at once. */
  urgentSince: Millis | undefined;
};

export function createReceived(atOnce: boolean): Received {
  return {
    atOnce,
    ranges: [],
    floor: 0,
    largestAt: 0,
    largestEliciting: -1,
    told: -1,
    owed: 0,
    owedSince: undefined,
    urgentSince: undefined,
  };
}

/** After a packet was opened, before its frames count. A duplicate changes nothing and is to be dropped. */
export function noteReceived(
  received: Received,
  packet: { number: number; ackEliciting: boolean; now: Millis },
): 'new' | 'duplicate' {
  const { number, ackEliciting, now } = packet;
  if (number < received.floor || isKnown(received, number)) return 'duplicate';
  const largest = received.ranges[0]?.largest ?? -1;
  if (number > largest) received.largestAt = now;
  insert(received, number);
  received.told = Math.min(received.told, number - 1);
  if (ackEliciting) owe(received, number, now);
  return 'new';
}

/** Has a packet with this number come, or is it too old to tell? */
export function isKnown(received: Received, number: number): boolean {
  return (
    number < received.floor ||
    received.ranges.some(({ smallest, largest }) => smallest <= number && number <= largest)
  );
}

export function largestReceived(received: Received): number | undefined {
  return received.ranges[0]?.largest;
}

/**
 * When an ACK must have been sent (RFC 9000 §13.2.1): in the past or now means at once. Undefined: nothing asks for one. An ACK may
 * always ride along with something else.
 */
export function ackDueAt(received: Received, maxAckDelay: Millis): Millis | undefined {
  if (received.owedSince === undefined) return undefined;
  return received.urgentSince ?? received.owedSince + maxAckDelay;
}

/** The frame that says it all, bounded; undefined: nothing was received. `exponent`: our ack_delay_exponent. */
export function ackFrame(
  received: Received,
  now: Millis,
  exponent: number,
): Extract<Frame, { type: 'ack' }> | undefined {
  const untold = received.ranges
    .filter(({ largest }) => largest > received.told)
    .map(({ smallest, largest }) => ({ smallest: Math.max(smallest, received.told + 1), largest }));
  const ranges = untold.length > 0 ? untold : received.ranges.slice(0, 1);
  if (ranges.length === 0) return undefined;
  const micros = Math.max(0, now - received.largestAt) * 1000;
  return {
    type: 'ack',
    ranges: ranges
      .slice(0, TOLD_RANGES)
      .map(({ smallest, largest }) => ({ smallest: BigInt(smallest), largest: BigInt(largest) })),
    delay: BigInt(Math.floor(micros / 2 ** exponent)),
  };
}

/** An ACK with everything left: nothing is owed until more comes. */
export function ackSent(received: Received): void {
  received.owed = 0;
  received.owedSince = undefined;
  received.urgentSince = undefined;
}

/** The peer has our ACK whose largest number was this one. */
export function forgetAcked(received: Received, largest: number): void {
  received.told = Math.max(received.told, Math.min(largest, largestReceived(received) ?? -1));
}

/** ack_delay of a frame in ms; `exponent`: the peer's (RFC 9000 §19.3). */
export function ackDelayMs(delay: bigint, exponent: number): Millis {
  return (Number(delay) * 2 ** exponent) / 1000;
}

/** §13.2.1: out of order or behind a gap, every second one, or in a space that never waits. */
function owe(received: Received, number: number, now: Millis): void {
  const { largestEliciting } = received;
  const behind = number < largestEliciting;
  const gap = number > largestEliciting + 1 && !covers(received, largestEliciting + 1, number);
  received.largestEliciting = Math.max(largestEliciting, number);
  received.owed++;
  received.owedSince ??= now;
  if (received.atOnce || behind || gap || received.owed >= ELICITING_PER_ACK) received.urgentSince ??= now;
}

function covers(received: Received, from: number, to: number): boolean {
  return received.ranges.some(({ smallest, largest }) => smallest <= from && to <= largest);
}

function insert(received: Received, number: number): void {
  const { ranges } = received;
  let at = ranges.findIndex(({ smallest }) => smallest <= number);
  if (at < 0) at = ranges.length;
  // `above` is everything later than the number, `below` everything earlier.
  const above = ranges[at - 1];
  const below = ranges[at];
  const joinsAbove = above !== undefined && above.smallest === number + 1;
  const joinsBelow = below !== undefined && below.largest === number - 1;
  if (joinsAbove && joinsBelow) {
    above.smallest = below.smallest;
    ranges.splice(at, 1);
  } else if (joinsAbove) above.smallest = number;
  else if (joinsBelow) below.largest = number;
  else ranges.splice(at, 0, { smallest: number, largest: number });
  const oldest = ranges.length > KEPT_RANGES ? ranges.pop() : undefined;
  if (oldest !== undefined) received.floor = oldest.largest + 1;
}

const ELICITING_PER_ACK = 2;
/** Ranges in one frame: at most some 260 bytes. */
const TOLD_RANGES = 32;
const KEPT_RANGES = 64;
