import type { Millis } from '../../timeline/event.ts';
import type { ExchangeKind, ServeLimits } from './plan.ts';

/** What a server of ours does to a QUIC connection. Each takes no time, unless it says so. */
export type QuicServeStep =
  /** CONNECTION_CLOSE; without a `code`, what the application protocol calls no error. Nothing where closing has begun. */
  | { quic: 'close'; code?: bigint; reason?: string | Uint8Array }
  /** HTTP/3: no further requests. */
  | { quic: 'goaway' }
  /** Waits until everything has left at least once. */
  | { quic: 'sent'; max_ms: Millis }
  /** From now on what is of this kind does not leave, and our core does not know. */
  | { quic: 'mute'; what: 'acks' | 'closes' | 'everything' }
  /** So many datagrams with CONNECTION_CLOSE get lost on the way. */
  | { quic: 'lose-closes'; count: number }
  /** Copies of CONNECTION_CLOSE that nobody asked for, with so many ms between them. */
  | { quic: 'storm'; copies: number; every_ms: Millis }
  /** CONNECTION_CLOSE of type 0x1d as it is, in Initial and Handshake packets. */
  | { quic: 'early-0x1d'; code: bigint }
  /** RESET_STREAM on every stream that we can still send on. */
  | { quic: 'reset-streams'; code: bigint }
  /** Every ACK comes so much later. To the end. */
  | { quic: 'late-acks'; ms: Millis }
  /** Everything about the connection is forgotten; what still comes for it is answered with stateless resets. */
  | { quic: 'forget' }
  /** One stateless reset, and nothing of our own about closing. */
  | { quic: 'stateless-reset' }
  /** Whatever comes is answered with a stateless reset whose token is wrong, and with nothing else. To the end. */
  | { quic: 'bad-resets' };

/** When the steps of a behaviour are played, each once. */
export type QuicMoment =
  /** The ClientHello has come, and nothing of ours has left. */
  | 'begun'
  /** The handshake is complete. */
  | 'opened'
  /** A whole request has come (in an echo: anything), and nothing of the answer has left. */
  | 'asked'
  /** The answer is on its way. */
  | 'answered'
  /** Nothing has moved on the streams for `limits.idle`. */
  | 'quiet'
  /** The client has closed, and nothing of ours has left since. */
  | 'closing';

/** How one QUIC connection is served. */
export type QuicServePlan = {
  /** Shown in answers. ASCII. */
  name: string;
  says: string;
  steps: Readonly<Partial<Record<QuicMoment, readonly QuicServeStep[]>>>;
  /** `auto`: what the protocol that was agreed on asks for, and an echo for those that nothing is known of. */
  exchange: ExchangeKind;
  /** Least bytes of the body of an answer. */
  bodyBytes: number;
  /** Answers never end: their streams stay without FIN. */
  endless: boolean;
  limits: Pick<ServeLimits, 'handshake' | 'idle'>;
};
