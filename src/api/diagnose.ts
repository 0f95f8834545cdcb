import { judgeProbe } from '../catalog/diagnose/judge.ts';
import { findProbe, PROBES } from '../catalog/probes/find.ts';
import type { Probe } from '../catalog/probes/probe.ts';
import { addresseeOf } from '../driver/close/addressee.ts';
import type { CloseOptions } from '../driver/close/options.ts';
import { type ClosePlan, DEFAULT_PLAN } from '../driver/close/plan.ts';
import type { ProbeWorld } from '../driver/diagnose/connection.ts';
import { PROBE_LIMITS, type ProbeExchange, type ProbeLimits, type Survey } from '../driver/diagnose/plan.ts';
import { type ProbeJob, type ProbeRun, runJobs, runnable, surveyVersion } from '../driver/diagnose/run.ts';
import { createScheduler } from '../driver/scheduler.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget } from '../driver/target.ts';
import type { Task } from '../driver/task.ts';
import { UsageError } from '../driver/usage-error.ts';
import { VERSION } from '../driver/version.ts';
import { createClock } from '../io/clock.ts';
import { connectTcp } from '../io/tcp.ts';
import { createTlsClientCore } from '../proto/tls/client-connection.ts';
import {
  CHECK_GRADES,
  type CheckGrade,
  type Diagnosis,
  type VersionReport,
  worstGrade,
} from '../timeline/diagnosis.ts';
import { VERSIONS } from './handshake.ts';
import { dialOptions, type Job, prepare } from './prepare.ts';

/** What to diagnose, and how thoroughly. Every field but `target` may be left out. */
export type DiagnoseOptions = Pick<
  CloseOptions,
  | 'target'
  | 'starttls'
  | 'versions'
  | 'sni'
  | 'alpn'
  | 'suites'
  | 'groups'
  | 'cert'
  | 'key'
  | 'ca'
  | 'insecure'
  | 'crypto'
  | 'family'
  | 'connectTo'
> & {
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
  limits?: Partial<ProbeLimits>;
  /** auto: HTTP/1.1 where the server answers it. */
  ask?: 'auto' | ProbeExchange;
  signal?: StopSignal;
  /** Called after each run of a check. */
  onProgress?: (done: number, all: number, check: string) => void;
};

/**
 * Asks a TLS server one question after the other about how it closes, each on fresh connections, and grades the answers. Whatever the
 * server does is a value in the result; only what can't be meant is thrown, as UsageError.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const chosen = chooseProbes(options);
  const { host, port, starttls, authority } = addresseeOf(options);
  const asked: DiagnoseOptions = { ...options, target: { host, port } };
  const limits = { ...PROBE_LIMITS, ...options.limits };
  const plan: ClosePlan = {
    ...DEFAULT_PLAN,
    authority,
    limits: { ...DEFAULT_PLAN.limits, connect: limits.connect, handshake: limits.handshake },
    ...(starttls === undefined ? {} : { starttls }),
  };
  const job = await prepare(asked, plan, 'tls');
  const exchange = options.ask ?? (starttls === undefined ? 'auto' : 'none');
  const result = await onSockets(job, limits, (world) => examine(world, options, { chosen, exchange }));
  return conclude(result, { target: formatTarget({ host, port }), crypto: job.provider.name, options });
}

type Examined = { surveys: readonly Survey[]; runs: readonly ProbeRun[]; chosen: readonly Probe[] };

/** A look at each version, then the checks: each once before any is repeated, so that a short budget reaches them all. */
function* examine(
  world: ProbeWorld,
  options: DiagnoseOptions,
  { chosen, exchange }: { chosen: readonly Probe[]; exchange: 'auto' | ProbeExchange },
): Task<Examined> {
  const interrupted = (): string | undefined => (options.signal?.aborted === true ? 'signal' : undefined);
  const surveys: Survey[] = [];
  for (const version of options.versions ?? (['1.3', '1.2'] as const)) {
    if (interrupted() === undefined) surveys.push(yield* surveyVersion(world, version, exchange));
  }
  const jobs = surveys.flatMap((survey) => jobsOf(chosen, survey, options.repeat ?? 3));
  jobs.sort((one, other) => one.repetition - other.repetition);
  let done = 0;
  const runs = yield* runJobs(world, jobs, {
    concurrency: options.concurrency ?? 4,
    budgetMs: options.budgetMs ?? BUDGET_MS,
    interrupted,
    onRun: (run) => {
      done += 1;
      options.onProgress?.(done, jobs.length, run.probe);
    },
  });
  return { surveys, runs, chosen };
}

