import { judge } from './catalog/outcome.ts';
import { evaluate } from './catalog/rules/tls.ts';
import type { ServerWishes } from './catalog/serve-options.ts';
import { distributionOf, worstOf } from './catalog/verdict.ts';
import { groupByName } from './crypto/groups.ts';
import type { CryptoProvider, Random } from './crypto/provider.ts';
import { suiteByName } from './crypto/suites.ts';
import { type Closing, createClosing } from './driver/close/closing.ts';
import { closeFlow } from './driver/close/flow.ts';
import { interruptible } from './driver/close/interrupt.ts';
import { openLine } from './driver/close/line.ts';
import {
  type CloseOptions,
  type CloseResult,
  type CloseRun,
  toPlan,
  toPlanFact,
} from './driver/close/options.ts';
import type { ClosePlan } from './driver/close/plan.ts';
import { freeAndKeepSession } from './driver/close/session-report.ts';
import { createWitness } from './driver/close/witness.ts';
import { createScheduler, type Scheduler } from './driver/scheduler.ts';
import { parseScenario } from './driver/script.ts';
import type { StopSignal } from './driver/stop-signal.ts';
import { formatTarget, parseTarget } from './driver/target.ts';
import { UsageError } from './driver/usage-error.ts';
import { VERSION } from './driver/version.ts';
import { createClock } from './io/clock.ts';
import { chooseProvider } from './io/provider.ts';
import { createRandom } from './io/random.ts';
import { connectTcp } from './io/tcp.ts';
import { createTrust } from './io/trust.ts';
import type { TlsConfig } from './proto/handshake/config.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from './proto/handshake/defaults.ts';
import type { Identity, PeerAuth } from './proto/handshake/peer-auth.ts';
import type { Session } from './proto/handshake/session.ts';
import { createTlsCore } from './proto/tls/connection.ts';
import { DEFAULT_TLS_POLICY } from './proto/tls/policy.ts';
import { toResumption } from './render/report.ts';
import type { ProfileName } from './shutdown/types.ts';
import type { ScenarioRun } from './sim/scenario.ts';
import type { Emit } from './timeline/event.ts';
import { createRecorder, type Recorder } from './timeline/recorder.ts';

export type { Behaviour } from './catalog/behaviour.ts';
export type { ClientFacts } from './catalog/client-report.ts';
export { judge } from './catalog/outcome.ts';
export { evaluate as evaluateTls } from './catalog/rules/tls.ts';
export type { ServedClient } from './catalog/serve-options.ts';
export type { CloseLimits, CloseMode, ClosePlan } from './driver/close/plan.ts';
export { CLOSE_MODES, DEFAULT_LIMITS, DEFAULT_PLAN } from './driver/close/plan.ts';
export type { Failure, ScriptResult } from './driver/run-script.ts';
export type { Scenario } from './driver/script.ts';
export { parseScenario } from './driver/script.ts';
export type { ExchangeKind, ServeLimits } from './driver/serve/plan.ts';
export type { StopSignal } from './driver/stop-signal.ts';
export { formatTarget, parseTarget } from './driver/target.ts';
export { UsageError } from './driver/usage-error.ts';
export type { Session } from './proto/handshake/session.ts';
export { toJson, toNdjson } from './render/json.ts';
export type { RepeatReport, Report } from './render/report.ts';
export { toRepeatReport, toReport } from './render/report.ts';
export type { ScenarioRun } from './sim/scenario.ts';
export type { Emit, Fact, TimelineEvent } from './timeline/event.ts';
export type { Finding, Grade, Outcome, OutcomeClass } from './timeline/outcome.ts';

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type TlsCloseOptions = CloseOptions & {
  /** An AbortSignal will do. Ends the run: what was seen so far is still judged. `reason` "SIGINT" or "SIGTERM" is kept as the signal's name. */
  signal?: StopSignal;
};
export type TlsCloseRun = CloseRun;
export type TlsCloseResult = CloseResult;

/**
 * Connects to a TLS server, closes in the way asked for, and says how the connection ended. Whatever the peer does is a
 * value in the result; only what can't be meant is thrown, as UsageError (or CredentialError, for PEM that is unusable).
 */
