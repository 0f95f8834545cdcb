import type { Millis } from '../../timeline/event.ts';

/** What a probe does on one QUIC connection, one after the other. Where the connection is over, only what looks at that is played. */
export type QuicProbeAct =
  /** A GET of the exchange that was agreed on. */
  | { quic: 'request' }
  /** HTTP/3: a POST with a body of so many bytes, to its FIN. */
  | { quic: 'upload'; bytes: number }
  /** HTTP/3: bytes behind what was said on our control stream. */
  | { quic: 'control'; data: Uint8Array }
  /** HTTP/3: FIN on it. */
  | { quic: 'end-control' }
  /** CONNECTION_CLOSE; without a code, what the application protocol calls no error. */
  | { quic: 'close'; layer?: 'transport'; code?: bigint; reason?: Uint8Array }
  | { quic: 'ping' }
  /** So many packets with PING below the core, which may be draining. */
  | { quic: 'poke'; count: number; every_ms: Millis }
  /** A packet with PING is made, and kept for `late-packet`: that sends it, whatever has become of the connection. */
  | { quic: 'keep-packet' }
  | { quic: 'late-packet' }
  /** So long, of each the sum: ms, probe timeouts, idle timeouts in force. */
  | { quic: 'sleep'; ms?: Millis; ptos?: number; idles?: number }
  /**
   * answer: to the request, whole · reply: any packet of the peer's behind the newest `ping` · acknowledged: all that was sent · close: the peer's CONNECTION_CLOSE, or any other end · end: of
   * closing or draining, or the idle timeout. Not longer than the limit; that it ran out is a fact.
   */
  | { quic: 'await'; what: QuicAwaited; limit: keyof QuicProbeLimits };

export type QuicAwaited = 'answer' | 'reply' | 'acknowledged' | 'close' | 'end';

/** Most ms to wait for each. */
export type QuicProbeLimits = {
  connect: Millis;
  handshake: Millis;
  answer: Millis;
  acknowledged: Millis;
  close: Millis;
  /** For our own end: three PTO, or our idle timeout. */
  end: Millis;
};

/** RFC 9000 names none of these; they are ours. */
export const QUIC_PROBE_LIMITS: QuicProbeLimits = {
  connect: 5_000,
  handshake: 10_000,
  answer: 5_000,
  acknowledged: 5_000,
  close: 5_000,
  end: 10_000,
};

/** One QUIC connection of a probe. */
export type QuicConnectionPlan = {
  name: string;
  /** What the peer has to be able to do; else the connection is left out. */
  needs?: 'answer' | 'h3';
  acts: readonly QuicProbeAct[];
  /** The acts begin when that can be said, and not after the handshake. */
  shaking?: 'initial' | 'handshake';
  /** Instead of what is offered elsewhere. */
  alpn?: readonly string[];
  /** Our max_idle_timeout (default 30 s). */
  idle_ms?: Millis;
  /** A CONNECTION_CLOSE of the peer's is not answered with one. */
  mute?: true;
};
