import type { Fact, ShutdownFlag, SslErrorName, TimelineEvent } from '../timeline/event.ts';
import type { Finding, Outcome, OutcomeClass } from '../timeline/outcome.ts';
import { type JsonOptions, type JsonValue, toPlain } from './json.ts';

/** The one object that `--json` prints. Keys stand in this order. */
export type Report = {
  schema: 'sslshut/1';
  command: string;
  target: string;
  profile: string;
  tool: { name: string; version: string; crypto: string; node: string };
  handshake: HandshakeReport;
  outcome: Outcome | null;
  calls: readonly CallReport[];
  findings: readonly Finding[];
  resumption?: Resumption;
  timeline: readonly JsonValue[];
};

export type HandshakeReport = {
  completed: boolean;
  version?: string;
  suite?: string;
  group?: string;
  signature?: string;
  alpn?: string;
  resumed?: boolean;
  helloRetry?: boolean;
  clientCertificate?: boolean;
  extendedMasterSecret?: boolean;
  certificate?: JsonValue;
  failure?: JsonValue;
};

export type CallReport = {
  fn: string;
  flags: readonly string[];
  ret: number;
  error: SslErrorName;
  errno?: string;
  shutdown: readonly ShutdownFlag[];
  queue: readonly string[];
  ms: number;
  blocked?: true;
  conn: string;
};

/** --resume: could the first connection's session be resumed, was it offered, did the peer take it? */
export type Resumption = { eligible: boolean; offered: boolean; accepted: boolean };

/** --repeat: the worst run's outcome, how often each class came, and every run whole. */
export type RepeatReport = Pick<Report, 'schema' | 'command' | 'target' | 'profile' | 'tool' | 'outcome'> & {
  distribution: Readonly<Partial<Record<OutcomeClass, number>>>;
  runs: readonly Report[];
};

/** A run's timeline as one object. */
export function toReport(events: readonly TimelineEvent[], options: JsonOptions = {}): Report {
  const run = find(events, 'run');
  const resumption = toResumption(events);
  return {
    schema: 'sslshut/1',
    command: run?.command ?? '',
    target: run?.target ?? '',
    profile: run?.profile ?? '',
    tool: run?.tool ?? { name: 'sslshut', version: '', crypto: '', node: '' },
    handshake: toHandshake(events, options),
    outcome: find(events, 'outcome')?.outcome ?? null,
    calls: toCalls(events),
    findings: events.filter((event) => event.kind === 'finding').map(toFinding),
    ...(resumption === undefined ? {} : { resumption }),
    timeline: events.map((event) => toPlain(event, options)).filter((event) => event !== undefined),
  };
}

/** Several runs as one object. The worst is the one with the highest exit code. */
export function toRepeatReport(
  runs: readonly (readonly TimelineEvent[])[],
  options: JsonOptions = {},
): RepeatReport {
  const reports = runs.map((events) => toReport(events, options));
  const empty = toReport([], options);
  const worst = reports.reduce(
    (found, report) => ((report.outcome?.exitCode ?? 0) > (found.outcome?.exitCode ?? -1) ? report : found),
    empty,
  );
  const distribution: Partial<Record<OutcomeClass, number>> = {};
  for (const { outcome } of reports) {
    if (outcome !== null) distribution[outcome.class] = (distribution[outcome.class] ?? 0) + 1;
  }
  const { schema, command, target, profile, tool, outcome } = worst;
  return { schema, command, target, profile, tool, outcome, distribution, runs: reports };
}

/** What the session facts of the first and the second connection come to; undefined where no resumption was asked for. */
export function toResumption(events: readonly TimelineEvent[]): Resumption | undefined {
  const asked = events.some((event) => event.kind === 'phase' && event.name === 'resume');
  if (!asked) return undefined;
  const said = (conn: string, what: string): boolean =>
    events.some((event) => event.kind === 'session' && event.conn === conn && event.what === what);
  return {
    eligible: said('local', 'eligible'),
    offered: said('resume', 'offered'),
    accepted: said('resume', 'accepted'),
  };
}

function toHandshake(events: readonly TimelineEvent[], options: JsonOptions): HandshakeReport {
  const local = events.filter((event) => event.conn === 'local');
  const completed = find(local, 'handshake.completed');
  const certificate = local.find((event) => event.kind === 'certificate' && event.by === 'peer');
  const failed = find(local, 'handshake.failed');
  const { seq: _seq, t: _t, conn: _conn, arrived: _arrived, kind: _kind, ...agreed } = completed ?? NOTHING;
  return {
    completed: completed !== undefined,
    ...agreed,
    ...(certificate === undefined ? {} : { certificate: factOf(certificate, options) }),
    ...(failed === undefined ? {} : { failure: factOf(failed, options) }),
  };
}

/** The fact alone, without its place in the run. */
function factOf(event: TimelineEvent, options: JsonOptions): JsonValue {
  const whole = toPlain(event, options);
  if (whole === undefined || whole === null || typeof whole !== 'object' || Array.isArray(whole)) return null;
  return Object.fromEntries(Object.entries(whole).filter(([key]) => !PLACE.includes(key)));
}

function toCalls(events: readonly TimelineEvent[]): CallReport[] {
  const flags = new Map<string, readonly string[]>();
  const calls: CallReport[] = [];
  for (const event of events) {
    if (event.kind === 'call') flags.set(`${event.conn}/${event.id}`, event.flags);
    if (event.kind !== 'return') continue;
    const { fn, ret, error, errno, shutdown, queue, ms, blocked, conn } = event;
    calls.push({
      fn,
      flags: flags.get(`${conn}/${event.id}`) ?? [],
      ret,
      error,
      ...(errno === undefined ? {} : { errno }),
      shutdown,
      queue,
      ms,
      ...(blocked === undefined ? {} : { blocked }),
      conn,
    });
  }
  return calls;
}

function toFinding({ rule, clause, grade, level, who, text, evidence }: Finding): Finding {
  return { rule, clause, grade, level, who, text, evidence };
}

function find<K extends Fact['kind']>(
  events: readonly TimelineEvent[],
  kind: K,
): Extract<TimelineEvent, { kind: K }> | undefined {
  return events.find((event): event is Extract<TimelineEvent, { kind: K }> => event.kind === kind);
}

const PLACE: readonly string[] = ['seq', 't', 'conn', 'arrived', 'kind'];
const NOTHING: Partial<Extract<TimelineEvent, { kind: 'handshake.completed' }>> = {};
