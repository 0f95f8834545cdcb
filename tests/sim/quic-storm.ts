import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { Identity } from '../../src/proto/handshake/peer-auth.ts';
import type { QuicConfig } from '../../src/proto/quic/config.ts';
import { DEFAULT_QUIC_POLICY } from '../../src/proto/quic/policy.ts';
import type { Role } from '../../src/proto/role.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createSimIdentity } from '../../src/sim/identity.ts';
import { createDice, createRandom, type Dice } from '../../src/sim/random.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';
import { QUIC_VERSION } from '../../src/wire/quic-versions.ts';
import { quicConfig } from '../proto/quic/ends.ts';
import { CLOSES, type Close, type Life, live, type Plan } from './quic-life.ts';
import { createQuicWorld } from './quic-world.ts';

/** A connection from its first Initial to its end, and what both sides came to. */
export type QuicStorm = {
  close: Close;
  closer: Role;
  network: DatagramNetworkDraw;
  plans: Record<Role, Plan>;
  configs: Record<Role, QuicConfig>;
  /** The server asks for a token, which is good for a while. */
  retries: boolean;
  /** The server's endpoint outlives its connection and resets what it forgot. */
  resets: boolean;
  client: Life | undefined;
  /** Undefined: no Initial arrived there, or it never came to its end. */
  server: Life | undefined;
  serverBegan: boolean;
  /** Nothing was left to happen: no timer ran on. */
  idle: boolean;
  /** Bytes sent for each byte received before the client's address was proved. */
  amplification: number;
  mostUnread: number;
  events: readonly TimelineEvent[];
  timeline(): string;
};

type DatagramNetworkDraw = Pick<DatagramNetwork, 'latency' | 'loss' | 'mtu'> & Partial<DatagramNetwork>;

export type StormDraw = {
  close?: Close;
  network?: Partial<DatagramNetwork>;
  /** Bytes of stream data, both directions together. */
  data?: number;
  /** Of both sides. */
  versions?: readonly number[];
};

/** One QUIC connection over a bad network, all of it from one seed. `over`: instead of what was drawn. */
export function quicStorm(seed: number | string, over: StormDraw = {}): QuicStorm {
  const dice = createDice(createRandom(seed, 'quic storm'));
  const drawnClose = CLOSES[dice.below(CLOSES.length)] ?? 'full';
  const close = over.close ?? drawnClose;
  const closer: Role = dice.chance(0.5) ? 'client' : 'server';
  const network = { ...drawNetwork(dice), ...over.network };
  const configs = drawConfigs(dice, over.versions);
  // A flight that is longer than what may be sent before the client has shown where it is.
  if (dice.chance(0.3))
    configs.server = { ...configs.server, identity: longChain(seed, dice.between(1, 12) * 1_000) };
  const endpoint = { retry: dice.chance(0.25) ? 'always' : 'never', resets: dice.chance(0.7) } as const;
  const afterlife = dice.chance(0.5) ? 'gone' : 'forgotten';
  const plans = drawPlans(dice, { close, closer, data: over.data ?? dice.below(32 * 1024), configs });
  const world = createQuicWorld({ seed, network, ...configs, endpoint, afterlife });
  const lives: Partial<Record<Role, Life>> = {};
  const spawn = (role: Role): void => {
    const channel = role === 'client' ? world.client : world.server();
    if (channel === undefined) return;
    world.scheduler.spawn(live(channel, plans[role]), (life) => {
      lives[role] = life;
    });
  };
  world.onServer(() => spawn('server'));
  spawn('client');
  let idle = false;
  try {
    idle = world.clock.runUntilIdle(DEADLINE_MS);
  } catch (error) {
    throw new Error(`SSLSHUT_SEED=${seed}: ${error instanceof Error ? error.stack : error}`);
  }
  const { events } = world.recorder;
  return {
    ...{ close, closer, network, plans, configs, idle, events },
    retries: endpoint.retry === 'always',
    resets: endpoint.resets && afterlife === 'forgotten',
    client: lives.client,
    server: lives.server,
    serverBegan: world.server() !== undefined,
    amplification: world.unvalidated.worst,
    mostUnread: world.mostUnread(),
    timeline: () => events.map((event) => JSON.stringify(event, plain)).join('\n'),
  };
}

/** RTT from 1 to 600 ms and loss up to 30 %; one in ten is a good network. */
function drawNetwork(dice: Dice): DatagramNetworkDraw {
  const latency = dice.chance(0.3) ? dice.between(1, 20) / 2 : dice.between(1, 600) / 2;
  const quiet = { latency, mtu: 1200, loss: 0 };
  if (dice.chance(0.1)) return quiet;
  return {
    ...quiet,
    jitter: dice.chance(0.5) ? dice.below(Math.ceil(latency / 2) + 2) : 0,
    loss: dice.between(0, 30) / 100,
    duplication: dice.chance(0.5) ? dice.between(0, 20) / 100 : 0,
    reorder: dice.chance(0.5) ? dice.between(0, 30) / 100 : 0,
    reorderBy: dice.between(1, Math.ceil(2 * latency) + 10),
  };
}

