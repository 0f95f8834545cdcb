import { describe, expect, it } from 'vitest';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { RecordCore, RecordStep } from '../../src/proto/core.ts';
import { ProtocolFault } from '../../src/proto/fault.ts';
import { createClientHandshake } from '../../src/proto/handshake/client.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { TLS } from '../../src/proto/handshake/flavor.ts';
import type { HandshakeMachine } from '../../src/proto/handshake/machine.ts';
import { createServerHandshake } from '../../src/proto/handshake/server.ts';
import type { Role } from '../../src/proto/role.ts';
import { type CreateMachine, wireTlsCore } from '../../src/proto/tls/wiring.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom, type Dice } from '../../src/sim/random.ts';
import { alertKind } from '../../src/wire/alert.ts';
import { concat } from '../../src/wire/bytes.ts';
import { diceOf, mutate } from './tls-mutate.ts';
import { CONFIG, connect, drain, type End, type Pair, receive } from './tls-pair.ts';
import { realEnd, realPair, TICKETS } from './tls-real.ts';

/** `npm run soak` sets it. */
const SOAK = process.env.SSLSHUT_SOAK !== undefined;
const RUNS = SOAK ? 200_000 : 5_000;
const MINUTES = 60_000;

const VERSIONS = [0x0304, 0x0303] as const;
type Version = (typeof VERSIONS)[number];

/** Feeds bytes, steps, and holds every answer against the contract. A throw is the failure. */
function feed(core: RecordCore, bytes: Uint8Array, dice: Dice): RecordStep[] {
  const steps: RecordStep[] = [];
  const size = dice.chance(0.3) ? dice.between(1, 40) : bytes.length + 1;
  for (let at = 0; at < bytes.length; at += size) {
    receive(core, at, bytes.subarray(at, at + size));
    steps.push(...settle(core));
  }
  core.receive(0, { kind: 'fin', certainty: 'sure' });
  steps.push(...settle(core));
  expect(steps.at(-1)?.kind).toBe('eof');
  return steps;
}

function settle(core: RecordCore): RecordStep[] {
  const steps: RecordStep[] = [];
  for (;;) {
    const ready = core.ready();
    const step = core.step(0);
    if (ready !== (step.kind !== 'idle')) throw new Error(`ready() was ${ready}, step was ${step.kind}`);
    if (step.kind === 'idle') break;
    steps.push(step);
    check(core, step);
    if (step.kind === 'eof') break;
  }
  if (core.wants() < 1 || core.unread() < 0)
    throw new Error(`wants ${core.wants()}, unread ${core.unread()}`);
  return steps;
}

function check(core: RecordCore, step: RecordStep): void {
  if (step.kind === 'eof' && step.partial < 0) throw new Error(`partial ${step.partial}`);
  if (step.kind !== 'fault') return;
  const { fault } = step;
  const known = fault.alert === undefined || alertKind(fault.alert) !== undefined;
  const sound =
    fault instanceof ProtocolFault &&
    fault.blame === 'peer' &&
    /^[a-z0-9]+(-[a-z0-9]+)*$/.test(fault.rule) &&
    fault.detail.length > 0 &&
    fault.detail.length < 400 &&
    known;
  if (!sound) throw new Error(`odd fault: ${JSON.stringify({ ...fault, message: fault.message })}`);
  if (core.phase() !== 'failed') throw new Error(`phase ${core.phase()} after a fault`);
}

/** The bytes each side receives in an undisturbed connection, and cores that wait for them. */
function recorded(version: Version): { toClient: Uint8Array; toServer: Uint8Array } {
  const toClient: Uint8Array[] = [];
  const toServer: Uint8Array[] = [];
  const pair = startPair(version);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to, tape] of [
      [pair.client.core, pair.server.core, toServer],
      [pair.server.core, pair.client.core, toClient],
    ] as const) {
      for (const unit of drain(from)) {
        moved = true;
        tape.push(unit);
        receive(to, 0, unit);
        while (to.step(0).kind !== 'idle');
      }
    }
  }
  pair.server.core.sendData(new Uint8Array(30));
  pair.server.core.sendAlert(1, 0);
  toClient.push(...drain(pair.server.core));
  return { toClient: concat(...toClient), toServer: concat(...toServer) };
}

