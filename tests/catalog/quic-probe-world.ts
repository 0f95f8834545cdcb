import { type QuicBehaviour, toQuicServePlan } from '../../src/catalog/behaviour.ts';
import {
  openedQuic,
  type QuicProbe,
  type QuicTold,
  readQuicTold,
} from '../../src/catalog/probes/quic-told.ts';
import { probeQuicConnection, type QuicProbeWorld } from '../../src/driver/diagnose/quic-connection.ts';
import { QUIC_PROBE_LIMITS, type QuicConnectionPlan } from '../../src/driver/diagnose/quic-plan.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import { serveQuicConnection } from '../../src/driver/serve/quic-connection.ts';
import { createQuicServerCores, quicEndpointConfig } from '../../src/driver/serve/quic-core.ts';
import type { Task } from '../../src/driver/task.ts';
import type { Connect } from '../../src/driver/world.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { QUIC_V1 } from '../../src/proto/quic/config.ts';
import { createQuicCore } from '../../src/proto/quic/connection.ts';
import type { QuicCore } from '../../src/proto/quic/core.ts';
import { DEFAULT_QUIC_POLICY } from '../../src/proto/quic/policy.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createSimQuicPort } from '../../src/sim/quic-port.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit, TimelineEvent } from '../../src/timeline/event.ts';
import { createRecorder } from '../../src/timeline/recorder.ts';

/** All connections of a probe, one after the other, against a server that behaves like that. */
export function probeQuic(behaviour: QuicBehaviour, connections: readonly QuicConnectionPlan[]): QuicTold {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const events: TimelineEvent[] = [];
  const recorder = createRecorder(clock.now);
  recorder.subscribe((event) => void (event.conn === 'server' || events.push(event)));
  const failed = (error: unknown): never => {
    throw error;
  };
  const port = createSimQuicPort({
    clock,
    config: quicEndpointConfig({ retry: false, limit: 64 }),
    deps: { random: createRandom(3, 'port'), provider },
    onClient(client) {
      let core: QuicCore | undefined;
      const watch = { localIds: () => core?.localIds() ?? [], transmitTo: () => core?.transmitTo() };
      const emit = recorder.emitter('server');
      const make = (to: Emit): QuicCore => {
        core = createCore(to, client);
        return core;
      };
      const connect: Connect = (sink) => client.accept(sink, emit, watch);
      const plan = toQuicServePlan(behaviour);
      scheduler.spawn(serveQuicConnection({ plan, connect, scheduler, emit, createCore: make, failed }));
    },
  });
  const createCore = createQuicServerCores({
    identity: createSimIdentity(provider, createRandom(3, 'identity'), 'example.net'),
    deps: { random: createRandom(3, 'server'), provider, peerAuth: createSimTrust(provider) },
  });
  let sockets = 0;
  const random = createRandom(3, 'client');
  const world: QuicProbeWorld = {
    scheduler,
    authority: 'example.net',
    limits: QUIC_PROBE_LIMITS,
    failed,
    connect() {
      sockets += 1;
      const link = createDatagramLink({
        clock,
        random: createRandom(sockets, 'network'),
        network: { latency: 5 },
      });
      port.attach(link.right, { host: '192.0.2.1', port: 4_000 + sockets });
      return link.left;
    },
    createCore: (wish, emit) =>
      createQuicCore(
        'client',
        {
          ...{ suites: DEFAULT_SUITES, groups: DEFAULT_GROUPS, signatureSchemes: DEFAULT_SCHEMES },
          ...{ verify: 'require', serverName: 'example.net', alpn: wish.alpn ?? ['h3', 'hq-interop'] },
          ...{ quicVersions: [QUIC_V1], maxDatagram: 1200, connectionIdLength: 8 },
          limits: {
            ...{ connectionData: 1_048_576, streamData: 524_288, bidiStreams: 16, uniStreams: 16 },
            activeConnectionIds: 4,
          },
          policy: {
            ...DEFAULT_QUIC_POLICY,
            idleTimeoutMs: wish.idleTimeoutMs,
            answerClose: wish.answerClose,
          },
        },
        { random, provider, peerAuth: createSimTrust(provider), emit },
      ),
  };
  function* all(): Task<void> {
    for (const plan of connections) yield* probeQuicConnection(world, plan, recorder.emitter(plan.name));
  }
  let over = false;
  scheduler.spawn(all(), () => {
    over = true;
  });
  clock.runUntilIdle(300_000);
  if (!over) throw new Error('the probe never ended');
  return readQuicTold(events);
}

/** "rule grade" of everything that a probe finds. */
export function quicVerdicts(probe: QuicProbe, told: QuicTold): string[] {
  const found = probe.rules.flatMap((rule) => {
    const hit = rule.when(told);
    return hit === undefined ? [] : [`${rule.id} ${hit.grade ?? rule.grade}`];
  });
  return found.length === 0 && openedQuic(told).length === 0 ? ['not-reached inconclusive'] : found;
}

const provider = createNativeProvider();
