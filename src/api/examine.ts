import type { ProbeOf } from '../catalog/probes/probe.ts';
import { type ProbeJob, type Ran, type Workplace, workThrough } from '../driver/diagnose/run.ts';
import { createScheduler, type Scheduler } from '../driver/scheduler.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import type { Task } from '../driver/task.ts';
import { UsageError } from '../driver/usage-error.ts';
import { VERSION } from '../driver/version.ts';
import { createClock } from '../io/clock.ts';
import {
  CHECK_GRADES,
  type CheckGrade,
  type CheckReport,
  type CheckVersion,
  type Diagnosis,
  type VersionReport,
  worstGrade,
} from '../timeline/diagnosis.ts';

/** Which checks to make, how often, and for how long. */
export type ExamineOptions = {
  /** Only these, by id; slow and intrusive ones run when they are named. */
  checks?: readonly string[];
  skip?: readonly string[];
  /** Those too that may disturb the server. */
  intrusive?: boolean;
  /** A broken MUST is a failure, whatever its effect. */
  strict?: boolean;
  /** Each check so many times. Default 3. */
  repeat?: number;
  /** Connections at a time. Default 4. */
  concurrency?: number;
  /** Most ms for all of it. Default 120 s. */
  budgetMs?: number;
  signal?: StopSignal;
  /** Called after each run of a check. */
  onProgress?: (done: number, all: number, check: string) => void;
};

/** What the first connection in a version showed. */
type Surveyed<V> = {
  version: V;
  state: 'open' | 'refused' | 'unreachable';
  reason?: string;
  exchange: string;
  keepAlive: boolean;
};

/** How a protocol is examined. `C`: what is done on a connection. */
export type Examination<P, C, V extends CheckVersion, S extends Surveyed<V>> = {
  chosen: readonly P[];
  versions: readonly V[];
  survey(version: V): Task<S>;
  runnable(plans: readonly C[], survey: S): readonly C[];
  work: Workplace<ProbeJob<C, V>>['work'];
  judge(probe: P, version: V, runs: readonly Ran<ProbeJob<C, V>>[], how: { strict: boolean }): CheckReport;
  /** Why a check was left out, by the exchange that there was. */
  needs(exchange: string): string;
};

export type Examined = { versions: VersionReport[]; reached: boolean; stopped: string | undefined };

type AnyProbe<C, V extends string> = Pick<ProbeOf<C, never, V>, 'id' | 'kind' | 'versions' | 'connections'>;

/** A look at each version, then the checks: each once before any is repeated, so that a short budget reaches them all. */
export function* examine<P extends AnyProbe<C, V>, C, V extends CheckVersion, S extends Surveyed<V>>(
  place: Pick<Workplace<never>, 'scheduler' | 'failed'>,
  examination: Examination<P, C, V, S>,
  options: ExamineOptions,
): Task<Examined> {
  const { chosen, work } = examination;
  const interrupted = (): string | undefined => (options.signal?.aborted === true ? 'signal' : undefined);
  const surveys: S[] = [];
  for (const version of examination.versions) {
    if (interrupted() === undefined) surveys.push(yield* examination.survey(version));
  }
  const jobs = surveys.flatMap((survey) => jobsOf(examination, survey, options.repeat ?? 3));
  jobs.sort((one, other) => one.repetition - other.repetition);
  let done = 0;
  const runs = yield* workThrough({ ...place, work }, jobs, {
    concurrency: options.concurrency ?? 4,
    budgetMs: options.budgetMs ?? BUDGET_MS,
    interrupted,
    onRun: (run) => {
      done += 1;
      options.onProgress?.(done, jobs.length, run.probe);
    },
  });
  const versions = surveys.map((survey) => {
    const mine = chosen.filter((probe) => probe.versions.includes(survey.version));
    const own = runs.filter(({ version }) => version === survey.version);
    return reportOf({ ...examination, chosen: mine }, survey, own, options.strict === true);
  });
  const reached = surveys.some(({ state }) => state === 'open');
  return { versions, reached, stopped: stoppedBy(surveys, runs, options) };
}

/** The world of real sockets, as long as the work lasts. */
export function onRealTime<T>(
  signal: StopSignal | undefined,
  work: (place: { scheduler: Scheduler; failed(error: unknown): void }) => Task<T>,
): Promise<T> {
  const scheduler = createScheduler(createClock());
  const poke = (): void => scheduler.poke();
  signal?.addEventListener('abort', poke);
  return new Promise<T>((resolve, reject) => {
    scheduler.spawn(work({ scheduler, failed: reject }), resolve, reject);
  }).finally(() => signal?.removeEventListener('abort', poke));
}

