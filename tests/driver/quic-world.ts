import { toQuicServePlan } from '../../src/catalog/behaviour.ts';
import { findQuicBehaviour } from '../../src/catalog/behaviours/find.ts';
import type { ClientReport } from '../../src/catalog/client-facts.ts';
import { judge } from '../../src/catalog/outcome.ts';
import { describeQuicClient } from '../../src/catalog/quic-client-report.ts';
import { evaluate } from '../../src/catalog/rules/tls.ts';
import { interruptible } from '../../src/driver/close/interrupt.ts';
import { openLine } from '../../src/driver/close/line.ts';
import { createQuicClosing, createQuicWitness } from '../../src/driver/close/quic-closing.ts';
import { quicFlow } from '../../src/driver/close/quic-flow.ts';
import {
  type QuicCloseOptions,
  type QuicPlan,
  toQuicPlan,
  toQuicPlanFact,
} from '../../src/driver/close/quic-plan.ts';
import { createScheduler, type Scheduler } from '../../src/driver/scheduler.ts';
import { serveQuicConnection } from '../../src/driver/serve/quic-connection.ts';
import { createQuicServerCores, quicEndpointConfig } from '../../src/driver/serve/quic-core.ts';
import type { QuicServePlan } from '../../src/driver/serve/quic-plan.ts';
import type { Connect } from '../../src/driver/world.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { QUIC_V1, QUIC_V2 } from '../../src/proto/quic/config.ts';
import { createQuicCore } from '../../src/proto/quic/connection.ts';
import type { QuicCore } from '../../src/proto/quic/core.ts';
import { DEFAULT_QUIC_POLICY, OPENSSL_QUIC_POLICY } from '../../src/proto/quic/policy.ts';
import { createSimClock, type SimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createSimQuicPort, type SimQuicPort } from '../../src/sim/quic-port.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit, Fact, TimelineEvent } from '../../src/timeline/event.ts';
import type { Finding, Outcome } from '../../src/timeline/outcome.ts';
import { createRecorder, type Recorder } from '../../src/timeline/recorder.ts';

export type QuicSetting = {
  /** Of the catalogue of `serve quic`. */
  behaviour?: string;
  serve?: Partial<Pick<QuicServePlan, 'exchange' | 'limits' | 'bodyBytes'>>;
  options?: Partial<QuicCloseOptions>;
  network?: Partial<DatagramNetwork>;
  retry?: boolean;
  /** The client's user gives up at that time. */
  interruptAt?: number;
  /** From that time on nothing of the client's arrives. */
  unheardFrom?: number;
};

export type QuicTold = {
  outcome: Outcome;
  findings: Finding[];
  /** The client's. */
  events: TimelineEvent[];
  server: TimelineEvent[];
  report: ClientReport;
  /** "SSL_do_handshake 1", "SSL_shutdown_ex 0" … of the client. */
  calls: string[];
  /** When all of it was over (ms). */
  endedAt: number;
};

/** One quic-close on the simulator, against `serve quic`: told by the same parts that the real ones use. */
export function runQuicClose(setting: QuicSetting): QuicTold {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const port = startServer(setting, clock, scheduler, recorder);
  const link = createDatagramLink({
    clock,
    random: createRandom(7, 'network'),
    network: { latency: 5, ...setting.network },
  });
  port.attach(link.right, { host: '192.0.2.1', port: 4001 });
  const endedAt = runClient(setting, clock, scheduler, recorder, link.left);
  const events = [...recorder.events];
  const server = events.filter((event) => event.conn === 'peer');
  return {
    outcome: judge(events),
    findings: evaluate(events),
    events: events.filter((event) => event.conn === 'local'),
    server,
    report: describeQuicClient(server),
    calls: events.flatMap((event) =>
      event.kind === 'return' && event.conn === 'local' ? [callText(event)] : [],
    ),
    endedAt,
  };
}

/** Those of one kind. */
export function only<K extends Fact['kind']>(
  events: readonly TimelineEvent[],
  kind: K,
): Extract<TimelineEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<TimelineEvent, { kind: K }> => event.kind === kind);
}

