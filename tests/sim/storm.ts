import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { type CallSpec, type Performed, perform } from '../../src/driver/call.ts';
import type { Channel } from '../../src/driver/channel.ts';
import { type Task, until } from '../../src/driver/task.ts';
import type { TlsConfig } from '../../src/proto/handshake/config.ts';
import { createTlsCore } from '../../src/proto/tls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { sslDoHandshake } from '../../src/shutdown/handshake.ts';
import { sslRead } from '../../src/shutdown/read.ts';
import { sslShutdown } from '../../src/shutdown/shutdown.ts';
import { createSsl, type Ssl } from '../../src/shutdown/ssl.ts';
import { sslWrite } from '../../src/shutdown/write.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import type { Network } from '../../src/sim/network.ts';
import { createPair, type Pair } from '../../src/sim/pair.ts';
import { createDice, createRandom, type Dice } from '../../src/sim/random.ts';

export const CLOSES = ['full', 'both-at-once', 'fast', 'fin', 'rst', 'half-close', 'unread'] as const;
type Close = (typeof CLOSES)[number];

/** What one side came to. `clean`: SSL_read said ZERO_RETURN. `shutdown`: the last SSL_shutdown's return value. */
export type SideReport = {
  handshake: boolean;
  sent: number;
  received: number;
  clean: boolean;
  shutdown: number | undefined;
  blocked: boolean;
};

export type Storm = {
  close: Close;
  closer: 'client' | 'server';
  version: '1.2' | '1.3';
  cut: boolean;
  client: SideReport | undefined;
  server: SideReport | undefined;
  timeline: string;
};

/** One TLS connection over a bad network, all of it from one seed: handshake, data both ways, a close. */
export function storm(seed: number | string, provider: CryptoProvider, big = false): Storm {
  const dice = createDice(createRandom(seed, 'storm'));
  const version = dice.chance(0.5) ? '1.3' : '1.2';
  const close = CLOSES[dice.below(CLOSES.length)] ?? 'full';
  const closer: Plan['closer'] = dice.chance(0.5) ? 'client' : 'server';
  const network = drawNetwork(dice, big ? 8_192 : 64);
  const pair = createStormPair(seed, provider, version, network);
  const most = big ? 262_144 : dice.chance(0.3) ? 32_768 : 2_000;
  const sizes = { client: dice.below(most), server: dice.below(most) };
  const plan: Plan = { close, closer };
  const reports: { client?: SideReport; server?: SideReport } = {};
  for (const side of ['client', 'server'] as const) {
    const task = connection(pair, side, sizes[side], plan);
    pair.scheduler.spawn(task, (report) => {
      reports[side] = report;
    });
  }
  pair.clock.runUntilIdle(DEADLINE_MS);
  return {
    close,
    closer,
    version,
    cut: network.cut !== undefined,
    client: reports.client,
    server: reports.server,
    timeline: pair.recorder.events.map((event) => JSON.stringify(event, plain)).join('\n'),
  };
}

type Plan = { close: Close; closer: 'client' | 'server' };

/** `least`: of the buffers, where they are small. */
function drawNetwork(dice: Dice, least: number): Partial<Network> {
  const small = dice.chance(0.3);
  const network: Partial<Network> = {
    latency: dice.between(0, 60),
    jitter: dice.chance(0.5) ? dice.between(1, 200) : 0,
    segment: dice.chance(0.8) ? 'random' : dice.between(1, 1500),
    sendBuffer: small ? dice.between(least, 4096 + least) : 1_048_576,
    window: small ? dice.between(least, 4096 + least) : 1_048_576,
    partialWrites: dice.chance(0.5),
  };
  if (!dice.chance(0.4)) return network;
  const after = dice.chance(0.5) ? dice.below(1_500) : dice.below(40_000);
  return { ...network, cut: { from: dice.chance(0.5) ? 'left' : 'right', after } };
}

function createStormPair(
  seed: number | string,
  provider: CryptoProvider,
  version: '1.2' | '1.3',
  network: Partial<Network>,
): Pair {
  const peerAuth = createSimTrust(provider);
  const common: Omit<TlsConfig, 'policy'> = {
    versions: [version === '1.3' ? 0x0304 : 0x0303],
    suites: [0x1301, 0x1303, 0xc02b, 0xcca9],
    groups: [29],
    signatureSchemes: [0x0807],
    verify: 'require',
    serverName: 'server.example',
  };
  const identity = createSimIdentity(provider, createRandom(seed, 'identity'), 'server.example');
  const tickets = { key: createRandom(seed, 'tickets')(32), lifetime: 7200, count: 2 };
  const policy = DEFAULT_TLS_POLICY;
  return createPair({
    seed,
    network,
    client: (place) => createTlsCore('client', { ...common, policy }, { ...place, provider, peerAuth }),
    server: (place) =>
      createTlsCore('server', { ...common, identity, tickets, policy }, { ...place, provider, peerAuth }),
  });
}