export function toDiagnosis(
  { versions, reached, stopped }: Examined,
  about: Pick<Diagnosis, 'target' | 'protocol'> & { crypto: string; signal: StopSignal | undefined },
): Diagnosis {
  const checks = versions.flatMap((version) => version.checks);
  const counts = Object.fromEntries(
    CHECK_GRADES.map((grade) => [grade, checks.filter((check) => check.grade === grade).length]),
  ) as Record<CheckGrade, number>;
  return {
    schema: 'sslshut/1',
    command: 'diagnose',
    target: about.target,
    protocol: about.protocol,
    tool: { name: 'sslshut', version: VERSION, crypto: about.crypto, node: process.versions.node },
    grade: worstGrade(versions.map(({ grade }) => grade)),
    versions,
    counts,
    ...(stopped === undefined ? {} : { stopped }),
    exitCode: exitCodeOf(reached, counts, about.signal),
  };
}

/** Throws UsageError for a check that does not exist. */
export function chooseProbes<P extends { id: string; kind: 'safe' | 'intrusive' | 'slow' }>(
  probes: readonly P[],
  find: (name: string) => P | undefined,
  { checks, skip = [], intrusive = false }: ExamineOptions,
): P[] {
  const probeNamed = (name: string): P => {
    const probe = find(name);
    if (probe !== undefined) return probe;
    const what = `${JSON.stringify(name)} is not a check`;
    throw new UsageError('bad-option', what, 'sslshut diagnose --list shows them');
  };
  const named = checks?.map(probeNamed);
  const skipped = skip.map(probeNamed);
  return probes.filter((probe) => {
    if (skipped.includes(probe)) return false;
    if (named !== undefined) return named.includes(probe);
    return probe.kind === 'safe' || (probe.kind === 'intrusive' && intrusive);
  });
}

function jobsOf<P extends AnyProbe<C, V>, C, V extends CheckVersion, S extends Surveyed<V>>(
  { chosen, runnable }: Examination<P, C, V, S>,
  survey: S,
  repeat: number,
): ProbeJob<C, V>[] {
  if (survey.state !== 'open') return [];
  return chosen.flatMap((probe) => {
    const connections = runnable(probe.connections, survey);
    if (connections.length === 0 || !probe.versions.includes(survey.version)) return [];
    return Array.from({ length: repeat }, (_, repetition) => ({
      ...{ probe: probe.id, version: survey.version, repetition, connections },
    }));
  });
}

function reportOf<P extends AnyProbe<C, V>, C, V extends CheckVersion, S extends Surveyed<V>>(
  { chosen, judge, needs }: Examination<P, C, V, S>,
  survey: S,
  runs: readonly Ran<ProbeJob<C, V>>[],
  strict: boolean,
): VersionReport {
  const { version, exchange, keepAlive, reason } = survey;
  const head = { version, exchange, keepAlive, ...(reason === undefined ? {} : { reason }) };
  if (survey.state !== 'open')
    return { ...head, state: 'not-offered', grade: 'inconclusive', checks: [], left: [] };
  const left: { check: string; why: string }[] = [];
  const checks = chosen.flatMap((probe) => {
    const own = runs.filter((run) => run.probe === probe.id);
    const whole = own.filter(({ cut }) => !cut);
    if (whole.length > 0) return [judge(probe, version, whole, { strict })];
    left.push({ check: probe.id, why: own.length > 0 ? 'there was no time for it' : needs(exchange) });
    return [];
  });
  return { ...head, state: 'checked', grade: worstGrade(checks.map(({ grade }) => grade)), checks, left };
}

function stoppedBy(
  surveys: readonly Surveyed<CheckVersion>[],
  runs: readonly { cut: boolean }[],
  { signal }: ExamineOptions,
): string | undefined {
  if (signal?.aborted === true) return 'interrupted';
  if (surveys.length > 0 && surveys.every(({ state }) => state !== 'open')) return surveys[0]?.reason;
  const cut = runs.filter((run) => run.cut).length;
  return cut === 0 ? undefined : `the budget ended ${cut} of ${runs.length} runs before they were over`;
}

function exitCodeOf(
  reached: boolean,
  counts: Record<CheckGrade, number>,
  signal: StopSignal | undefined,
): number {
  if (signal?.aborted === true) return signal.reason === 'SIGTERM' ? 143 : 130;
  if (!reached) return 3;
  return counts.fail > 0 ? 1 : 0;
}

const BUDGET_MS = 120_000;
