import { describe, expect, it } from 'vitest';
import type { RecordCore } from '../../src/proto/core.ts';
import { createHelloPieces } from '../../src/proto/dtls/hello-pieces.ts';
import { type GateVerdict, judgeClientHello } from '../../src/proto/dtls/server-gate.ts';
import type { Role } from '../../src/proto/role.ts';
import { ascii, fromHex } from '../../src/wire/bytes.ts';
import {
  connect,
  type DtlsOptions,
  dtlsConfig,
  dtlsDeps,
  dtlsEnd,
  dtlsPair,
  isOpen,
  ONLY12,
  ONLY13,
  TICKETS,
} from './dtls-pair.ts';
import { diceOf, mutate } from './tls-mutate.ts';

/** `npm run soak` sets it. */
const SOAK = process.env.SSLSHUT_SOAK !== undefined;
const RUNS = SOAK ? 200_000 : 5_000;
const MINUTES = 60_000;

const VERSIONS = [
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const;

const COOKIE = { key: new Uint8Array(32).fill(5), address: ascii('192.0.2.1:4433') };
type Versions = (typeof VERSIONS)[number][1];
const ROLES: readonly Role[] = ['client', 'server'];

/** The datagrams of a handshake and a closing, as each side gets them. */
function recorded(options: DtlsOptions): Record<Role, Uint8Array[]> {
  const pair = dtlsPair(options);
  const network = connect(pair);
  network.run(5000, () => isOpen(pair));
  network.run(5000);
  for (const { core } of [pair.client, pair.server]) {
    core.keyUpdate(true);
    network.run(5000);
  }
  pair.client.core.sendData(new Uint8Array(20));
  pair.client.core.sendAlert(1, 0);
  pair.server.core.sendData(new Uint8Array(20));
  pair.server.core.sendAlert(1, 0);
  network.run(5000);
  const to = (role: Role): Uint8Array[] =>
    network.sent.filter(({ from }) => from !== role).map(({ datagram }) => datagram);
  return { client: to('client'), server: to('server') };
}

const optionsOf = (both: Versions): DtlsOptions => ({
  both: { ...both, mtu: 400, connectionId: { own: Uint8Array.of(7, 7) } },
  server: { tickets: TICKETS, cookie: COOKIE },
});

/** The same seed gives the same keys, so that a fresh end understands what was recorded. */
function freshEnd(role: Role, both: Versions): RecordCore {
  const { core } = dtlsEnd(role, optionsOf(both));
  core.start(0);
  settle(core, 0);
  return core;
}

function settle(core: RecordCore, now: number): void {
  for (let left = 200; core.step(now).kind !== 'idle'; left--) {
    if (left === 0) throw new Error('steps without end');
  }
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) core.transmitted();
  if (core.unread() !== 0) throw new Error('bytes are left over');
}

function give(core: RecordCore, now: number, data: Uint8Array): void {
  core.receive(now, { kind: 'bytes', data });
  settle(core, now);
}

/**
 * One association: wrong datagrams before each right one, of which most are dropped without harm. Gives the number of wrong ones;
 * it ends early when one of them ends the association.
 */
function play(
  role: Role,
  both: Versions,
  right: readonly Uint8Array[],
  wrong: (right: Uint8Array) => Uint8Array[],
) {
  const core = freshEnd(role, both);
  let tried = 0;
  for (const [now, datagram] of right.entries()) {
    for (const bytes of wrong(datagram)) {
      give(core, now, bytes);
      tried++;
      if (core.phase() === 'failed') return tried;
    }
    give(core, now, datagram);
    const due = core.pollTimeout();
    if (due !== undefined && now % 2 === 0) core.handleTimeout(due);
    settle(core, now);
  }
  return tried;
}

describe.each(VERSIONS)('what a peer sends in %s', (_name, both) => {
  const flights = recorded(optionsOf(both));

  it.each(ROLES)('completes the handshake of a fresh %s when left as it is', (role) => {
    const core = freshEnd(role, both);
    const seen: string[] = [];
    for (const data of flights[role]) {
      core.receive(1, { kind: 'bytes', data });
      for (let step = core.step(1); step.kind !== 'idle'; step = core.step(1)) seen.push(step.kind);
    }
    expect(core.phase()).toBe('open');
    expect(seen).toContain('alert');
  });

  it.each(ROLES)('is survived by a %s however it is cut, and done when it comes whole', (role) => {
    const cuts = (right: Uint8Array): Uint8Array[] =>
      Array.from({ length: right.length }, (_, length) => right.subarray(0, length));
    const bytes = flights[role].reduce((sum, { length }) => sum + length, 0);
    expect(play(role, both, flights[role], cuts)).toBe(bytes);
  });

  it(
    'is survived however it is changed',
    () => {
      let tried = 0;
      for (let seed = 0; tried < RUNS / 2; seed++) {
        const dice = diceOf(seed);
        const wrong = (right: Uint8Array): Uint8Array[] =>
          Array.from({ length: 12 }, () => mutate(right, dice));
        const role = ROLES[seed % 2] ?? 'client';
        try {
          tried += play(role, both, flights[role], wrong);
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
        }
      }
    },
    MINUTES * (SOAK ? 60 : 2),
  );
});

