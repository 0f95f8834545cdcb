import type { Millis } from '../../../timeline/event.ts';
import type { Role } from '../../role.ts';
import type { Space } from '../core.ts';
import type { SentPacket } from '../sent.ts';

/** Estimates of the path's round trip (RFC 9002 §5). Before the first sample: kInitialRtt. */
export type Rtt = {
  samples: number;
  latest: Millis | undefined;
  minimum: Millis | undefined;
  smoothed: Millis;
  variation: Millis;
  /** When the first sample was taken: persistent congestion is not told before it (§7.6.2). */
  firstAt: Millis | undefined;
};

/** NewReno (RFC 9002 §7). Bytes. */
export type Congestion = {
  datagram: number;
  window: number;
  /** Infinity until the first loss: slow start. */
  threshold: number;
  inFlight: number;
  /** Packets sent up to then belong to the congestion that was already answered. */
  recoveryFrom: Millis | undefined;
};

export type SpaceRecovery = {
  /** Not acknowledged, not lost; in the order of their numbers. */
  sent: SentPacket[];
  /** -1: none yet. */
  largestSent: number;
  largestAcked: number | undefined;
  /** When the next packet of this space is lost by the time threshold. */
  lossAt: Millis | undefined;
  lastElicitingAt: Millis | undefined;
};

/** What RFC 9002 appendix A.3 and B.2 list: no clock, no timers, only when they would fire. */
export type Recovery = {
  role: Role;
  rtt: Rtt;
  congestion: Congestion;
  /** The peer's max_ack_delay. */
  maxAckDelay: Millis;
  /** Probe timeouts in a row. */
  probes: number;
  /** From when a client counts that has nothing in flight and a server that may be short of bytes (§6.2.2.1). */
  waitingSince: Millis;
  spaces: Record<Space, SpaceRecovery>;
};

export function createRecovery(options: {
  role: Role;
  /** Most bytes of a datagram that we send. */
  maxDatagram: number;
  now: Millis;
  /** Congestion window to begin with, where it is not the usual one; there is no slow start then. */
  window?: number | undefined;
}): Recovery {
  const { role, maxDatagram, now, window } = options;
  return {
    role,
    rtt: initialRtt(),
    congestion: {
      ...initialCongestion(maxDatagram),
      ...(window !== undefined && { window, threshold: window }),
    },
    maxAckDelay: DEFAULT_MAX_ACK_DELAY,
    probes: 0,
    waitingSince: now,
    spaces: { initial: emptySpace(), handshake: emptySpace(), application: emptySpace() },
  };
}

export function initialRtt(): Rtt {
  return {
    samples: 0,
    latest: undefined,
    minimum: undefined,
    smoothed: INITIAL_RTT,
    variation: INITIAL_RTT / 2,
    firstAt: undefined,
  };
}

/** Ten datagrams, but no more than 14,720 bytes where datagrams are large (RFC 9002 §7.2). */
export function initialCongestion(datagram: number): Congestion {
  return {
    datagram,
    window: Math.min(10 * datagram, Math.max(14_720, 2 * datagram)),
    threshold: Number.POSITIVE_INFINITY,
    inFlight: 0,
    recoveryFrom: undefined,
  };
}

export function emptySpace(): SpaceRecovery {
  return {
    sent: [],
    largestSent: -1,
    largestAcked: undefined,
    lossAt: undefined,
    lastElicitingAt: undefined,
  };
}

export const SPACES: readonly Space[] = ['initial', 'handshake', 'application'];
/** RFC 9002 §6.2.2. */
const INITIAL_RTT = 333;
/** RFC 9002 §6.1.2. */
export const GRANULARITY = 1;
/** RFC 9000 §18.2, when the peer does not say. */
const DEFAULT_MAX_ACK_DELAY = 25;
