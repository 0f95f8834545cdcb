import type { ServeLimits, ServePlan, ServeStep } from '../driver/serve/plan.ts';
import type { QuicServePlan } from '../driver/serve/quic-plan.ts';

/** What the catalogue says of any way of closing. */
export type BehaviourEntry = {
  /** protocol/name: "tls/fin-no-close-notify". */
  id: string;
  /** Other names for it, without the protocol. */
  aliases: readonly string[];
  /** What the server does, one sentence. ASCII. */
  says: string;
  /** Ids of the rules it breaks; none for the one that keeps them all, and for what is merely rare. */
  breaks: readonly string[];
  /** What a good client makes of it. */
  goodClient: string;
};

/** One way of closing a connection of TLS or DTLS, as data. */
export type Behaviour = BehaviourEntry & {
  opened?: readonly ServeStep[];
  /** After the answer to an HTTP request: the server closes first. */
  answered: readonly ServeStep[];
  /** The client closed first. */
  closing: readonly ServeStep[];
  /** Without it an answer has a Content-Length. */
  framing?: ServePlan['framing'];
  limits?: Partial<ServeLimits>;
  /** Datagrams: the association is kept for as long as `limits.observe` says, even when both sides have closed. */
  hold?: true;
  /** Datagrams: a new ClientHello from an address with an association goes to that one. */
  sticky?: true;
};

/** One way of closing a QUIC connection, as data. */
export type QuicBehaviour = BehaviourEntry & {
  steps: QuicServePlan['steps'];
  /** Least bytes of the body of an answer. */
  bodyBytes?: number;
  /** Answers never end. */
  endless?: true;
  limits?: Partial<QuicServePlan['limits']>;
};

/** How to serve a connection with this behaviour; `change` overrides what the catalogue says. */
export function toServePlan(
  behaviour: Behaviour,
  change: {
    exchange?: ServePlan['exchange'];
    framing?: ServePlan['framing'];
    limits?: Partial<ServeLimits>;
  } = {},
): ServePlan {
  const datagrams = behaviour.id.startsWith('dtls/');
  return {
    name: behaviour.id,
    says: behaviour.says,
    opened: behaviour.opened ?? [],
    answered: behaviour.answered,
    closing: behaviour.closing,
    exchange: change.exchange ?? (datagrams ? 'echo' : 'auto'),
    framing: change.framing ?? behaviour.framing ?? 'length',
    limits: { ...SERVE_LIMITS, ...behaviour.limits, ...change.limits },
    ...(datagrams ? { datagrams: { hold: behaviour.hold === true } } : {}),
  };
}

/** The same for QUIC. There is nothing to observe after the end of closing, which has a time of its own. */
export function toQuicServePlan(
  behaviour: QuicBehaviour,
  change: { exchange?: QuicServePlan['exchange']; limits?: Partial<ServeLimits> } = {},
): QuicServePlan {
  const { handshake, idle } = { ...QUIC_SERVE_LIMITS, ...behaviour.limits, ...change.limits };
  return {
    name: behaviour.id,
    says: behaviour.says,
    steps: behaviour.steps,
    exchange: change.exchange ?? 'auto',
    bodyBytes: behaviour.bodyBytes ?? 0,
    endless: behaviour.endless === true,
    limits: { handshake, idle },
  };
}

/** No document names any; these are ours. */
export const SERVE_LIMITS: ServeLimits = { handshake: 10_000, idle: 60_000, observe: 5_000 };
/** Shorter: a client that waits for the end of a connection is to see one. */
const QUIC_SERVE_LIMITS = { handshake: 10_000, idle: 2_000 };
