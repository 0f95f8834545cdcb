import type { Session } from '../../proto/handshake/session.ts';
import type { Fact, TimelineEvent } from '../../timeline/event.ts';
import type { Finding, Outcome, OutcomeClass } from '../../timeline/outcome.ts';
import { UsageError } from '../usage-error.ts';
import { type CloseLimits, type ClosePlan, DEFAULT_LIMITS, DEFAULT_PLAN, looksAtPeer } from './plan.ts';

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type CloseOptions = Partial<Omit<ClosePlan, 'limits'>> & {
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
  /** Put the bytes on the wire on the timeline too. */
  capture?: boolean;
  /** Every event as it happens; `run` counts from 0. */
  onEvent?: (event: TimelineEvent, run: number) => void;
};

/** One run: one timeline, and what it comes to. */
export type CloseRun = {
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
export type CloseResult = CloseRun & {
  runs: readonly CloseRun[];
  /** How often each class came. */
  distribution: Readonly<Partial<Record<OutcomeClass, number>>>;
  /** 0 fine · 1 a class other than clean, late, not-observed, or a finding at or above `failOn` · 3 never reached the shutdown · 130, 143 interrupted. */
  exitCode: number;
};

/** The plan that the options ask for. Throws UsageError for what cannot be meant. */
export function toPlan(options: CloseOptions): ClosePlan {
  const plan: ClosePlan = { ...DEFAULT_PLAN };
  const keys = Object.keys(PLAN_KEYS) as (keyof typeof PLAN_KEYS)[];
  for (const key of keys) {
    if (options[key] !== undefined) Object.assign(plan, { [key]: options[key] });
  }
  plan.limits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const [name, ms] of Object.entries({
    ...plan.limits,
    idleMs: plan.idleMs,
    lingerMs: plan.lingerMs ?? 0,
    lateMs: plan.lateMs,
  })) {
    if (!(ms >= 0)) throw new UsageError('bad-option', `${name} is no number of milliseconds: ${ms}`);
  }
  checkRepeat(options.repeat);
  if (plan.then !== undefined && plan.mode !== 'full') {
    throw new UsageError(
      'conflict',
      `the connection cannot be used again after a close of mode ${plan.mode}`,
      'only a full shutdown leaves the connection ready for more',
    );
  }
  return plan;
}

/** What the outcome is judged by, for the timeline. */
export function toPlanFact(plan: ClosePlan, failOn: CloseOptions['failOn']): Extract<Fact, { kind: 'plan' }> {
  const { mode, noBlock, ignoreUnexpectedEof, lateMs, limits, readUntil, starttls, exchange } = plan;
  return {
    kind: 'plan',
    mode,
    looks: looksAtPeer(plan),
    noBlock,
    ignoreUnexpectedEof,
    lateMs,
    limits,
    failOn: failOn ?? 'fail',
    ...(starttls === undefined ? {} : { starttls }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(typeof readUntil === 'number' ? { expected: readUntil } : {}),
  };
}

function checkRepeat(repeat: number | undefined): void {
  if (repeat === undefined || (Number.isSafeInteger(repeat) && repeat >= 1)) return;
  throw new UsageError('bad-option', `repeat is no count: ${repeat}`, 'give a whole number from 1');
}

/** The fields of the options that go into the plan as they are. */
const PLAN_KEYS: Readonly<Record<Exclude<keyof ClosePlan, 'limits'>, true>> = {
  mode: true,
  drain: true,
  noBlock: true,
  starttls: true,
  authority: true,
  exchange: true,
  path: true,
  send: true,
  readUntil: true,
  writeAfterClose: true,
  idleMs: true,
  lingerMs: true,
  // biome-ignore lint/suspicious/noThenProperty: the option's name; its value is never callable
  then: true,
  ignoreUnexpectedEof: true,
  profile: true,
  lateMs: true,
  readCap: true,
};