function startPair(version: Version): Pair {
  const pair = realPair({ config: { versions: [version] }, server: { tickets: TICKETS } });
  pair.client.core.start(0);
  pair.server.core.start(0);
  return pair;
}

function fresh(role: Role, version: Version): End {
  const end = realEnd(role, {
    config: { versions: [version] },
    ...(role === 'server' ? { server: { tickets: TICKETS } } : {}),
  });
  end.core.start(0);
  return end;
}

describe('recorded flights', () => {
  const tapes = VERSIONS.map((version) => ({ version, ...recorded(version) }));

  it('are understood when nobody touches them', () => {
    for (const { version, toClient, toServer } of tapes) {
      const client = fresh('client', version);
      const steps = feed(client.core, toClient, diceOf(0)).map((step) => step.kind);
      expect(steps.slice(-3)).toEqual(['data', 'alert', 'eof']);
      const server = fresh('server', version);
      feed(server.core, toServer, diceOf(0));
      expect(server.core.phase()).toBe('open');
    }
  });

  it('cut off at every byte end the stream, and nothing else', () => {
    for (const { version, toClient, toServer } of tapes) {
      for (const [role, tape] of [
        ['client', toClient],
        ['server', toServer],
      ] as const) {
        for (let length = 0; length < tape.length; length += role === 'client' && length > 700 ? 3 : 1) {
          const end = fresh(role, version);
          const steps = feed(end.core, tape.subarray(0, length), diceOf(0));
          if (steps.some((step) => step.kind === 'fault'))
            throw new Error(`a fault at ${length} for the ${role}`);
        }
      }
    }
  });

  it(
    `mutated, ${RUNS} times, never throw`,
    () => {
      const seen = new Map<string, number>();
      for (let seed = 0; seed < RUNS; seed++) {
        const dice = diceOf(seed);
        const { version, toClient, toServer } = tapes[dice.below(tapes.length)]!;
        const role = dice.chance(0.5) ? 'client' : 'server';
        const bytes = mutate(role === 'client' ? toClient : toServer, dice);
        try {
          for (const step of feed(fresh(role, version).core, bytes, dice)) {
            const what = step.kind === 'fault' ? step.fault.rule : step.kind;
            seen.set(what, (seen.get(what) ?? 0) + 1);
          }
        } catch (error) {
          throw new Error(`seed ${seed} (${role}, version ${version})`, { cause: error });
        }
      }
      for (const what of ['bad-record-mac', 'decode-error', 'not-tls', 'record-overflow', 'eof']) {
        expect([...seen.keys()]).toContain(what);
      }
    },
    30 * MINUTES,
  );
});

/** A role whose handshake messages are changed before they are protected, so that the other side decrypts nonsense. */
function saboteur(seed: number): CreateMachine {
  const dice = diceOf(seed);
  let spare = dice.below(6);
  return (role, config, deps) => {
    const inner: HandshakeMachine =
      role === 'client' ? createClientHandshake(config, deps, TLS) : createServerHandshake(config, deps, TLS);
    const spoil = (actions: ReturnType<HandshakeMachine['start']>) =>
      actions.map((action) => {
        if (action.do !== 'send' || spare-- !== 0) return action;
        const message = mutate(action.message, dice);
        return { ...action, message: dice.chance(0.7) ? withLength(message) : message };
      });
    return {
      ...inner,
      start: (now) => spoil(inner.start(now)),
      receive: (now, level, message) => spoil(inner.receive(now, level, message)),
    };
  };
}

