import type { Millis } from '../../timeline/event.ts';

/** What a probe does in one DTLS association, one after the other, once the handshake is over. */
export type DatagramProbeAct =
  /** Application data of so many bytes: who sends back what comes is known by the size. */
  | { dtls: 'send'; bytes: number }
  /** close_notify, and again so long after it as long as nothing has come back: one that is lost looks like one that is ignored. */
  | { dtls: 'close'; again: readonly Millis[] }
  /** Application data below the core, as if close_notify had not been sent. */
  | { dtls: 'late-data'; bytes: number }
  /** close_notify overtakes data that has a lower number; data with a higher one follows. */
  | { dtls: 'boundary'; lower: number; higher: number }
  /** An alert in the clear, with epoch 0: anybody could have sent it. */
  | { dtls: 'forge'; level: number; description: number }
  /** A protected close_notify that was tampered with. */
  | { dtls: 'bad-mac' }
  | { dtls: 'sleep'; ms: Millis }
  /** data: more than there was when something was last sent · close: the peer's close_notify, or an error alert. */
  | { dtls: 'await'; what: 'data' | 'close'; limit: keyof DatagramProbeLimits };

/** Most ms to wait for each. */
export type DatagramProbeLimits = { connect: Millis; handshake: Millis; data: Millis; close: Millis };

/** RFC 9147 names none of these; they are ours. */
export const DATAGRAM_PROBE_LIMITS: DatagramProbeLimits = {
  connect: 5_000,
  handshake: 10_000,
  data: 2_000,
  close: 5_000,
};

/** One association of a probe. */
export type AssociationPlan = {
  name: string;
  /** Left out where the peer does not send back what comes. */
  needs?: 'echo';
  acts: readonly DatagramProbeAct[];
  /** From the socket of that association of the same probe, which must be named before. Else from a new one. */
  from?: string;
};
