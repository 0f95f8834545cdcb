import { type Behaviour, toServePlan } from '../../src/catalog/behaviour.ts';
import {
  type DtlsProbe,
  type DtlsTold,
  openedDtls,
  readDtlsTold,
} from '../../src/catalog/probes/dtls-told.ts';
import { DEFAULT_PLAN } from '../../src/driver/close/plan.ts';
import {
  type DatagramProbeWorld,
  type DatagramVersion,
  probeAssociations,
} from '../../src/driver/diagnose/datagram-association.ts';
import { type AssociationPlan, DATAGRAM_PROBE_LIMITS } from '../../src/driver/diagnose/datagram-plan.ts';
import { createScheduler, type Scheduler } from '../../src/driver/scheduler.ts';
import { serveConnection } from '../../src/driver/serve/connection.ts';
import { createDatagramCores } from '../../src/driver/serve/datagram-core.ts';
import type { Connect, Transport } from '../../src/driver/world.ts';
import { type Association, createAssociations } from '../../src/io/associations.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createDtlsCore } from '../../src/proto/dtls/connection.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DTLS_SUITES } from '../../src/proto/handshake/defaults.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { createSimClock, type SimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit, TimelineEvent } from '../../src/timeline/event.ts';
import { createRecorder } from '../../src/timeline/recorder.ts';

/** All associations of a probe, one after the other, against a server that behaves like that. */
export function probeDtls(
  behaviour: Behaviour,
  version: DatagramVersion,
  plans: readonly AssociationPlan[],
): DtlsTold {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const events: TimelineEvent[] = [];
  const recorder = createRecorder(clock.now);
  recorder.subscribe((event) => events.push(event));
  const server = createSimServer(behaviour, clock, scheduler);
  const versions = version === '1.2' ? ([0x0303] as const) : ([0x0304] as const);
  let sockets = 0;
  const random = createRandom(5, 'client');
  const world: DatagramProbeWorld = {
    scheduler,
    plan: DEFAULT_PLAN,
    limits: DATAGRAM_PROBE_LIMITS,
    failed,
    connect() {
      sockets += 1;
      const link = createDatagramLink({
        clock,
        random: createRandom(sockets, 'network'),
        network: { latency: 5 },
      });
      server.attach(link.right, `192.0.2.1:${4_000 + sockets}`);
      return link.left;
    },
    createCore: (_, emit) =>
      createDtlsCore(
        'client',
        {
          ...{ versions, suites: DTLS_SUITES, groups: DEFAULT_GROUPS, signatureSchemes: DEFAULT_SCHEMES },
          ...{ verify: 'require', serverName: 'example.net', policy: DEFAULT_TLS_POLICY },
        },
        { random, provider, peerAuth: createSimTrust(provider), emit },
      ),
  };
  let over = false;
  scheduler.spawn(probeAssociations(world, plans, version, recorder.emitter), () => {
    over = true;
  });
  clock.runUntilIdle(300_000);
  if (!over) throw new Error('the probe never ended');
  return readDtlsTold(events, version);
}

/** "rule grade" of everything that a probe finds. */
export function dtlsVerdicts(probe: DtlsProbe, told: DtlsTold): string[] {
  const found = probe.rules.flatMap((rule) => {
    const hit = rule.when(told);
    return hit === undefined ? [] : [`${rule.id} ${hit.grade ?? rule.grade}`];
  });
  return found.length === 0 && openedDtls(told).length === 0 ? ['not-reached inconclusive'] : found;
}

/** One UDP port with a table of associations, as io/listen-udp.ts has it. */
function createSimServer(
  behaviour: Behaviour,
  clock: SimClock,
  scheduler: Scheduler,
): { attach(end: Connect, remote: string): void } {
  const table = createAssociations({ clock, limit: 64, idleMs: 300_000 });
  const cores = createDatagramCores({
    identity: createSimIdentity(provider, createRandom(5, 'identity'), 'example.net'),
    deps: { random: createRandom(5, 'server'), provider, peerAuth: createSimTrust(provider) },
  });
  const plan = toServePlan(behaviour, { exchange: 'echo' });
  const begin = (remote: string, transport: Transport, first: Uint8Array): void => {
    let established = false;
    let deliver = (_data: Uint8Array): void => undefined;
    const association: Association = {
      remote,
      watch: { established: () => established },
      deliver: (data) => deliver(data),
      drop: () => table.remove(association),
    };
    table.add(association, first);
    const connect: Connect = (sink) => {
      deliver = (data) => sink.input({ kind: 'bytes', data });
      clock.at(clock.now(), () => {
        sink.writable();
        deliver(first);
      });
      return { ...transport, close: () => table.remove(association) };
    };
    const emit: Emit = (fact) => {
      if (fact.kind === 'handshake.completed') established = true;
    };
    const createCore = (to: Emit) => cores.create(to, remote);
    scheduler.spawn(serveConnection({ plan, connect, scheduler, emit, createCore, failed }));
  };
  return {
    attach(end, remote) {
      const from = { at: remote, address: '192.0.2.1', port: 4_000 };
      const transport = end({
        input(input) {
          if (input.kind !== 'bytes') return;
          const to = { from, connectionId: undefined, sticky: behaviour.sticky === true };
          if (table.route(input.data, to) === 'done') return;
          const judged = cores.gate(input.data, remote, clock.now());
          if (judged.kind === 'answer') transport.write(judged.bytes);
          if (judged.kind === 'make' && table.room(remote, true))
            begin(remote, transport, judged.first ?? input.data);
        },
        writable: () => undefined,
        wants: () => 65_535,
      });
    },
  };
}

function failed(error: unknown): never {
  throw error;
}

const provider = createNativeProvider();
