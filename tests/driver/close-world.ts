import { judge } from '../../src/catalog/outcome.ts';
import { evaluate } from '../../src/catalog/rules/tls.ts';
import { createNobleProvider } from '../../src/crypto/noble-provider.ts';
import { type Channel, createChannel } from '../../src/driver/channel.ts';
import { createClosing } from '../../src/driver/close/closing.ts';
import { closeFlow } from '../../src/driver/close/flow.ts';
import { interruptible } from '../../src/driver/close/interrupt.ts';
import { openLine } from '../../src/driver/close/line.ts';
import { toPlan, toPlanFact } from '../../src/driver/close/options.ts';
import type { ClosePlan } from '../../src/driver/close/plan.ts';
import { freeAndKeepSession } from '../../src/driver/close/session-report.ts';
import { createWitness } from '../../src/driver/close/witness.ts';
import { createScheduler, type Scheduler } from '../../src/driver/scheduler.ts';
import { type Task, until } from '../../src/driver/task.ts';
import type { Connect } from '../../src/driver/world.ts';
import type { RecordCore, RecordStep } from '../../src/proto/core.ts';
import type { TlsConfig } from '../../src/proto/handshake/config.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import type { Session } from '../../src/proto/handshake/session.ts';
import { createTlsCore } from '../../src/proto/tls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createLink } from '../../src/sim/link.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit, TimelineEvent } from '../../src/timeline/event.ts';
import type { Finding, Outcome } from '../../src/timeline/outcome.ts';
import { createRecorder } from '../../src/timeline/recorder.ts';

/** The server's end, for a script. */
export type Server = { channel: Channel; core: RecordCore; now(): number };
export type Script = (server: Server) => Task<void>;

export type Told = {
  outcome: Outcome;
  findings: Finding[];
  events: TimelineEvent[];
  server: TimelineEvent[];
  session: Session | undefined;
  /** "SSL_shutdown 0", "SSL_read 0 ZERO_RETURN" … of the client. */
  calls: string[];
};

/** What a server of its own make needs. */
export type ServerParts = {
  scheduler: Scheduler;
  emit: Emit;
  connect: Connect;
  createCore(emit: Emit): RecordCore;
};

export type Setting = {
  plan?: Partial<ClosePlan>;
  version?: '1.2' | '1.3';
  script: Script;
  /** Serves the connection instead of the script. */
  serve?: (parts: ServerParts) => Task<void>;
  /** The client's user gives up at that time. */
  interruptAt?: number;
  /** Nothing answers at the other end. */
  unreachable?: string;
  /** Every write of the client from this one on fails with ECONNRESET, before a read has told of it. */
  failingWrite?: number;
  serverName?: string;
};

/** One close on the simulator, told by the same parts that the real one uses. */
export function runClose(setting: Setting): Told {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const link = createLink({ clock, random: createRandom(1, 'network') });
  startServer(setting, scheduler, recorder.emitter('peer'), link.right);

  const plan = toPlan({ target: 'example.net', ...setting.plan });
  const emit = recorder.emitter('local');
  emit(toPlanFact(plan, 'fail'));
  const witness = createWitness(emit, clock.now);
  const line = openLine(
    setting.unreachable === undefined
      ? failing(reporting(link.left, emit), setting.failingWrite)
      : nowhere(setting.unreachable, scheduler),
  );
  const createCore = (to: Emit): RecordCore =>
    createTlsCore('client', clientConfig(setting), {
      random: createRandom(1, 'client'),
      provider,
      peerAuth: createSimTrust(provider),
      emit: to,
    });
  const again = { createCore, emit: recorder.emitter('again') };
  const closing = createClosing({ plan, line, scheduler, witness, createCore, again: () => again });
  let signal: string | undefined;
  let over = false;
  if (setting.interruptAt !== undefined) {
    clock.at(setting.interruptAt, () => {
      signal = 'SIGINT';
      scheduler.poke();
    });
  }
  scheduler.spawn(
    interruptible(closeFlow(closing), () => signal),
    (name) => {
      over = true;
      if (name !== undefined) emit({ kind: 'interrupted', signal: name });
    },
  );
  clock.runUntilIdle(120_000);
  if (!over) throw new Error('the close never ended');
  const session = freeAndKeepSession(closing, true);
  const events = [...recorder.events];
  return {
    outcome: judge(events),
    findings: evaluate(events),
    events: events.filter((event) => event.conn !== 'peer'),
    server: events.filter((event) => event.conn === 'peer'),
    session,
    calls: events.flatMap((event) =>
      event.kind === 'return' && event.conn === 'local' ? [callText(event)] : [],
    ),
  };
}

