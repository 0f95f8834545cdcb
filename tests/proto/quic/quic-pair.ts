import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../../src/proto/handshake/defaults.ts';
import type { QuicConfig } from '../../../src/proto/quic/config.ts';
import { createQuicCore } from '../../../src/proto/quic/connection.ts';
import type { QuicCore, QuicDeps } from '../../../src/proto/quic/core.ts';
import { DEFAULT_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import type { Role } from '../../../src/proto/role.ts';
import { createSimIdentity, createSimTrust } from '../../../src/sim/identity.ts';
import { createRandom } from '../../../src/sim/random.ts';
import type { Fact, Millis } from '../../../src/timeline/event.ts';

const native = createNativeProvider();
const identity = createSimIdentity(native, createRandom(1, 'identity'), 'localhost');
const trust = createSimTrust(native);

export type QuicEnd = { core: QuicCore; facts: Fact[] };
export type QuicPair = { client: QuicEnd; server: QuicEnd };
export type QuicOptions = {
  seed?: number;
  both?: Partial<QuicConfig>;
  client?: Partial<QuicConfig>;
  server?: Partial<QuicConfig>;
  policy?: Partial<QuicConfig['policy']>;
};

function quicDeps(role: Role, facts: Fact[] = [], seed = 7): QuicDeps {
  const emit = (fact: Fact): void => void facts.push(fact);
  return { random: createRandom(seed, role), provider: native, peerAuth: trust, emit };
}

export function quicConfig(role: Role, options: QuicOptions = {}): QuicConfig {
  return {
    suites: DEFAULT_SUITES,
    groups: DEFAULT_GROUPS,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: 'require',
    alpn: ['hq-interop'],
    quicVersions: [1],
    maxDatagram: 1200,
    limits: {
      connectionData: 1_048_576,
      streamData: 262_144,
      bidiStreams: 16,
      uniStreams: 16,
      activeConnectionIds: 4,
    },
    connectionIdLength: 8,
    ...(role === 'client'
      ? { serverName: 'localhost' }
      : { identity, resetToken: (id: Uint8Array) => tokenOf(id) }),
    ...options.both,
    ...options[role],
    policy: { ...DEFAULT_QUIC_POLICY, ...options.policy, ...options.both?.policy, ...options[role]?.policy },
  };
}

function tokenOf(id: Uint8Array): Uint8Array {
  const token = new Uint8Array(16).fill(0x5a);
  token.set(id.subarray(0, 16));
  return token;
}

export function quicEnd(role: Role, options: QuicOptions = {}): QuicEnd {
  const facts: Fact[] = [];
  return {
    core: createQuicCore(role, quicConfig(role, options), quicDeps(role, facts, options.seed)),
    facts,
  };
}

export function quicPair(options: QuicOptions = {}): QuicPair {
  return { client: quicEnd('client', options), server: quicEnd('server', options) };
}

/** What becomes of a datagram: delays in ms after which it arrives; none: lost. */
export type Fate = (from: Role, datagram: Uint8Array, index: number) => readonly Millis[];

export type Network = {
  now: Millis;
  sent: { from: Role; datagram: Uint8Array; at: Millis }[];
  fate: Fate;
  /** The client's address, as the server sees it. */
  clientAddress: string;
  run(limit: Millis, until?: () => boolean): void;
};

/** Both ends on one virtual clock. */
export function connect({ client, server }: QuicPair, fate: Fate = () => [5]): Network {
  const ends = { client, server };
  const flying: { at: Millis; order: number; to: Role; data: Uint8Array; from: string }[] = [];
  let order = 0;
  const network: Network = { now: 0, sent: [], fate, clientAddress: '192.0.2.1:4000', run };

  function settle(role: Role): void {
    const { core } = ends[role];
    while (core.step(network.now));
    for (
      let unit = core.peekTransmit(network.now);
      unit !== undefined;
      unit = core.peekTransmit(network.now)
    ) {
      const data = unit.slice();
      core.transmitted(network.now);
      network.sent.push({ from: role, datagram: data, at: network.now });
      const to = role === 'client' ? 'server' : 'client';
      const from = role === 'client' ? network.clientAddress : '192.0.2.2:443';
      for (const delay of network.fate(role, data, network.sent.length - 1))
        flying.push({ at: network.now + delay, order: order++, to, data, from });
    }
  }

  function run(limit: Millis, until: () => boolean = () => false): void {
    const end = network.now + limit;
    for (let rounds = 0; rounds < 100_000; rounds++) {
      settle('client');
      settle('server');
      if (until()) return;
      // What was asked may have given them something to say.
      settle('client');
      settle('server');
      flying.sort((a, b) => a.at - b.at || a.order - b.order);
      const timers = [client, server].map(({ core }) => core.pollTimeout() ?? Number.POSITIVE_INFINITY);
      const due = Math.min(flying[0]?.at ?? Number.POSITIVE_INFINITY, ...timers);
      if (due > end) {
        network.now = end;
        return;
      }
      network.now = Math.max(network.now, due);
      while (flying[0] !== undefined && flying[0].at <= network.now) {
        const next = flying.shift();
        if (next !== undefined)
          ends[next.to].core.receive(network.now, { kind: 'bytes', data: next.data, from: next.from });
      }
      for (const { core } of [client, server]) {
        if ((core.pollTimeout() ?? Number.POSITIVE_INFINITY) <= network.now) core.handleTimeout(network.now);
      }
    }
    throw new Error('the network never comes to rest');
  }

  server.core.start(0);
  client.core.start(0);
  return network;
}

export function isConfirmed({ client, server }: QuicPair): boolean {
  return client.core.handshake().confirmed && server.core.handshake().confirmed;
}

/** Connected, the handshake confirmed on both sides. */
export function shakeHands(options: QuicOptions = {}, fate?: Fate): QuicPair & { network: Network } {
  const pair = quicPair(options);
  const network = connect(pair, fate);
  network.run(10_000, () => isConfirmed(pair));
  if (!isConfirmed(pair)) throw new Error(`no handshake: ${JSON.stringify(pair.client.facts.at(-1), big)}`);
  return { ...pair, network };
}

function big(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

export function factsOf<K extends Fact['kind']>(end: QuicEnd, kind: K): Extract<Fact, { kind: K }>[] {
  return end.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
}
