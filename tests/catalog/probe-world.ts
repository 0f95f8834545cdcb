import { toServePlan } from '../../src/catalog/behaviour.ts';
import { findBehaviour } from '../../src/catalog/behaviours/find.ts';
import { judgeProbe } from '../../src/catalog/diagnose/judge.ts';
import type { Probe } from '../../src/catalog/probes/probe.ts';
import { DEFAULT_PLAN } from '../../src/driver/close/plan.ts';
import type { ProbeWorld } from '../../src/driver/diagnose/connection.ts';
import { PROBE_LIMITS, type ProbeLimits, type Survey } from '../../src/driver/diagnose/plan.ts';
import {
  type ProbeJob,
  type ProbeRun,
  runJobs,
  runnable,
  surveyVersion,
} from '../../src/driver/diagnose/run.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import { serveConnection } from '../../src/driver/serve/connection.ts';
import { createServerCores } from '../../src/driver/serve/core.ts';
import type { ServePlan } from '../../src/driver/serve/plan.ts';
import type { Task } from '../../src/driver/task.ts';
import type { Connect } from '../../src/driver/world.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { createTlsCore } from '../../src/proto/tls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { createSimClock, type SimClock } from '../../src/sim/clock.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createLink } from '../../src/sim/link.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { CheckReport } from '../../src/timeline/diagnosis.ts';

const provider = createNativeProvider();

export type ServerOptions = { seed?: number; limits?: Partial<ProbeLimits>; plan?: Partial<ServePlan> };
export type SimServer = { world: ProbeWorld; clock: SimClock; finish(): void };

/** A server with that behaviour in the simulator, and a way to connect to it as often as one likes. */
function simServer(behaviour: string, options: ServerOptions = {}): SimServer {
  const { seed = 1, limits = {}, plan: change = {} } = options;
  const entry = findBehaviour(behaviour);
  if (entry === undefined) throw new Error(`no behaviour ${behaviour}`);
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  let failure: unknown;
  const failed = (error: unknown): void => {
    failure ??= error;
  };
  const createCore = createServerCores({
    forgetful: entry.forgetful === true,
    identity: createSimIdentity(provider, createRandom(seed, 'identity'), 'example.net'),
    deps: { random: createRandom(seed, 'server'), provider, peerAuth: createSimTrust(provider) },
  });
  let count = 0;
  const connect = (): Connect => {
    count += 1;
    const link = createLink({ clock, random: createRandom(seed, `network ${count}`) });
    const plan = { ...toServePlan(entry), ...change };
    const emit = (): void => {};
    scheduler.spawn(
      serveConnection({ plan, connect: link.right, scheduler, emit, createCore, failed }),
      undefined,
      failed,
    );
    return link.left;
  };
  let clients = 0;
  const world: ProbeWorld = {
    scheduler,
    connect,
    createCore(version, emit, session) {
      clients += 1;
      return createTlsCore(
        'client',
        {
          versions: version === '1.2' ? [0x0303] : [0x0304],
          suites: DEFAULT_SUITES,
          groups: DEFAULT_GROUPS,
          signatureSchemes: DEFAULT_SCHEMES,
          verify: 'require',
          policy: DEFAULT_TLS_POLICY,
          serverName: 'example.net',
          ...(session === undefined ? {} : { session }),
        },
        {
          random: createRandom(seed, `client ${clients}`),
          provider,
          peerAuth: createSimTrust(provider),
          emit,
        },
      );
    },
    plan: DEFAULT_PLAN,
    authority: 'example.net',
    limits: { ...PROBE_LIMITS, idle: 30_000, ...limits },
    failed,
  };
  return {
    world,
    clock,
    finish() {
      if (failure !== undefined) throw failure;
    },
  };
}

/** Runs a task to its end in virtual time. */
function toTheEnd<T>(server: SimServer, task: Task<T>): T {
  const box: { value?: T; over: boolean } = { over: false };
  server.world.scheduler.spawn(
    task,
    (value) => {
      box.value = value;
      box.over = true;
    },
    server.world.failed,
  );
  server.clock.runUntilIdle(server.clock.now() + 3_600_000);
  server.finish();
  if (!box.over) throw new Error('never ended');
  return box.value as T;
}

export type Checked = { survey: Survey; reports: CheckReport[]; runs: ProbeRun[]; left: string[] };

/** All the probes against one behaviour, in one version. */
export function check(
  behaviour: string,
  version: '1.2' | '1.3',
  probes: readonly Probe[],
  options: ServerOptions & { repeat?: number; strict?: boolean } = {},
): Checked {
  const server = simServer(behaviour, options);
  const survey = toTheEnd(server, surveyVersion(server.world, version));
  const left: string[] = [];
  const jobs: ProbeJob[] = probes.flatMap((probe) => {
    const connections = runnable(probe.connections, survey);
    if (survey.state !== 'open' || !probe.versions.includes(version) || connections.length === 0) {
      left.push(probe.id);
      return [];
    }
    return Array.from({ length: options.repeat ?? 1 }, (_, repetition) => ({
      probe: probe.id,
      version,
      repetition,
      connections,
    }));
  });
  const runs = toTheEnd(
    server,
    runJobs(server.world, jobs, { concurrency: 4, budgetMs: 3_000_000, interrupted: () => undefined }),
  );
  const reports = probes
    .filter(({ id }) => !left.includes(id))
    .map((probe) =>
      judgeProbe(
        probe,
        version,
        runs.filter((run) => run.probe === probe.id),
        { strict: options.strict === true },
      ),
    );
  return { survey, reports, runs, left };
}

/** Per check what it noticed: "fin-only fail". */
export function noticed(reports: readonly CheckReport[]): Record<string, string[]> {
  return Object.fromEntries(
    reports.flatMap(({ check: id, findings }) =>
      findings.length === 0 ? [] : [[id, findings.map(({ rule, grade }) => `${rule} ${grade}`)]],
    ),
  );
}