function drawConfigs(dice: Dice, versions: readonly number[] | undefined): Record<Role, QuicConfig> {
  const both = {
    suites: dice.chance(0.8) ? [0x1301] : [0x1303],
  };
  const one = (role: Role): QuicConfig => {
    const drawn = VERSIONS[dice.below(VERSIONS.length)] ?? [QUIC_VERSION.v1];
    return quicConfig({
      ...both,
      quicVersions: versions ?? drawn,
      connectionIdLength:
        role === 'client' && dice.chance(0.1) ? 0 : dice.chance(0.8) ? 8 : dice.between(4, 20),
      limits: {
        connectionData: dice.between(4, 64) * 1024,
        streamData: dice.between(2, 32) * 1024,
        bidiStreams: dice.between(3, 8),
        uniStreams: dice.between(3, 8),
        activeConnectionIds: dice.between(2, 8),
      },
      policy: {
        ...DEFAULT_QUIC_POLICY,
        closeRepetition: REPETITIONS[dice.below(REPETITIONS.length)] ?? 'doubling',
        answerClose: dice.chance(0.7),
        idleTimeoutMs: dice.between(20, 120) * 1_000,
        maxAckDelayMs: dice.chance(0.7) ? 25 : dice.between(0, 200),
        keyUpdatePackets: dice.chance(0.8) ? 1_000_000 : dice.between(5, 50),
        grease: dice.chance(0.3),
      },
    });
  };
  return { client: one('client'), server: one('server') };
}

function drawPlans(
  dice: Dice,
  draw: { close: Close; closer: Role; data: number; configs: Record<Role, QuicConfig> },
): Record<Role, Plan> {
  const { close, closer, data } = draw;
  const share = { client: dice.below(data + 1), server: 0 };
  share.server = data - share.client;
  const streams = { client: drawStreams(dice, share.client), server: drawStreams(dice, share.server) };
  const replies = { client: dice.below(200), server: dice.below(200) };
  const bidi = (role: Role): number => streams[role].filter(({ direction }) => direction === 'bidi').length;
  const sum = (role: Role): number => streams[role].reduce((total, { size }) => total + size, 0);
  const plan = (role: Role): Plan => {
    const other: Role = role === 'client' ? 'server' : 'client';
    return {
      close,
      first: role === closer,
      streams: streams[role],
      reply: replies[role],
      expects: dice.chance(0.7) ? sum(other) + bidi(role) * replies[other] : 0,
      patience: dice.below(4),
      code:
        close === 'transport-error' ? BigInt(dice.between(0, 0x10)) : (CODES[dice.below(CODES.length)] ?? 0n),
      reason: REASONS[dice.below(REASONS.length)] ?? '',
      pause: dice.chance(0.5) ? 0 : dice.below(1_000),
      calls: dice.chance(0.5),
    };
  };
  return { client: plan('client'), server: plan('server') };
}

function longChain(seed: number | string, bytes: number): Identity {
  const random = createRandom(seed, 'identity');
  const identity = createSimIdentity(createNativeProvider(), random, 'server.example');
  return { ...identity, chain: [...identity.chain, new Uint8Array(bytes)] };
}

/** Streams that stay open count against the limit for ever: then there are no more than it allows. */
function drawStreams(dice: Dice, total: number): Plan['streams'] {
  const allEnd = dice.chance(0.5);
  const count = dice.between(1, allEnd ? 8 : 3);
  const sizes = Array.from({ length: count }, () => dice.below(1000) + 1);
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => ({
    direction: dice.chance(0.6) ? 'bidi' : 'uni',
    size: Math.floor((total * size) / whole),
    fin: allEnd || dice.chance(0.5),
  }));
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? [...value].join(' ') : value;
}

const REPETITIONS = ['doubling', 'doubling', 'always', 'never'] as const;
const { v1, v2 } = QUIC_VERSION;
const VERSIONS = [[v1], [v1], [v1, v2], [v1, v2], [v2, v1], [v2]];
const CODES = [0n, 7n, 0x100n, 2n ** 30n, 2n ** 62n - 1n];
const REASONS = ['', 'bye', 'ä'.repeat(300), 'x'.repeat(1_500)];
/** Longer than every idle timeout with every retransmission before it: who is not done by then hangs. */
const DEADLINE_MS = 24 * 3_600_000;