/** What either side may say once there are keys: content type and content. */
const SPOKEN: readonly [number, string][] = [
  [21, '0100'],
  [21, '0228'],
  [22, '18 000001 0002 000000 000001 01'],
  [22, '04 000010 0002 000000 000010 00001c20 00000001 0100 0002 abcd 0000'],
  [22, '04 00000c 0002 000000 00000c 00001c20 0006 abcdef012345'],
  [22, '09 000001 0002 000000 000001 02'],
  [22, '0a 000006 0002 000000 000006 0003 02 aabb 00'],
  [22, '00 000000 0000 000000 000000'],
  [22, '14 00000c 0001 000000 00000c 00112233445566778899aabb'],
  [22, '01 000040 0000 000000 000010 fefd 00112233445566778899aabbccdd'],
  [26, '0020 0000000000000002 0000000000000000 0000000000000003 0000000000000001'],
  [23, '68656c6c6f'],
];

describe.each(VERSIONS)('what a peer of %s says under the right keys', (_name, both) => {
  it(
    'is survived however it is changed',
    () => {
      for (let seed = 0, tried = 0; tried < RUNS / 5; seed++) {
        const dice = diceOf(seed);
        const pair = dtlsPair({ both: { ...both, connectionId: { own: Uint8Array.of(7, 7) } } });
        connect(pair).run(5000);
        const [from, to] = seed % 2 === 0 ? [pair.client, pair.server] : [pair.server, pair.client];
        for (let turn = 0; turn < 40 && to.core.phase() === 'open'; turn++) {
          const [type, content] = SPOKEN[dice.below(SPOKEN.length)] ?? [22, ''];
          const changed = mutate(fromHex(content), dice);
          to.core.receive(5000, { kind: 'bytes', data: from.core.raw.record(type, changed) });
          try {
            settle(to.core, 5000);
          } catch (error) {
            throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
          }
          tried++;
        }
      }
    },
    MINUTES * (SOAK ? 60 : 2),
  );
});

describe.each(VERSIONS)('what strangers send to the gate of %s', (_name, both) => {
  const config = dtlsConfig('server', { both, server: { cookie: COOKIE } });
  const judge = (datagram: Uint8Array): GateVerdict =>
    judgeClientHello(datagram, config, dtlsDeps('server'), 0);

  /** A client's first and second ClientHello, whole and in pieces. */
  const hellos = [1200, 160].flatMap((mtu) => {
    const pair = dtlsPair({ both: { ...both, mtu }, server: { cookie: COOKIE } });
    const network = connect(pair);
    network.run(5000, () => isOpen(pair));
    const said = network.sent.filter(({ from, datagram }) => from === 'client' && datagram[13] === 1);
    return said.map(({ datagram }) => datagram);
  });

  it('is judged without a throw, however it is cut and changed, and little of it is kept', () => {
    const pieces = createHelloPieces();
    const seen = new Set<string>();
    const give = (datagram: Uint8Array, remote: string): void => {
      const verdict = judge(datagram);
      seen.add(verdict.kind);
      if (verdict.kind !== 'piece') return;
      const whole = pieces.add(remote, verdict.record, verdict.fragment, 0);
      if (whole !== undefined) expect(judge(whole).kind).not.toBe('piece');
    };
    expect(hellos.length).toBeGreaterThan(4);
    for (const hello of hellos) {
      give(hello, 'a');
      for (let length = 0; length < hello.length; length++) give(hello.subarray(0, length), 'a');
    }
    for (let seed = 0; seed < RUNS / 10; seed++) {
      const dice = diceOf(seed);
      const hello = hellos[dice.below(hellos.length)] ?? new Uint8Array(0);
      give(mutate(hello, dice), `${dice.below(200)}`);
    }
    expect([...seen].sort()).toEqual(['answer', 'drop', 'make', 'piece']);
    expect(pieces.size()).toBeLessThanOrEqual(64);
  });
});