export async function tlsClose(options: TlsCloseOptions): Promise<TlsCloseResult> {
  const job = await prepare(options);
  const first = await runOnce(job, 0);
  const rest: Run[] = [];
  for (let run = 1; run < (options.repeat ?? 1) && options.signal?.aborted !== true; run++) {
    rest.push(await runOnce(job, run));
  }
  const runs = [first, ...rest];
  const worst = worstOf(first, rest);
  return { ...worst, runs, distribution: distributionOf(runs.map((run) => run.outcome)) };
}

export type ServeOptions = ServerWishes & {
  /** Ends it. */
  signal?: StopSignal;
};

export type RunningServer = {
  readonly host: string;
  readonly port: number;
  /** Of the behaviour that is served. */
  readonly id: string;
  readonly says: string;
  /** PEM: what a client needs as CA where the certificate was made here. */
  readonly certificate: string;
  /** Was it made here? */
  readonly selfSigned: boolean;
  close(): Promise<void>;
  /** Settles when it has ended: after `count`, `forMs`, `signal` or `close`. */
  readonly done: Promise<void>;
};

/**
 * Starts a TLS server that closes its connections in one way of the catalogue. Rejects with UsageError for what can't be
 * meant, an address that can't be listened on included.
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  // What only a server needs stays out of a client's start.
  const [
    { findBehaviour, behaviourHosts },
    { toServePlan },
    { createServerCores },
    { createServer },
    report,
  ] = await Promise.all([
    import('./catalog/behaviours/find.ts'),
    import('./catalog/behaviour.ts'),
    import('./driver/serve/core.ts'),
    import('./io/serve-tcp.ts'),
    import('./catalog/client-report.ts'),
  ]);
  const { behaviour: name = 'well-behaved', host = '127.0.0.1', onClient, signal } = options;
  const behaviour = findBehaviour(name);
  if (behaviour === undefined) throw new UsageError('bad-option', `there is no behaviour called ${name}`);
  const { identity, certificate } = await serverIdentity(options, behaviourHosts());
  const provider = await chooseProvider(options.crypto ?? 'auto', { mlkem: true });
  const deps = { random: createRandom(), provider, peerAuth: createTrust({ provider, verify: false }) };
  const versions = options.versions?.map((version) => VERSIONS[version]);
  const createCore = createServerCores({ identity, deps, ...(versions === undefined ? {} : { versions }) });
  const server = await createServer({
    ...options,
    host,
    plan: toServePlan(behaviour, options),
    createCore,
    onConnection: ({ conn, remote, events }) =>
      onClient?.({ conn, remote, events, ...report.describeClient(events) }),
  }).catch((error: unknown) => {
    throw cannotListen(error, host, options.port);
  });
  signal?.addEventListener('abort', () => void server.close());
  const { id, says } = behaviour;
  return { ...server, id, says, certificate, selfSigned: options.cert === undefined };
}

/**
 * Plays a scenario (parsed already, or as read from JSON or YAML) against the embedded peer, in virtual time and from a
 * seed: the same call gives the same timeline. Throws UsageError for what is no scenario or cannot be played.
 */
export async function runScenario(
  scenario: unknown,
  options: { profile?: ProfileName; crypto?: 'auto' | 'noble' | 'native'; seed?: number } = {},
): Promise<ScenarioRun> {
  const parsed = parseScenario(scenario);
  const provider = await chooseProvider(options.crypto ?? 'auto', { mlkem: false });
  const sim = await import('./sim/scenario.ts');
  return sim.runScenario(parsed, { profile: options.profile ?? 'manual', provider, seed: options.seed ?? 0 });
}

type Run = TlsCloseRun & { exitCode: number };

/** What every run of one call shares. */
type Job = {
  options: TlsCloseOptions;
  plan: ClosePlan;
  host: string;
  port: number;
  provider: CryptoProvider;
  random: Random;
  /** Made when it is first needed: the TCP connection is on its way by then. */
  handshake: { config: TlsConfig; peerAuth: PeerAuth } | undefined;
  identity: Identity | undefined;
};