/** Handshake, then this. */
export function afterHandshake(script: Script): Script {
  return function* (server) {
    yield* until('the connection', () => server.channel.connected());
    server.core.start(server.now());
    while (server.core.phase() !== 'open') {
      const step = yield* take(server);
      server.channel.flush();
      if (step.kind === 'eof' || step.kind === 'reset' || step.kind === 'fault') return;
    }
    yield* script(server);
  };
}

/** Answers close_notify with close_notify and FIN. */
export const answers: Script = afterHandshake(function* (server) {
  yield* takeUntil(server, isClosure);
  sayAlert(server, 1, 0);
  server.channel.transport.fin();
});

/** The next thing that the client did. */
export function* take(server: Server): Task<RecordStep> {
  yield* until('input', () => server.core.ready());
  return server.core.step(server.now());
}

export function* takeUntil(server: Server, done: (step: RecordStep) => boolean): Task<RecordStep> {
  for (;;) {
    const step = yield* take(server);
    if (done(step) || step.kind === 'eof' || step.kind === 'reset') return step;
  }
}

export const isClosure = (step: RecordStep): boolean => step.kind === 'alert' && step.means === 'closure';
export const isData = (step: RecordStep): boolean => step.kind === 'data';

export function say(server: Server, bytes: number): void {
  server.core.sendData(new Uint8Array(bytes).fill(0x61));
  server.channel.flush();
}

export function sayAlert(server: Server, level: number, description: number): void {
  server.core.sendAlert(level, description);
  server.channel.flush();
}

/** A record below the core's own acts. */
export function sayRecord(server: Server, type: number, payload: Uint8Array, cut = 0): void {
  const record = server.core.raw.record(type, payload);
  server.core.raw.send(record.subarray(0, record.length - cut));
  server.channel.flush();
}

function startServer(setting: Setting, scheduler: Scheduler, emit: Emit, connect: Connect): void {
  const random = createRandom(1, 'server');
  const deps = { random, provider, peerAuth: createSimTrust(provider) };
  const createCore = (to: Emit): RecordCore =>
    createTlsCore('server', serverConfig(setting), { ...deps, emit: to });
  if (setting.serve !== undefined) {
    scheduler.spawn(setting.serve({ scheduler, emit, connect, createCore }));
    return;
  }
  const core = createCore(emit);
  const channel = createChannel({ core, connect, scheduler, emit });
  const server: Server = { channel, core, now: () => scheduler.clock.now() };
  scheduler.spawn(setting.script(server));
}

/** What io says of a connection, and the simulator does not. */
function reporting(connect: Connect, emit: Emit): Connect {
  return (sink) => {
    let told = false;
    return connect({
      ...sink,
      writable() {
        if (!told) emit({ kind: 'transport.connected', remote: 'sim:right', local: 'sim:left' });
        told = true;
        sink.writable();
      },
    });
  };
}

function failing(connect: Connect, from = Number.POSITIVE_INFINITY): Connect {
  return (sink) => {
    const transport = connect(sink);
    let writes = 0;
    const write: typeof transport.write = (unit) => {
      writes += 1;
      return writes < from ? transport.write(unit) : { errno: 'ECONNRESET' };
    };
    return { ...transport, write };
  };
}

function nowhere(errno: string, scheduler: Scheduler): Connect {
  return (sink) => {
    scheduler.clock.at(5, () => sink.input({ kind: 'unreachable', errno }));
    return {
      write: () => ({ errno }),
      writable: () => false,
      fin: () => ({ errno }),
      reset: () => 'impossible',
      close: () => {},
      pause: () => {},
      resume: () => {},
      remote: '',
      local: '',
    };
  };
}

function clientConfig({ version, serverName = 'example.net' }: Setting): TlsConfig {
  return { ...COMMON, versions: version === '1.2' ? [0x0303] : [0x0304], serverName };
}

function serverConfig({ version }: Setting): TlsConfig {
  return {
    ...COMMON,
    versions: version === '1.2' ? [0x0303] : [0x0304],
    identity: createSimIdentity(provider, createRandom(1, 'identity'), 'example.net'),
    tickets: { key: new Uint8Array(32).fill(7), lifetime: 7200, count: 2 },
  };
}

function callText(event: Extract<TimelineEvent, { kind: 'return' }>): string {
  const error = event.error === 'SSL_ERROR_NONE' ? '' : ` ${event.error.slice('SSL_ERROR_'.length)}`;
  return `${event.fn} ${event.blocked === true ? 'blocked' : `${event.ret}${error}`}`;
}

const provider = createNobleProvider();
const COMMON = {
  suites: DEFAULT_SUITES,
  groups: DEFAULT_GROUPS,
  signatureSchemes: DEFAULT_SCHEMES,
  verify: 'require',
  policy: DEFAULT_TLS_POLICY,
} as const;
