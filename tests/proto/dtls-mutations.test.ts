import { describe, expect, it } from 'vitest';
import type { TlsCore } from '../../src/proto/core.ts';
import type { Role } from '../../src/proto/role.ts';
import {
  connect,
  type DtlsOptions,
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

type Versions = (typeof VERSIONS)[number][1];
const ROLES: readonly Role[] = ['client', 'server'];

/** The datagrams of a handshake and a closing, as each side gets them. */
function recorded(options: DtlsOptions): Record<Role, Uint8Array[]> {
  const pair = dtlsPair(options);
  const network = connect(pair);
  network.run(5000, () => isOpen(pair));
  network.run(5000);
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
  server: { tickets: TICKETS },
});

/** The same seed gives the same keys, so that a fresh end understands what was recorded. */
function freshEnd(role: Role, both: Versions): TlsCore {
  const { core } = dtlsEnd(role, optionsOf(both));
  core.start(0);
  settle(core, 0);
  return core;
}

function settle(core: TlsCore, now: number): void {
  for (let left = 200; core.step(now).kind !== 'idle'; left--) {
    if (left === 0) throw new Error('steps without end');
  }
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) core.transmitted();
  if (core.unread() !== 0) throw new Error('bytes are left over');
}

function give(core: TlsCore, now: number, data: Uint8Array): void {
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
