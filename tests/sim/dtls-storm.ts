import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { type CallSpec, type Performed, perform } from '../../src/driver/call.ts';
import type { Channel } from '../../src/driver/channel.ts';
import { sleepUntil, type Task, until } from '../../src/driver/task.ts';
import { createDtlsCore } from '../../src/proto/dtls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { sslDoHandshake } from '../../src/shutdown/handshake.ts';
import { sslRead } from '../../src/shutdown/read.ts';
import { sslShutdown } from '../../src/shutdown/shutdown.ts';
import { createSsl, type Ssl } from '../../src/shutdown/ssl.ts';
import { sslWrite } from '../../src/shutdown/write.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createDatagramPair, type Pair } from '../../src/sim/pair.ts';
import { createDice, createRandom, type Dice } from '../../src/sim/random.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';

export const CLOSES = ['full', 'both-at-once', 'fast', 'vanish', 'wait-peer'] as const;
type Close = (typeof CLOSES)[number];
type SideName = 'client' | 'server';

/** What one side came to. `handshake`: open, or why not. `clean`: SSL_read said ZERO_RETURN. */
export type DtlsSide = {
  handshake: string;
  sent: number[];
  received: number[];
  clean: boolean;
  shutdown: number | undefined;
};

export type DtlsStorm = {
  close: Close;
  closer: SideName;
  version: '1.2' | '1.3';
  loss: number;
  client: DtlsSide | undefined;
  server: DtlsSide | undefined;
  /** Nothing was left to happen: no timer ran on. */
  idle: boolean;
  events: readonly TimelineEvent[];
  timeline: string;
};

/** One DTLS association over a bad network, all of it from one seed: handshake, datagrams both ways, a close. `worse`: instead of what was drawn. */
export function dtlsStorm(
  seed: number | string,
  provider: CryptoProvider,
  worse: Partial<DatagramNetwork> = {},
): DtlsStorm {
  const dice = createDice(createRandom(seed, 'dtls storm'));
  const version = dice.chance(0.5) ? '1.3' : '1.2';
  const close = CLOSES[dice.below(CLOSES.length)] ?? 'full';
  const closer: SideName = dice.chance(0.5) ? 'client' : 'server';
  const network = { ...drawNetwork(dice), ...worse };
  const mtu = network.mtu ?? 1200;
  const draw = { version, network, mtu, both: dice.chance(0.3), cookie: dice.chance(0.5) } as const;
  const pair = createStormPair(seed, provider, { ...draw, cids: dice.chance(0.3), psk: dice.chance(0.2) });
  const plan: Plan = { close, closer, rounds: dice.below(6), mtu };
  const sides: Partial<Record<SideName, DtlsSide>> = {};
  for (const side of ['client', 'server'] as const) {
    pair.scheduler.spawn(connection(pair, side, plan), (report) => {
      sides[side] = report;
    });
  }
  const idle = pair.clock.runUntilIdle(DEADLINE_MS);
  const { events } = pair.recorder;
  return {
    close,
    closer,
    version,
    loss: network.loss ?? 0,
    client: sides.client,
    server: sides.server,
    idle,
    events,
    timeline: events.map((event) => JSON.stringify(event, plain)).join('\n'),
  };
}

type Plan = { close: Close; closer: SideName; rounds: number; mtu: number };
type StormPair = Pair<unknown>;
type Draw = {
  version: '1.2' | '1.3';
  network: Partial<DatagramNetwork>;
  mtu: number;
  /** The client offers both versions. */
  both: boolean;
  cookie: boolean;
  cids: boolean;
  psk: boolean;
};

function drawNetwork(dice: Dice): Partial<DatagramNetwork> {
  const quiet = dice.chance(0.1);
  const latency = dice.between(0, 100);
  const mtu = dice.chance(0.5) ? dice.between(256, 600) : dice.between(600, 1_452);
  if (quiet) return { latency, mtu };
  return {
    latency,
    mtu,
    jitter: dice.chance(0.5) ? dice.between(1, 200) : 0,
    loss: dice.between(0, 30) / 100,
    duplication: dice.chance(0.5) ? dice.between(0, 30) / 100 : 0,
    reorder: dice.chance(0.5) ? dice.between(0, 30) / 100 : 0,
    reorderBy: dice.between(1, 2_000),
  };
}

function createStormPair(seed: number | string, provider: CryptoProvider, draw: Draw): StormPair {
  const peerAuth = createSimTrust(provider);
  const { version, network, mtu, both, cookie, cids, psk } = draw;
  const chosen = version === '1.3' ? 0x0304 : 0x0303;
  const common = {
    suites: psk ? [0x1301, 0xd001, 0xccac] : [0x1301, 0x1303, 0xc02b, 0xcca9],
    groups: [29],
    signatureSchemes: [0x0807],
    verify: 'require',
    serverName: 'server.example',
    policy: DEFAULT_TLS_POLICY,
    mtu,
    retransmit: { tries: 8 },
  } as const;
  const key = createRandom(seed, 'psk')(16);
  const ids = (own: number) => (cids ? { connectionId: { own: Uint8Array.of(own, 7) } } : {});
  const clientOnly = { ...ids(1), ...(psk ? { psk: { identity: IDENTITY, key } } : {}) };
  const serverOnly = {
    ...ids(2),
    ...(psk ? { pskKeys: { find: () => key } } : {}),
    ...(cookie ? { cookie: { key: createRandom(seed, 'cookie')(32), address: IDENTITY } } : {}),
  };
  const identity = createSimIdentity(provider, createRandom(seed, 'identity'), 'server.example');
  const tickets = { key: createRandom(seed, 'tickets')(32), lifetime: 7200, count: 2 };
  return createDatagramPair({
    seed,
    network,
    client: (place) =>
      createDtlsCore(
        'client',
        { ...common, ...clientOnly, versions: both ? [0x0304, 0x0303] : [chosen] },
        { ...place, provider, peerAuth },
      ),
    server: (place) =>
      createDtlsCore(
        'server',
        { ...common, ...serverOnly, versions: [chosen], identity, tickets },
        { ...place, provider, peerAuth },
      ),
  });
}

