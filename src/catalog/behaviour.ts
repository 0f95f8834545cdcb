import type { ServeLimits, ServePlan, ServeStep } from '../driver/serve/plan.ts';
import type { QuicServePlan } from '../driver/serve/quic-plan.ts';
import { alertName, levelName } from '../wire/alert.ts';

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
  /**
   * What a client that asks for something gets. `part`: an answer that is cut short · `unproven`: the whole of it, and no way to know that
   * (no length, no close_notify) · `nothing`. Default: a whole answer.
   */
  gives?: 'part' | 'unproven' | 'nothing';
};

/** One way of closing a connection of TLS or DTLS, as data. */
export type Behaviour = BehaviourEntry & {
  /** Instead of the rest of the handshake. */
  shaking?: ServePlan['shaking'];
  opened?: readonly ServeStep[];
  /** After the answer to an HTTP request: the server closes first. */
  answered: readonly ServeStep[];
  /** The client closed first. */
  closing: readonly ServeStep[];
  /** The head of a request has come, and its body has not. */
  early?: readonly ServeStep[];
  earlyStatus?: string;
  /** Nothing has come from the client for `limits.idle`. */
  idle?: readonly ServeStep[];
  /** So many requests are answered on a connection that stays. */
  keepAlive?: number;
  /** Least bytes of the body of an answer. */
  bodyBytes?: number;
  /** A session can be resumed only after the client has sent close_notify. */
  forgetful?: true;
  /** Which alert it sends is the user's to choose (withAlert). */
  alert?: 'chosen';
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
  const { shaking, early, earlyStatus, idle, keepAlive, bodyBytes, forgetful } = behaviour;
  return {
    name: behaviour.id,
    says: behaviour.says,
    opened: behaviour.opened ?? [],
    answered: behaviour.answered,
    closing: behaviour.closing,
    exchange: change.exchange ?? (datagrams ? 'echo' : 'auto'),
    framing: change.framing ?? behaviour.framing ?? 'length',
    limits: { ...SERVE_LIMITS, ...behaviour.limits, ...change.limits },
    ...(shaking === undefined ? {} : { shaking }),
    ...(early === undefined ? {} : { early }),
    ...(earlyStatus === undefined ? {} : { earlyStatus }),
    ...(idle === undefined ? {} : { idle }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
    ...(bodyBytes === undefined ? {} : { bodyBytes }),
    ...(forgetful === undefined ? {} : { forgetful }),
    ...(datagrams ? { datagrams: { hold: behaviour.hold === true } } : {}),
  };
}

/** The same behaviour with another alert; undefined where it has none to choose. */
export function withAlert(
  behaviour: Behaviour,
  alert: { level: number; description: number },
): Behaviour | undefined {
  if (behaviour.alert === undefined) return undefined;
  const other = (steps: readonly ServeStep[]): ServeStep[] =>
    steps.map((step) => (step.peer === 'raw_alert' ? { ...step, ...alert } : step));
  const name = `${alertName(alert.description)}(${alert.description}) at level ${levelName(alert.level)}`;
  return {
    ...behaviour,
    says: behaviour.says.replace('a fatal internal_error', name),
    answered: other(behaviour.answered),
    closing: other(behaviour.closing),
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