function startServer(
  { behaviour = 'well-behaved', serve = {}, retry = false }: QuicSetting,
  clock: SimClock,
  scheduler: Scheduler,
  recorder: Recorder,
): SimQuicPort {
  const found = findQuicBehaviour(behaviour);
  if (found === undefined) throw new Error(`no behaviour ${behaviour}`);
  const plan = { ...toQuicServePlan(found), ...serve };
  const emit = recorder.emitter('peer');
  const random = createRandom(7, 'server');
  const createCore = createQuicServerCores({
    identity: createSimIdentity(provider, createRandom(7, 'identity'), 'example.net'),
    deps: { random, provider, peerAuth: createSimTrust(provider) },
  });
  return createSimQuicPort({
    clock,
    config: quicEndpointConfig({ retry, limit: 8 }),
    deps: { random: createRandom(7, 'port'), provider },
    onClient(client) {
      let core: QuicCore | undefined;
      const watch = { localIds: () => core?.localIds() ?? [], transmitTo: () => core?.transmitTo() };
      const make = (to: Emit): QuicCore => {
        core = createCore(to, client);
        return core;
      };
      const connect: Connect = (sink) => client.accept(sink, emit, watch);
      const failed = (error: unknown): never => {
        throw error;
      };
      const token = client.token === undefined ? {} : { token: client.token };
      const parts = { plan, connect, scheduler, emit, createCore: make, failed, ...token };
      scheduler.spawn(serveQuicConnection(parts));
    },
  });
}

function runClient(
  { options = {}, interruptAt, unheardFrom }: QuicSetting,
  clock: SimClock,
  scheduler: Scheduler,
  recorder: Recorder,
  connect: Connect,
): number {
  const emit = recorder.emitter('local');
  const wishes: QuicCloseOptions = { target: 'example.net', ...options };
  const plan = toQuicPlan(wishes);
  emit(toQuicPlanFact(plan, options.failOn));
  const witness = createQuicWitness(emit);
  const path: Connect = (sink) => {
    const transport = connect(sink);
    const lost = (): boolean => unheardFrom !== undefined && clock.now() >= unheardFrom;
    return { ...transport, write: (unit) => (lost() ? 'sent' : transport.write(unit)) };
  };
  const line = openLine(reporting(path, witness.emit));
  const createCore = (to: Emit): QuicCore => clientCore(plan, wishes, to);
  const closing = createQuicClosing({ plan, line, scheduler, witness, createCore });
  let signal: string | undefined;
  let endedAt: number | undefined;
  if (interruptAt !== undefined) {
    clock.at(interruptAt, () => {
      signal = 'SIGINT';
      scheduler.poke();
    });
  }
  scheduler.spawn(
    interruptible(quicFlow(closing), () => signal),
    (name) => {
      endedAt = clock.now();
      if (name !== undefined) emit({ kind: 'interrupted', signal: name });
    },
  );
  clock.runUntilIdle(300_000);
  if (endedAt === undefined) throw new Error('the close never ended');
  return endedAt;
}

function clientCore({ quic, profile }: QuicPlan, options: QuicCloseOptions, emit: Emit): QuicCore {
  const policy = profile === 'manual' ? DEFAULT_QUIC_POLICY : OPENSSL_QUIC_POLICY;
  const keepAlive = quic.keepAliveMs === undefined ? {} : { keepAliveMs: quic.keepAliveMs };
  const versions = { v1: QUIC_V1, v2: QUIC_V2 } as const;
  return createQuicCore(
    'client',
    {
      suites: DEFAULT_SUITES,
      groups: DEFAULT_GROUPS,
      signatureSchemes: DEFAULT_SCHEMES,
      verify: 'require',
      serverName: 'example.net',
      alpn: quic.alpn,
      quicVersions: (options.quicVersions ?? ['v1', 'v2']).map((name) => versions[name]),
      maxDatagram: options.mtu ?? 1200,
      limits: {
        ...{ connectionData: 1_048_576, streamData: 524_288, bidiStreams: 16, uniStreams: 16 },
        activeConnectionIds: 4,
      },
      connectionIdLength: 8,
      policy: { ...policy, idleTimeoutMs: quic.idleTimeoutMs, ...keepAlive },
    },
    { random: createRandom(7, 'client'), provider, peerAuth: createSimTrust(provider), emit },
  );
}

/** What io says of a connection, and the simulator does not. */
function reporting(connect: Connect, emit: Emit): Connect {
  return (sink) => {
    let told = false;
    return connect({
      ...sink,
      writable() {
        if (!told) emit({ kind: 'transport.connected', remote: 'sim:right', local: 'sim:left', udp: true });
        told = true;
        sink.writable();
      },
    });
  };
}

function callText(event: Extract<TimelineEvent, { kind: 'return' }>): string {
  const error = event.error === 'SSL_ERROR_NONE' ? '' : ` ${event.error.slice('SSL_ERROR_'.length)}`;
  return `${event.fn} ${event.blocked === true ? 'blocked' : `${event.ret}${error}`}`;
}

const provider = createNativeProvider();