type Caller = { ssl: Ssl; call(spec: CallSpec, limitMs?: number): Task<Performed> };

function* connection(pair: Pair, side: 'client' | 'server', size: number, plan: Plan): Task<SideReport> {
  const channel = pair[side];
  const report: SideReport = {
    handshake: false,
    sent: 0,
    received: 0,
    clean: false,
    shutdown: undefined,
    blocked: false,
  };
  const caller = createCaller(pair, channel, side, report);
  yield* until('a connection', () => channel.connected());
  const shaken = yield* caller.call({ fn: 'SSL_do_handshake', make: () => sslDoHandshake(caller.ssl) });
  if (shaken.ret !== 1 || shaken.blocked === true) {
    channel.transport.close();
    return report;
  }
  report.handshake = true;
  yield* exchange(caller, report, size, side);
  if (plan.closer === side || plan.close === 'both-at-once')
    yield* closeFirst(caller, channel, report, plan.close);
  else yield* closeSecond(caller, channel, report);
  return report;
}

function createCaller(pair: Pair, channel: Channel, side: 'client' | 'server', report: SideReport): Caller {
  const ssl = createSsl({
    core: channel.core,
    role: side,
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
  return {
    ssl,
    *call(spec, limitMs = CALL_LIMIT_MS) {
      const result = yield* perform(channel, ssl, spec, { blocking: true, limitMs });
      report.blocked ||= result.blocked === true;
      return result;
    },
  };
}

/** The client says how much, both ways, then both know what to expect: so no side closes over data under way. */
function* exchange(caller: Caller, report: SideReport, size: number, side: 'client' | 'server'): Task<void> {
  const { ssl } = caller;
  const lengths = Uint8Array.of(0, size >> 16, (size >> 8) & 255, size & 255);
  const say = function* (): Task<void> {
    for (const data of [lengths, new Uint8Array(size).fill(side === 'client' ? 1 : 2)]) {
      const written = yield* caller.call({ fn: 'SSL_write', make: () => sslWrite(ssl, data) });
      if (written.ret > 0) report.sent += written.ret;
    }
  };
  const hear = function* (): Task<void> {
    const head: number[] = [];
    let wanted = 4;
    for (let got = 0; got < wanted; ) {
      const read = yield* caller.call({ fn: 'SSL_read', make: () => sslRead(ssl, 16_384) });
      if (read.data === undefined) return;
      got += read.data.length;
      report.received += read.data.length;
      for (const byte of read.data) if (head.length < 4) head.push(byte);
      if (head.length === 4) wanted = 4 + head.reduce((sum, byte) => sum * 256 + byte, 0);
    }
  };
  if (side === 'client') {
    yield* say();
    yield* hear();
  } else {
    yield* hear();
    yield* say();
  }
}

function* closeFirst(caller: Caller, channel: Channel, report: SideReport, close: Close): Task<void> {
  const { ssl } = caller;
  const shutdown = (): Task<Performed> =>
    caller.call({ fn: 'SSL_shutdown', make: () => sslShutdown(ssl) }, CLOSE_LIMIT_MS);
  switch (close) {
    case 'fin':
      channel.transport.close();
      return;
    case 'rst':
      channel.transport.reset({ dropPending: true });
      return;
    case 'unread':
      channel.transport.pause();
      channel.transport.close();
      return;
    case 'fast':
      report.shutdown = (yield* shutdown()).ret;
      channel.transport.close();
      return;
    case 'half-close':
      report.shutdown = (yield* shutdown()).ret;
      channel.transport.fin();
      yield* readToEnd(caller, report);
      report.shutdown = (yield* shutdown()).ret;
      channel.transport.close();
      return;
    case 'full':
    case 'both-at-once':
      report.shutdown = (yield* shutdown()).ret;
      yield* readToEnd(caller, report);
      report.shutdown = (yield* shutdown()).ret;
      channel.transport.close();
  }
}

function* closeSecond(caller: Caller, channel: Channel, report: SideReport): Task<void> {
  yield* readToEnd(caller, report);
  const { ssl } = caller;
  const answered = yield* caller.call({ fn: 'SSL_shutdown', make: () => sslShutdown(ssl) }, CLOSE_LIMIT_MS);
  report.shutdown = answered.ret;
  channel.transport.close();
}

function* readToEnd(caller: Caller, report: SideReport): Task<void> {
  for (;;) {
    const spec = { fn: 'SSL_read', make: () => sslRead(caller.ssl, 16_384) };
    const read = yield* caller.call(spec, CLOSE_LIMIT_MS);
    report.received += read.data?.length ?? 0;
    report.clean ||= read.error === 'SSL_ERROR_ZERO_RETURN' && read.blocked !== true;
    if (read.ret <= 0) return;
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? [...value].join(' ') : value;
}

const CALL_LIMIT_MS = 120_000;
const CLOSE_LIMIT_MS = 60_000;
/** Long after every limit: a side that has not come to its end by then hangs. */
const DEADLINE_MS = 3_600_000;
