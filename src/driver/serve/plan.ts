import type { Framing } from '../../exchange/http-server.ts';
import type { Millis } from '../../timeline/event.ts';
import type { PeerStep, RecordSpec } from '../script-ops.ts';

/** What a server of ours does at the end of a connection: the peer's verbs of a scenario, and what an exchange adds to them. */
export type ServeStep = PeerStep | ExchangeStep;

export type ExchangeStep =
  /**
   * The answer, or what is left of it; in an echo there is nothing to answer. `keep`: all but so many bytes of its end. `unlessClosed`:
   * only if the client has not closed its direction. `behind`: these records too, in the same write.
   */
  | { peer: 'respond'; keep?: number; unlessClosed?: true; behind?: readonly RecordSpec[] }
  /**
   * What is left of the answer is written and does not leave: it waits in our socket, as it does behind Nagle's algorithm,
   * until the reset that follows drops it. By hand, because Nagle alone would lose it only sometimes.
   */
  | { peer: 'withhold' }
  /** As if the client had not closed: what comes after its close_notify is sent back, for so long at most. */
  | { peer: 'echo-on'; max_ms: Millis }
  /** These records byte by byte. */
  | { peer: 'trickle'; records: readonly RecordSpec[]; every_ms: Millis }
  /** Text outside TLS. */
  | { peer: 'plaintext'; text: string }
  /** Datagrams: data with a number before that of our close_notify, sent right behind it. */
  | { peer: 'overtaken'; size: number }
  /** Datagrams: an alert in the clear, as anybody could send one in our name. */
  | { peer: 'forge'; level: number; description: number }
  | { peer: 'sleep'; ms: Millis }
  /** Until the client's close_notify (or the end of its stream, if that is all that comes), or its FIN or RST. */
  | { peer: 'await'; what: 'close_notify' | 'end'; max_ms: Millis };

export const EXCHANGES = ['auto', 'http', 'h2', 'echo', 'silent'] as const;
/** auto: http or h2 when the first bytes look like it, else echo. h2: the same, and HTTP/2 is what the ALPN asks for (TLS). */
export type ExchangeKind = (typeof EXCHANGES)[number];

/** Where a handshake is left: nothing of ours has gone, or all but the messages from our Finished (TLS 1.2: change_cipher_spec) on. */
export type HandshakeMoment = 'client-hello' | 'finished';

/** How one connection is served. */
export type ServePlan = {
  /** Shown in the answer, so that who sees it knows why. ASCII. */
  name: string;
  says: string;
  /** Instead of the rest of the handshake. */
  shaking?: { at: HandshakeMoment; steps: readonly ServeStep[] };
  /** Right after the handshake. */
  opened: readonly ServeStep[];
  /** The head of an HTTP request has come and its body has not: this, instead of reading on. */
  early?: readonly ServeStep[];
  /** An HTTP request has come: answer it, and close first. */
  answered: readonly ServeStep[];
  /** The client has closed first. */
  closing: readonly ServeStep[];
  /** The client has said nothing for `limits.idle`. Left out: it is watched, and nothing is done. */
  idle?: readonly ServeStep[];
  exchange: ExchangeKind;
  /** How an HTTP answer says where it ends. */
  framing: Framing;
  /** So many requests are answered without closing, before the one that `answered` is for. Default 0. */
  keepAlive?: number;
  /** Of an answer given `early`. */
  earlyStatus?: string;
  /** Least bytes of the body of an answer. */
  bodyBytes?: number;
  /** A session can be resumed only after the client has sent close_notify. */
  forgetful?: boolean;
  limits: ServeLimits;
  /** Over UDP. `hold`: keep the association when both sides have closed. */
  datagrams?: { hold: boolean };
};

export type ServeLimits = {
  handshake: Millis;
  /** Without anything from the client. */
  idle: Millis;
  /** After our last act: how long to watch what the client does. */
  observe: Millis;
};