/** The header's length put right again, so that the body is looked at. */
function withLength(message: Uint8Array): Uint8Array {
  if (message.length < 4) return message;
  const out = message.slice();
  const length = message.length - 4;
  out.set([length >> 16, (length >> 8) & 0xff, length & 0xff], 1);
  return out;
}

describe('messages mutated under the right keys', () => {
  const provider = createNativeProvider();
  const identity = createSimIdentity(provider, createRandom(1, 'identity'), 'localhost');

  function spoiledEnd(role: Role, version: Version, seed: number): RecordCore {
    const config = {
      ...CONFIG,
      versions: [version],
      suites: DEFAULT_SUITES,
      groups: DEFAULT_GROUPS,
      signatureSchemes: DEFAULT_SCHEMES,
      serverName: 'localhost',
      ...(role === 'server' ? { identity, tickets: TICKETS } : {}),
    };
    return wireTlsCore(saboteur(seed), role, config, {
      random: createRandom(seed, role),
      provider,
      peerAuth: createSimTrust(provider),
      emit: () => undefined,
    });
  }

  it(
    'never make the other side throw, during the handshake',
    () => {
      const runs = RUNS / 20;
      const rules = new Set<string>();
      for (let seed = 0; seed < runs; seed++) {
        const version = VERSIONS[seed % 2] ?? 0x0304;
        const bad: Role = seed % 4 < 2 ? 'server' : 'client';
        const spoiled = spoiledEnd(bad, version, seed);
        const honest = fresh(bad === 'server' ? 'client' : 'server', version).core;
        spoiled.start(0);
        try {
          for (let moved = true; moved; ) {
            moved = false;
            for (const [from, to] of [
              [spoiled, honest],
              [honest, spoiled],
            ] as const) {
              for (const unit of drain(from)) {
                moved = true;
                receive(to, 0, unit);
                for (const step of settle(to)) if (step.kind === 'fault') rules.add(step.fault.rule);
              }
            }
          }
        } catch (error) {
          throw new Error(`seed ${seed} (${bad}, version ${version})`, { cause: error });
        }
      }
      expect(rules).toContain('decode-error');
      expect(rules.size).toBeGreaterThan(5);
    },
    30 * MINUTES,
  );

  it(
    'never make the other side throw, after the handshake',
    () => {
      const runs = RUNS / 10;
      const samples = [
        [21, Uint8Array.of(1, 0)],
        [22, Uint8Array.of(24, 0, 0, 1, 1)],
        [22, Uint8Array.of(4, 0, 0, 17, 0, 0, 28, 32, 1, 2, 3, 4, 1, 9, 0, 3, 7, 7, 7, 0, 0)],
        [22, Uint8Array.of(0, 0, 0, 0)],
        [22, Uint8Array.of(1, 0, 0, 4, 3, 3, 0, 0)],
        [22, Uint8Array.of(13, 0, 0, 8, 0, 0, 5, 0, 13, 0, 1, 0)],
        [23, Uint8Array.of(1, 2, 3)],
        [20, Uint8Array.of(1)],
      ] as const;
      let pair: Pair | undefined;
      for (let seed = 0; seed < runs; seed++) {
        const dice = diceOf(seed);
        const version = VERSIONS[dice.below(2)] ?? 0x0304;
        const usable = pair?.client.core.phase() === 'open' && pair.server.core.phase() === 'open';
        pair = usable && pair !== undefined ? pair : connect(realPair({ config: { versions: [version] } }));
        const [from, to] = dice.chance(0.5) ? [pair.client, pair.server] : [pair.server, pair.client];
        const [type, payload] = samples[dice.below(samples.length)]!;
        const changed = dice.chance(0.2) ? payload : mutate(payload, dice);
        const outer = dice.chance(0.1) ? dice.below(256) : type;
        receive(to.core, 0, from.core.raw.record(outer, changed));
        settle(to.core);
        // Answers stay on this side: what matters here is one direction.
        drain(to.core);
      }
    },
    30 * MINUTES,
  );
});