async function prepare(options: TlsCloseOptions): Promise<Job> {
  const plan = toPlan(options);
  const { host, port } = typeof options.target === 'string' ? parseTarget(options.target) : options.target;
  const groups = options.groups?.map(groupId);
  options.suites?.forEach(suiteId);
  const provider = await chooseProvider(options.crypto ?? 'auto', {
    mlkem: groups?.includes(X25519MLKEM768) ?? false,
  });
  const identity = await identityOf(options);
  return { options, plan, host, port, provider, random: createRandom(), identity, handshake: undefined };
}

async function runOnce(job: Job, number: number): Promise<Run> {
  const { options, plan } = job;
  const clock = createClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const { onEvent } = options;
  if (onEvent !== undefined) recorder.subscribe((event) => onEvent(event, number));
  const emit = recorder.emitter('local');
  emit(runFact(job));
  emit(toPlanFact(plan, options.failOn));
  const session = await connection(job, { recorder, scheduler, conn: 'local', offer: options.session });
  if (options.resume === true && recorder.events.every((event) => event.kind !== 'interrupted')) {
    emit({ kind: 'phase', name: 'resume' });
    if (session === undefined) emit({ kind: 'note', code: 'resume', text: 'there is no session to offer' });
    else await connection(job, { recorder, scheduler, conn: 'resume', offer: session });
  }
  return conclude(recorder, emit, session);
}

/** The findings and the outcome, put on the timeline they are drawn from. */
function conclude(recorder: Recorder, emit: Emit, session: Session | undefined): Run {
  const { events } = recorder;
  const findings = evaluate(events);
  for (const finding of findings) emit({ kind: 'finding', ...finding });
  const outcome = judge(events);
  const second = events.some((event) => event.conn === 'resume') ? judge(events, 'resume') : undefined;
  const exitCode = Math.max(outcome.exitCode, second?.exitCode ?? 0);
  if (second !== undefined) {
    const text = `the second connection ended ${second.class}: ${second.summary}`;
    recorder.emitter('resume')({ kind: 'note', code: 'resume', text });
  }
  emit({ kind: 'outcome', outcome: { ...outcome, exitCode } });
  const resumption = toResumption(events);
  return {
    outcome: { ...outcome, exitCode },
    findings,
    events,
    exitCode,
    ...(resumption === undefined ? {} : { resumption }),
    ...(session === undefined ? {} : { session }),
  };
}

type Place = { recorder: Recorder; scheduler: Scheduler; conn: string; offer: Session | undefined };

/** One connection, from TCP to its end. The session that it leaves behind, when there is one to resume. */
async function connection(job: Job, place: Place): Promise<Session | undefined> {
  const { options, plan } = job;
  const { recorder, scheduler, conn } = place;
  const { clock } = scheduler;
  const witness = createWitness(recorder.emitter(conn), clock.now);
  const line = openLine(
    connectTcp({
      host: job.host,
      port: job.port,
      timeoutMs: plan.limits.connect,
      emit: witness.emit,
      clock,
      capture: options.capture === true,
      ...(options.family === undefined ? {} : { family: options.family }),
      ...(options.connectTo === undefined ? {} : { connectTo: options.connectTo }),
    }),
  );
  // Node begins to connect in its next turn; what follows can take place meanwhile.
  await new Promise(setImmediate);
  let closing: Closing;
  try {
    const createCore = coreMaker(job, place.offer);
    const again = { createCore: coreMaker(job, undefined), emit: recorder.emitter('again') };
    closing = createClosing({ plan, line, scheduler, witness, createCore, again: () => again });
  } catch (error) {
    line.transport.close();
    throw error;
  }
  await drive(closing, scheduler, options.signal);
  return freeAndKeepSession(closing, options.resume === true && conn === 'local');
}

/** Runs the flow to its end, or to the signal. */
async function drive(closing: Closing, scheduler: Scheduler, signal: StopSignal | undefined): Promise<void> {
  const interrupted = (): string | undefined => (signal?.aborted === true ? signalName(signal) : undefined);
  const poke = (): void => scheduler.poke();
  signal?.addEventListener('abort', poke);
  try {
    const name = await new Promise<string | undefined>((resolve, reject) => {
      scheduler.spawn(interruptible(closeFlow(closing), interrupted), resolve, reject);
    });
    if (name !== undefined) closing.emit({ kind: 'interrupted', signal: name });
  } finally {
    signal?.removeEventListener('abort', poke);
  }
}

