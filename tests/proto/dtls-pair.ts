import { withMlkem } from '../../src/crypto/mlkem.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { CoreDeps, RecordCore, RecordStep } from '../../src/proto/core.ts';
import type { DtlsConfig } from '../../src/proto/dtls/config.ts';
import { createDtlsCore } from '../../src/proto/dtls/connection.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import type { Role } from '../../src/proto/role.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Fact, Millis } from '../../src/timeline/event.ts';

const native = withMlkem(createNativeProvider());
const identity = createSimIdentity(native, createRandom(1, 'identity'), 'localhost');
const trust = createSimTrust(native);

export const TICKETS = { key: new Uint8Array(32).fill(3), lifetime: 7200, count: 2 };
export const ONLY12 = { versions: [0x0303] } as const;
export const ONLY13 = { versions: [0x0304] } as const;

export type DtlsEnd = { core: RecordCore; facts: Fact[]; steps: RecordStep[] };
export type DtlsPair = { client: DtlsEnd; server: DtlsEnd };
export type DtlsOptions = {
  seed?: number;
  both?: Partial<DtlsConfig>;
  client?: Partial<DtlsConfig>;
  server?: Partial<DtlsConfig>;
};

export function dtlsEnd(role: Role, options: DtlsOptions = {}): DtlsEnd {
  const facts: Fact[] = [];
  const deps = dtlsDeps(role, facts, options.seed);
  return { core: createDtlsCore(role, dtlsConfig(role, options), deps), facts, steps: [] };
}

export function dtlsDeps(role: Role, facts: Fact[] = [], seed = 7): CoreDeps {
  const emit = (fact: Fact): void => void facts.push(fact);
  return { random: createRandom(seed, role), provider: native, peerAuth: trust, emit };
}

export function dtlsConfig(role: Role, options: DtlsOptions = {}): DtlsConfig {
  return {
    versions: [0x0304, 0x0303],
    suites: DEFAULT_SUITES,
    groups: DEFAULT_GROUPS,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: 'require',
    policy: DEFAULT_TLS_POLICY,
    ...(role === 'client' ? { serverName: 'localhost' } : { identity }),
    ...options.both,
    ...options[role],
  };
}

export function dtlsPair(options: DtlsOptions = {}): DtlsPair {
  return { client: dtlsEnd('client', options), server: dtlsEnd('server', options) };
}

/** What becomes of a datagram: delays in ms after which it arrives; none: lost. */
export type Fate = (from: Role, datagram: Uint8Array, index: number) => readonly Millis[];

const PERFECT: Fate = () => [1];

/** Loses, repeats and reorders by the seed, `loss` of 1000. */
export function lossy(seed: number, loss: number): Fate {
  const random = createRandom(seed, 'net');
  const roll = (): number => {
    const [a = 0, b = 0] = random(2);
    return (a * 256 + b) % 1000;
  };
  return () => {
    if (roll() < loss) return [];
    const once = 1 + (roll() % 40);
    return roll() < 100 ? [once, once + (roll() % 300)] : [once];
  };
}

export type Network = {
  now: Millis;
  /** Everything that was sent, in order. */
  sent: { from: Role; datagram: Uint8Array; at: Millis }[];
  /** Steps, sends and waits until nothing more happens, or `until` says so, or the clock passes `limit`. */
  run(limit: Millis, until?: () => boolean): void;
};

/** Both ends on one virtual clock. */
export function connect({ client, server }: DtlsPair, fate: Fate = PERFECT): Network {
  const ends = { client, server };
  const flying: { at: Millis; order: number; to: Role; data: Uint8Array }[] = [];
  let order = 0;
  const network: Network = { now: 0, sent: [], run };

  function settle(role: Role): void {
    const { core, steps } = ends[role];
    for (let step = core.step(network.now); step.kind !== 'idle'; step = core.step(network.now)) {
      steps.push(step);
    }
    for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
      const data = unit.slice();
      core.transmitted();
      network.sent.push({ from: role, datagram: data, at: network.now });
      const to = role === 'client' ? 'server' : 'client';
      for (const delay of fate(role, data, network.sent.length - 1))
        flying.push({ at: network.now + delay, order: order++, to, data });
    }
  }

  function run(limit: Millis, until: () => boolean = () => false): void {
    const end = network.now + limit;
    for (let rounds = 0; rounds < 20_000; rounds++) {
      settle('client');
      settle('server');
      if (until()) return;
      flying.sort((a, b) => a.at - b.at || a.order - b.order);
      const timers = [client, server].map(({ core }) => core.pollTimeout() ?? Number.POSITIVE_INFINITY);
      const due = Math.min(flying[0]?.at ?? Number.POSITIVE_INFINITY, ...timers);
      if (due === Number.POSITIVE_INFINITY) return;
      if (due > end) {
        network.now = end;
        return;
      }
      network.now = Math.max(network.now, due);
      while (flying[0] !== undefined && flying[0].at <= network.now) {
        const next = flying.shift();
        if (next !== undefined) ends[next.to].core.receive(network.now, { kind: 'bytes', data: next.data });
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

export function isOpen({ client, server }: DtlsPair): boolean {
  return client.core.phase() === 'open' && server.core.phase() === 'open';
}

export function factsOf<K extends Fact['kind']>(end: DtlsEnd, kind: K): Extract<Fact, { kind: K }>[] {
  return end.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
}

export function dataOf(end: DtlsEnd): Uint8Array[] {
  return end.steps.flatMap((step) => (step.kind === 'data' ? [step.data] : []));
}