function jobsOf(chosen: readonly Probe[], survey: Survey, repeat: number): ProbeJob[] {
  if (survey.state !== 'open') return [];
  return chosen.flatMap((probe) => {
    const connections = runnable(probe.connections, survey);
    if (connections.length === 0 || !probe.versions.includes(survey.version)) return [];
    return Array.from({ length: repeat }, (_, repetition) => ({
      probe: probe.id,
      version: survey.version,
      repetition,
      connections,
    }));
  });
}

/** The world of real sockets, as long as the work lasts. */
function onSockets<T>(
  job: Job<DiagnoseOptions>,
  limits: ProbeLimits,
  work: (world: ProbeWorld) => Task<T>,
): Promise<T> {
  const clock = createClock();
  const scheduler = createScheduler(clock);
  const { options, plan, provider, random } = job;
  const { signal } = options;
  const poke = (): void => scheduler.poke();
  signal?.addEventListener('abort', poke);
  return new Promise<T>((resolve, reject) => {
    const world: ProbeWorld = {
      scheduler,
      connect: (emit) => connectTcp(dialOptions(job, emit, clock)),
      createCore(version, emit, session) {
        const { config, peerAuth } = job.handshake();
        const mine = {
          ...config,
          versions: [VERSIONS[version]],
          ...(session === undefined ? {} : { session }),
        };
        return createTlsClientCore(mine, { random, provider, peerAuth, emit });
      },
      plan,
      authority: plan.authority ?? '',
      limits,
      failed: reject,
    };
    scheduler.spawn(work(world), resolve, reject);
  }).finally(() => signal?.removeEventListener('abort', poke));
}

function conclude(
  { surveys, runs, chosen }: Examined,
  about: { target: string; crypto: string; options: DiagnoseOptions },
): Diagnosis {
  const { options } = about;
  const versions = surveys.map((survey) => reportOf(survey, runs, chosen, options.strict === true));
  const checks = versions.flatMap((version) => version.checks);
  const counts = Object.fromEntries(
    CHECK_GRADES.map((grade) => [grade, checks.filter((check) => check.grade === grade).length]),
  ) as Record<CheckGrade, number>;
  const reached = surveys.some(({ state }) => state === 'open');
  const stopped = stoppedBy(surveys, runs, options);
  return {
    schema: 'sslshut/1',
    command: 'diagnose',
    target: about.target,
    protocol: 'tls',
    tool: { name: 'sslshut', version: VERSION, crypto: about.crypto, node: process.versions.node },
    grade: worstGrade(versions.map(({ grade }) => grade)),
    versions,
    counts,
    ...(stopped === undefined ? {} : { stopped }),
    exitCode: exitCodeOf(reached, counts, options.signal),
  };
}

function reportOf(
  survey: Survey,
  runs: readonly ProbeRun[],
  chosen: readonly Probe[],
  strict: boolean,
): VersionReport {
  const { version, exchange, keepAlive, reason } = survey;
  const head = { version, exchange, keepAlive, ...(reason === undefined ? {} : { reason }) };
  if (survey.state !== 'open')
    return { ...head, state: 'not-offered', grade: 'inconclusive', checks: [], left: [] };
  const mine = chosen.filter((probe) => probe.versions.includes(version));
  const left: { check: string; why: string }[] = [];
  const checks = mine.flatMap((probe) => {
    const own = runs.filter((run) => run.probe === probe.id && run.version === version);
    const whole = own.filter(({ cut }) => !cut);
    if (whole.length > 0) return [judgeProbe(probe, version, whole, { strict })];
    const why = own.length > 0 ? 'there was no time for it' : NEEDS[exchange];
    left.push({ check: probe.id, why });
    return [];
  });
  return { ...head, state: 'checked', grade: worstGrade(checks.map(({ grade }) => grade)), checks, left };
}

function stoppedBy(
  surveys: readonly Survey[],
  runs: readonly ProbeRun[],
  { signal }: DiagnoseOptions,
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

/** Throws UsageError for a check that does not exist. */
function chooseProbes({ checks, skip = [], intrusive = false }: DiagnoseOptions): Probe[] {
  const named = checks?.map(probeNamed);
  const skipped = skip.map(probeNamed);
  return PROBES.filter((probe) => {
    if (skipped.includes(probe)) return false;
    if (named !== undefined) return named.includes(probe);
    return probe.kind === 'safe' || (probe.kind === 'intrusive' && intrusive);
  });
}

function probeNamed(name: string): Probe {
  const probe = findProbe(name);
  if (probe !== undefined) return probe;
  throw new UsageError(
    'bad-option',
    `${JSON.stringify(name)} is not a check`,
    'sslshut diagnose --list shows them',
  );
}

const NEEDS: Readonly<Record<ProbeExchange, string>> = {
  none: 'it needs a request that is answered',
  http1: 'it needs a connection that stays after an answer',
};
const BUDGET_MS = 120_000;
