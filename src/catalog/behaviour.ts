import type { ServeLimits, ServePlan, ServeStep } from '../driver/serve/plan.ts';

/** One way of closing a connection, as data. */
export type Behaviour = {
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

/** No document names any; these are ours. */
export const SERVE_LIMITS: ServeLimits = { handshake: 10_000, idle: 60_000, observe: 5_000 };