function coreMaker(job: Job, session: Session | undefined): (emit: Emit) => ReturnType<typeof createTlsCore> {
  return (emit) => {
    job.handshake ??= createHandshake(job);
    const { config, peerAuth } = job.handshake;
    const deps = { random: job.random, provider: job.provider, peerAuth, emit };
    return createTlsCore('client', session === undefined ? config : { ...config, session }, deps);
  };
}

/** What to negotiate, and who judges the peer's certificate: the work that waits for the connection anyway. */
function createHandshake({ options, host, provider, identity }: Job): {
  config: TlsConfig;
  peerAuth: PeerAuth;
} {
  const name = typeof options.sni === 'string' ? options.sni : host;
  const trust = createTrust({
    provider,
    verify: true,
    ...(options.ca === undefined ? {} : { ca: [options.ca] }),
  });
  const config: TlsConfig = {
    versions: options.versions?.map((version) => VERSIONS[version]) ?? [0x0304, 0x0303],
    suites: options.suites?.map(suiteId) ?? DEFAULT_SUITES,
    groups: options.groups?.map(groupId) ?? DEFAULT_GROUPS,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: options.insecure === true ? 'report' : 'require',
    policy: DEFAULT_TLS_POLICY,
    ...(options.sni === false ? {} : { serverName: name }),
    ...(options.alpn === undefined ? {} : { alpn: options.alpn }),
    ...(identity === undefined ? {} : { identity }),
  };
  // Without SNI the name is still the one to verify.
  const peerAuth: PeerAuth = { examine: (request) => trust.examine({ ...request, serverName: name }) };
  return { config, peerAuth };
}

async function serverIdentity(
  options: ServeOptions,
  names: readonly string[],
): Promise<{ identity: Identity; certificate: string }> {
  const given = await identityOf(options);
  if (given !== undefined) return { identity: given, certificate: options.cert ?? '' };
  const { host } = options;
  const { makeSelfSigned } = await import('./io/self-signed.ts');
  const ips = [
    ...new Set(['127.0.0.1', '::1', ...(host !== undefined && /^[\d.]+$|:/u.test(host) ? [host] : [])]),
  ];
  const made = await makeSelfSigned({ names: ['localhost', ...names], ips, keyType: 'ec' });
  return { identity: made.identity, certificate: made.certPem };
}

function cannotListen(error: unknown, host: string, port: number | undefined): unknown {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return error;
  const at = formatTarget({ host, port: port ?? 0 });
  return new UsageError('bad-option', `cannot listen on ${at}: ${String(error.code)}`);
}

async function identityOf({ cert, key }: { cert?: string; key?: string }): Promise<Identity | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError('conflict', 'a client certificate needs both cert and key');
  }
  const { loadIdentity } = await import('./io/identity.ts');
  return loadIdentity(cert, key);
}

function runFact({ host, port, plan, provider }: Job): Parameters<Emit>[0] {
  return {
    kind: 'run',
    schema: 'sslshut/1',
    command: 'tls-close',
    target: formatTarget({ host, port }),
    profile: plan.profile,
    tool: { name: 'sslshut', version: VERSION, crypto: provider.name, node: process.versions.node },
  };
}

function signalName(signal: StopSignal): string {
  return typeof signal.reason === 'string' ? signal.reason : 'SIGINT';
}

function suiteId(name: string): number {
  const suite = suiteByName(name);
  if (suite === undefined) throw new UsageError('bad-option', `${name} is not a suite that sslshut speaks`);
  return suite.id;
}

function groupId(name: string): number {
  const group = groupByName(name);
  if (group === undefined) throw new UsageError('bad-option', `${name} is not a group that sslshut speaks`);
  return group.id;
}

const VERSIONS = { '1.2': 0x0303, '1.3': 0x0304 } as const;
const X25519MLKEM768 = 0x11ec;
