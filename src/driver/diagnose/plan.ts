import type { Millis } from '../../timeline/event.ts';

/** What a probe does on one connection, one after the other, once the handshake is over. */
export type ProbeAct =
  /** A request of the exchange. `last`: with the wish that the peer closes after its answer. */
  | { local: 'request'; last?: true }
  /** These in one write. */
  | { local: 'burst'; parts: readonly ProbePart[] }
  | { local: 'shutdown' }
  | { local: 'raw_alert'; level: number; description: number }
  /** close_notify, byte by byte. */
  | { local: 'trickle'; every_ms: Millis }
  /** KeyUpdate, with the wish for one from the peer. */
  | { local: 'key_update' }
  /** A request below the core, as if close_notify had not been sent. */
  | { local: 'late_request' }
  /** A body of `bytes`, in pieces, until the peer has answered and so long after. */
  | { local: 'upload'; bytes: number; piece: number; every_ms: Millis; on_ms: Millis }
  | { local: 'fin' }
  | { local: 'rst' }
  | { local: 'stop_reading' }
  | { local: 'resume_reading' }
  | { local: 'sleep'; ms: Millis }
  /** close_notify, if the peer's has come: so long after it. */
  | { local: 'answer'; after_ms: Millis }
  /**
   * answer: to every request so far, whole · close: the peer's close_notify, or whatever else ends its direction · end: its FIN or
   * RST. Not longer than the limit; that it ran out is a fact.
   */
  | { local: 'await'; what: Awaited; limit: keyof ProbeLimits };

export type ProbePart = 'request' | 'last-request' | 'close_notify';
export type Awaited = 'answer' | 'close' | 'end';

/** Most ms to wait for each. */
export type ProbeLimits = {
  connect: Millis;
  handshake: Millis;
  answer: Millis;
  close: Millis;
  fin: Millis;
  /** For the peer to end a connection on which nothing happens. */
  idle: Millis;
};

/** RFCs of TLS name no time; these are ours. */
export const PROBE_LIMITS: ProbeLimits = {
  connect: 5_000,
  handshake: 10_000,
  answer: 5_000,
  close: 5_000,
  fin: 5_000,
  idle: 75_000,
};

/** One connection of a probe. */
export type ConnectionPlan = {
  name: string;
  /** What the peer has to be able to do: answer a request, and stay for another one. Else the connection is left out. */
  needs?: 'answer' | 'keep-alive';
  acts: readonly ProbeAct[];
  /** After the peer's FIN: so long to see whether a RST follows. */
  linger_ms?: Millis;
  /** The acts begin when the first of the peer's answer to our ClientHello has come; it stays unread. */
  shaking?: true;
  /** The session of that connection of the same probe is offered. */
  resume?: string;
};

/** Which exchange there is to ask with. */
export const PROBE_EXCHANGES = ['http1', 'none'] as const;
export type ProbeExchange = (typeof PROBE_EXCHANGES)[number];

/** What the first connection of each version showed. */
export type Survey = {
  version: '1.2' | '1.3';
  /** `unreachable` or `refused` come with a reason. */
  state: 'open' | 'refused' | 'unreachable';
  reason?: string;
  exchange: ProbeExchange;
  /** The connection takes a second request. */
  keepAlive: boolean;
};

export function runs(plan: ConnectionPlan, survey: Survey): boolean {
  if (plan.needs === undefined) return true;
  if (survey.exchange === 'none') return false;
  return plan.needs === 'answer' || survey.keepAlive;
}
