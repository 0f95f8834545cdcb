import type { CloseLimits, CloseMode, ClosePlan } from './driver/close/plan.ts';
import type { Session } from './proto/handshake/session.ts';
import type { Fact, TimelineEvent } from './timeline/event.ts';
import type { Finding, Outcome, OutcomeClass } from './timeline/outcome.ts';

export { CLOSE_MODES, DEFAULT_LIMITS, DEFAULT_PLAN } from './driver/close/plan.ts';
export { formatTarget, parseTarget } from './driver/target.ts';
export { UsageError } from './driver/usage-error.ts';
export type {
  CloseLimits,
  CloseMode,
  ClosePlan,
  Fact,
  Finding,
  Outcome,
  OutcomeClass,
  Session,
  TimelineEvent,
};

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type TlsCloseOptions = Partial<Omit<ClosePlan, 'limits'>> & {
  /** host, host:port, [v6]:port, tls:// or https:// URL, or the two apart. */
  target: string | { host: string; port: number };
  /** Milliseconds per phase; the others keep their defaults. */
  limits?: Partial<CloseLimits>;
  /** Versions to offer; both by default. */
  versions?: readonly ('1.2' | '1.3')[];
  /** The server name to send and to verify. `false`: send none. Default: the target's host, unless it is an address. */
  sni?: string | false;
  /** Protocol names to offer, best first. None by default. */
  alpn?: readonly string[];
  /** IANA or OpenSSL names, best first. */
  suites?: readonly string[];
  /** IANA or OpenSSL names, best first; X25519MLKEM768 only when it is named here. */
  groups?: readonly string[];
  /** Our certificate chain and its key, PEM. */
  cert?: string;
  key?: string;
  /** PEM certificates that replace the default roots. */
  ca?: string;
  /** Go on when the peer's certificate fails; the timeline says so. */
  insecure?: boolean;
  crypto?: 'auto' | 'noble' | 'native';
  /** A session of an earlier connection to offer. */
  session?: Session;
  /** Connect a second time with the session of the first. */
  resume?: boolean;
  /** Do it this many times, one after the other. */
  repeat?: number;
  /** Only IPv4, or only IPv6 addresses. */
  family?: 4 | 6;
  /** Connect to this address (or name) while SNI and verification keep the target's. */
  connectTo?: string;
  /** The grade from which a finding alone makes `exitCode` 1. Default: fail. */
  failOn?: 'info' | 'warn' | 'fail';
  /** The command's name and version for the `run` fact. */
  command?: string;
  /** Put the bytes on the wire on the timeline too. */
  capture?: boolean;
  /** Ends the run: what was seen so far is still judged. `reason` "SIGINT" or "SIGTERM" is kept as the signal's name. */
  signal?: AbortSignal;
  /** Every event as it happens; `run` counts from 0. */
  onEvent?: (event: TimelineEvent, run: number) => void;
};

/** One run: one timeline, and what it comes to. */
export type TlsCloseRun = {
  outcome: Outcome;
  findings: readonly Finding[];
  events: readonly TimelineEvent[];
  /** With `resume`: what became of the first connection's session. */
  resumption?: Resumption;
  /** The newest session of this run, to offer in another one. */
  session?: Session;
};

export type Resumption = { eligible: boolean; offered: boolean; accepted: boolean };

/** The worst run's values, and all of them in `runs` (one, without `repeat`). */
export type TlsCloseResult = TlsCloseRun & {
  runs: readonly TlsCloseRun[];
  /** How often each class came. */
  distribution: Readonly<Partial<Record<OutcomeClass, number>>>;
  /** 0 fine · 1 a class other than clean, late, not-observed, or a finding at or above `failOn` · 3 never reached the shutdown · 130, 143 interrupted. */
  exitCode: number;
};