type Caller = {
  ssl: Ssl;
  channel: Channel;
  report: DtlsSide;
  now(): number;
  call(spec: CallSpec, limitMs: number): Task<Performed>;
};

function* connection(pair: StormPair, side: SideName, plan: Plan): Task<DtlsSide> {
  const caller = createCaller(pair, side);
  const { channel, report, ssl } = caller;
  yield* until('a socket', () => channel.connected());
  const spec = { fn: 'SSL_do_handshake', make: () => sslDoHandshake(ssl) };
  const shaken = yield* caller.call(spec, HANDSHAKE_LIMIT_MS);
  // A server has no timer before a client has said what it wants, and brought back the cookie if there is one.
  const begun = side === 'client' || channel.core.version() !== undefined;
  report.handshake = begun ? outcome(shaken) : 'timeout: no ClientHello that counts came';
  if (report.handshake !== 'open') {
    channel.transport.close();
    return report;
  }
  yield* exchange(caller, plan, side);
  const first = plan.closer === side || plan.close === 'both-at-once';
  if (first) yield* closeFirst(caller, plan.close);
  else yield* closeSecond(caller, plan.close);
  channel.transport.close();
  return report;
}

function outcome(shaken: Performed): string {
  if (shaken.blocked === true) return 'hangs';
  if (shaken.ret === 1) return 'open';
  return [shaken.error, shaken.errno, ...shaken.queue].filter((word) => word !== undefined).join(' ');
}

function createCaller(pair: StormPair, side: SideName): Caller {
  const channel = pair[side];
  const ssl = createSsl({
    core: channel.core,
    role: side,
    datagrams: true,
    flush: () => channel.flush(),
    writable: () => channel.transport.writable(),
    now: () => pair.clock.now(),
    emit: channel.emit,
    profile: 'manual',
    blocking: true,
    ignoreUnexpectedEof: false,
    quietShutdown: false,
    autoRetry: true,
  });
  const report: DtlsSide = { handshake: '', sent: [], received: [], clean: false, shutdown: undefined };
  return {
    ssl,
    channel,
    report,
    now: () => pair.clock.now(),
    call: (spec, limitMs) => perform(channel, ssl, spec, { blocking: true, limitMs }),
  };
}

/** Numbered datagrams, each so long that it fits the path. */
function* exchange(caller: Caller, plan: Plan, side: SideName): Task<void> {
  const { ssl, report } = caller;
  for (let round = 0; round < plan.rounds; round++) {
    const data = new Uint8Array(Math.max(1, plan.mtu - 120 - round)).fill(side === 'client' ? 1 : 2);
    data[0] = round;
    const written = yield* caller.call({ fn: 'SSL_write', make: () => sslWrite(ssl, data) }, 1_000);
    if (written.ret > 0) report.sent.push(round);
    yield* readUntil(caller, caller.now() + 300);
  }
}

function* closeFirst(caller: Caller, close: Close): Task<void> {
  const { report } = caller;
  switch (close) {
    case 'vanish':
      return;
    case 'fast':
      report.shutdown = (yield* shutdown(caller)).ret;
      return;
    case 'full':
    case 'both-at-once':
      report.shutdown = (yield* shutdown(caller)).ret;
      yield* readUntil(caller, caller.now() + CLOSE_LIMIT_MS);
      if (report.clean) report.shutdown = (yield* shutdown(caller)).ret;
      return;
    case 'wait-peer':
      // Both wait for the other: the one that gives up closes.
      yield* readUntil(caller, caller.now() + CLOSE_LIMIT_MS);
      report.shutdown = (yield* shutdown(caller)).ret;
      yield* sleepUntil(caller.now() + 500);
      yield* readUntil(caller, caller.now() + 1_000);
  }
}

function* closeSecond(caller: Caller, close: Close): Task<void> {
  const { report } = caller;
  yield* readUntil(caller, caller.now() + (close === 'wait-peer' ? 4 : 2) * CLOSE_LIMIT_MS);
  report.shutdown = (yield* shutdown(caller)).ret;
}

function shutdown(caller: Caller): Task<Performed> {
  return caller.call({ fn: 'SSL_shutdown', make: () => sslShutdown(caller.ssl) }, CLOSE_LIMIT_MS);
}

/** Reads until that time, or until the peer has closed. */
function* readUntil(caller: Caller, when: number): Task<void> {
  const { report, ssl } = caller;
  while (caller.now() < when && !report.clean) {
    const spec = { fn: 'SSL_read', make: () => sslRead(ssl, 16_384) };
    const read = yield* caller.call(spec, when - caller.now());
    const [number] = read.data ?? [];
    if (number !== undefined) report.received.push(number);
    if (read.blocked === true) return;
    report.clean = read.error === 'SSL_ERROR_ZERO_RETURN';
    if (read.ret <= 0 && read.errno !== 'ECONNREFUSED') return;
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? [...value].join(' ') : value;
}

const IDENTITY = Uint8Array.of(1, 2, 3);
/** Longer than every retransmission schedule: a handshake that comes to this is one that hangs. */
const HANDSHAKE_LIMIT_MS = 3_600_000;
const CLOSE_LIMIT_MS = 20_000;
const DEADLINE_MS = 24 * 3_600_000;
