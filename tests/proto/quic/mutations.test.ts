import { describe, expect, it } from 'vitest';
import type { Space } from '../../../src/proto/quic/core.ts';
import type { Role } from '../../../src/proto/role.ts';
import type { Dice } from '../../../src/sim/random.ts';
import { concat } from '../../../src/wire/bytes.ts';
import { decodeFrames } from '../../../src/wire/quic-frame-decode.ts';
import type { Frame } from '../../../src/wire/quic-types.ts';
import { diceOf, mutate } from '../tls-mutate.ts';
import { collect, type Ends, give, type QuicEnd, quicEnds, settle, takeAll } from './ends.ts';
import { forger, frames } from './forge.ts';

/** `npm run soak` sets it. */
const SOAK = process.env.SSLSHUT_SOAK !== undefined;
/** A connection dies of nearly every wrong frame, of wrong datagrams never: frames cost a handshake each. */
const DATAGRAMS = SOAK ? 140_000 : 4_000;
const SEALED = SOAK ? 40_000 : 500;
const EARLY = SOAK ? 20_000 : 500;
const MINUTES = 60_000;
const ROLES: readonly Role[] = ['client', 'server'];
const SUITE = { both: { suites: [0x1301] } };
const SEED = 'mutations';

/** Two ends in the middle of their lives, and everything that went to and fro before. */
function lives(writers: readonly Role[]): Ends {
  const ends = quicEnds(SEED, SUITE);
  settle(ends);
  for (const role of writers) {
    const { core } = ends[role];
    for (const direction of ['bidi', 'uni'] as const) {
      const id = core.streams.open(direction)!;
      core.streams.write(id, new Uint8Array(1_500).fill(7));
      if (direction === 'uni') core.streams.conclude(id);
    }
    core.ping();
  }
  settle(ends);
  for (const role of writers) {
    ends[role].core.streams.reset(role === 'client' ? 0n : 1n, 5n);
    ends[role].core.ping();
  }
  settle(ends);
  return ends;
}

/** What the other one sends, while the one of this role only listens: batches of the same moment. */
function recorded(role: Role): { now: number; datagrams: Uint8Array[] }[] {
  const batches = new Map<number, Uint8Array[]>();
  for (const { to, now, datagram } of lives([otherOf(role)]).log) {
    if (to === role) batches.set(now, [...(batches.get(now) ?? []), datagram]);
  }
  return [...batches].map(([now, datagrams]) => ({ now, datagrams }));
}

/** The same seed gives the same keys: a fresh end understands what was recorded, and says what was said. */
function fresh(role: Role): QuicEnd {
  return quicEnds(SEED, SUITE)[role];
}

function otherOf(role: Role): Role {
  return role === 'client' ? 'server' : 'client';
}

function check(end: QuicEnd, now: number): void {
  takeAll(end, now);
  if (end.core.unread() !== 0) throw new Error('bytes are left over');
  const { received, read } = end.core.streams.counts();
  if (received - read > 65_536) throw new Error(`${received - read} bytes are kept`);
  if (end.facts.length > 5_000) throw new Error('facts without end');
  const cause = end.core.cause();
  if (cause?.kind === 'close' && cause.by === 'local' && !isCode(cause.code)) {
    throw new Error(`it closed with 0x${cause.code.toString(16)}`);
  }
}

/** RFC 9000 §20.1, and alerts. INTERNAL_ERROR would be a fault of ours. */
function isCode(code: bigint): boolean {
  return (code >= 3n && code <= 0x0en && code !== 0x0cn) || (code >= 0x100n && code <= 0x1ffn);
}

describe('datagrams changed on their way', () => {
  const to = { client: recorded('client'), server: recorded('server') };

  it.each(ROLES)('that are left as they are complete the handshake of a fresh %s', (role) => {
    const end = fresh(role);
    for (const { now, datagrams } of to[role]) {
      for (const datagram of datagrams) give(end, now, datagram);
      check(end, now);
    }
    expect(end.core.handshake().complete).toBe(true);
    expect(end.core.cause()).toBeUndefined();
    expect(end.core.streams.counts().received).toBeGreaterThan(1_500);
  });

  it(
    'harm nobody',
    () => {
      let tried = 0;
      for (let seed = 0; tried < DATAGRAMS; seed++) {
        const dice = diceOf(seed);
        const role = ROLES[seed % 2] ?? 'client';
        const end = fresh(role);
        try {
          for (const { now, datagrams } of to[role]) {
            for (const datagram of datagrams) {
              for (let i = 0; i < 12; i++, tried++) give(end, now, mutate(datagram, dice));
              give(end, now, datagram);
            }
            check(end, now);
          }
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
        }
        // Without the keys nobody can end a connection; only a version can be refused in the clear, before anything came.
        const kind = end.core.cause()?.kind;
        expect(kind === undefined || kind === 'version-negotiation', `seed ${seed}: ${kind}`).toBe(true);
        expect(end.core.handshake().complete || kind !== undefined, `seed ${seed}`).toBe(true);
      }
    },
    MINUTES * (SOAK ? 120 : 2),
  );
});

/** What a faulty peer with the right keys may send: frames of all kinds, before they are changed. */
const SAMPLES: readonly Frame[] = [
  { type: 'padding', bytes: 3 },
  { type: 'ping' },
  { type: 'ack', delay: 9n, ranges: [{ smallest: 0n, largest: 2n }] },
  {
    ...{ type: 'ack', delay: 9n, ecn: { ect0: 1n, ect1: 0n, ce: 0n } },
    ranges: [
      { smallest: 3n, largest: 4n },
      { smallest: 0n, largest: 1n },
    ],
  },
  { type: 'reset_stream', stream: 0n, code: 7n, finalSize: 1_500n },
  { type: 'reset_stream', stream: 0n, code: 7n, finalSize: 2n ** 40n },
  { type: 'stream', stream: 1n, offset: 2n ** 40n, data: new Uint8Array(3), fin: false },
  { type: 'stream', stream: 4_000n, offset: 0n, data: new Uint8Array(3), fin: false },
  { type: 'stop_sending', stream: 0n, code: 7n },
  { type: 'crypto', offset: 0n, data: Uint8Array.of(4, 0, 0, 9, 0, 0, 28, 32, 1, 2, 3, 4, 0) },
  { type: 'new_token', token: new Uint8Array(12) },
  { type: 'stream', stream: 0n, offset: 0n, data: new Uint8Array(20), fin: false },
  { type: 'stream', stream: 3n, offset: 90n, data: new Uint8Array(20), fin: true },
  { type: 'max_data', limit: 90_000n },
  { type: 'max_stream_data', stream: 0n, limit: 90_000n },
  { type: 'max_streams', direction: 'bidi', limit: 20n },
  { type: 'max_streams', direction: 'uni', limit: 20n },
  { type: 'data_blocked', limit: 70_000n },
  { type: 'stream_data_blocked', stream: 1n, limit: 70_000n },
  { type: 'streams_blocked', direction: 'bidi', limit: 8n },
  {
    ...{ type: 'new_connection_id', sequence: 1n, retirePriorTo: 0n },
    id: new Uint8Array(8).fill(3),
    resetToken: new Uint8Array(16),
  },
  { type: 'retire_connection_id', sequence: 0n },
  { type: 'path_challenge', data: new Uint8Array(8) },
  { type: 'path_response', data: new Uint8Array(8) },
  { type: 'connection_close', layer: 'transport', code: 10n, frameType: 6n, reason: new Uint8Array(4) },
  { type: 'connection_close', layer: 'application', code: 10n, reason: new Uint8Array(4) },
  { type: 'handshake_done' },
  { type: 'datagram', data: new Uint8Array(5) },
];

/** Which codes the frames of a payload may be answered with (RFC 9000 §19, §20.1; RFC 9001 §4.8). */
function mayAnswer(payload: Uint8Array): (code: bigint) => boolean {
  const allowed = new Set<bigint>([PROTOCOL_VIOLATION]);
  let alerts = false;
  let list: Frame[] = [];
  try {
    list = decodeFrames(payload);
  } catch {
    allowed.add(FRAME_ENCODING_ERROR);
  }
  if (allowed.size === 1) {
    for (const frame of list) {
      for (const code of CODES_OF[frame.type] ?? []) allowed.add(code);
      alerts ||= frame.type === 'crypto';
    }
  }
  return (code) => allowed.has(code) || (alerts && code >= 0x100n && code <= 0x1ffn);
}

const FLOW_CONTROL_ERROR = 0x03n;
const STREAM_LIMIT_ERROR = 0x04n;
const STREAM_STATE_ERROR = 0x05n;
const FINAL_SIZE_ERROR = 0x06n;
const FRAME_ENCODING_ERROR = 0x07n;
const CONNECTION_ID_LIMIT_ERROR = 0x09n;
const PROTOCOL_VIOLATION = 0x0an;
const CRYPTO_BUFFER_EXCEEDED = 0x0dn;

const CODES_OF: Partial<Record<Frame['type'], readonly bigint[]>> = {
  stream: [
    FLOW_CONTROL_ERROR,
    STREAM_LIMIT_ERROR,
    STREAM_STATE_ERROR,
    FINAL_SIZE_ERROR,
    FRAME_ENCODING_ERROR,
  ],
  reset_stream: [FLOW_CONTROL_ERROR, STREAM_LIMIT_ERROR, STREAM_STATE_ERROR, FINAL_SIZE_ERROR],
  stop_sending: [STREAM_LIMIT_ERROR, STREAM_STATE_ERROR],
  max_stream_data: [STREAM_LIMIT_ERROR, STREAM_STATE_ERROR],
  stream_data_blocked: [STREAM_LIMIT_ERROR, STREAM_STATE_ERROR],
  crypto: [CRYPTO_BUFFER_EXCEEDED, FRAME_ENCODING_ERROR],
  new_connection_id: [CONNECTION_ID_LIMIT_ERROR, FRAME_ENCODING_ERROR],
};

function payloadOf(dice: Dice): Uint8Array {
  const picked = Array.from({ length: dice.between(1, 3) }, () => {
    const sample = SAMPLES[dice.below(SAMPLES.length)]!;
    return dice.chance(0.5) ? wild(sample, dice) : sample;
  });
  const payload = frames(...picked);
  return wide(dice.chance(0.7) ? mutate(payload, dice) : payload);
}

/** The same frame with other numbers in it. */
function wild(frame: Frame, dice: Dice): Frame {
  const changed = Object.entries(frame).map(([key, value]) =>
    typeof value === 'bigint' && dice.chance(0.5)
      ? [key, EXTREMES[dice.below(EXTREMES.length)]]
      : [key, value],
  );
  return Object.fromEntries(changed) as Frame;
}

const EXTREMES = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  63n,
  64n,
  1_500n,
  65_536n,
  2n ** 30n,
  2n ** 60n,
  2n ** 60n + 1n,
  2n ** 62n - 1n,
];

/** As much as a packet has to hold (RFC 9001 §5.4.2), and no more than it can. */
function wide(payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(4, Math.min(payload.length, 1_100)));
  out.set(payload.subarray(0, out.length));
  return out;
}

describe('frames changed before they were sealed', () => {
  it(
    'are taken, or answered with the code for such a frame',
    () => {
      const codes = new Map<bigint, number>();
      let tried = 0;
      for (let seed = 0; tried < SEALED; seed++) {
        const dice = diceOf(1_000_000 + seed);
        const ends = lives(seed % 3 === 0 ? ROLES : []);
        const role = ROLES[seed % 2] ?? 'client';
        const victim = ends[role];
        const faulty = ends[otherOf(role)];
        const forge = forger(otherOf(role), faulty, victim);
        for (let i = 0; i < 40 && victim.core.phase() === 'open'; i++, tried++) {
          const payload = payloadOf(dice);
          const space: Space = 'application';
          const where = `seed ${seed}, payload ${[...payload].join(' ')}`;
          try {
            give(victim, ++ends.now, forge.packet(space, payload));
            check(victim, ends.now);
          } catch (error) {
            throw new Error(`${where}: ${error instanceof Error ? error.stack : error}`);
          }
          const cause = victim.core.cause();
          if (cause?.kind !== 'close' || cause.by !== 'local') continue;
          codes.set(cause.code, (codes.get(cause.code) ?? 0) + 1);
          expect(mayAnswer(payload)(cause.code), `${where}: 0x${cause.code.toString(16)}`).toBe(true);
        }
      }
      // The changes reach more than the parser.
      for (const code of [
        FLOW_CONTROL_ERROR,
        STREAM_LIMIT_ERROR,
        STREAM_STATE_ERROR,
        FRAME_ENCODING_ERROR,
        PROTOCOL_VIOLATION,
      ]) {
        expect(codes.get(code) ?? 0, `0x${code.toString(16)}`).toBeGreaterThan(0);
      }
    },
    MINUTES * (SOAK ? 120 : 2),
  );

  it(
    'in early packets end the handshake with a code for them, or do nothing',
    { timeout: MINUTES * (SOAK ? 120 : 2) },
    () => {
      let tried = 0;
      for (let seed = 0; tried < EARLY; seed++) {
        const dice = diceOf(2_000_000 + seed);
        const ends = quicEnds(SEED, SUITE);
        for (const datagram of ends.toServer.splice(0)) give(ends.server, 1, datagram);
        for (const datagram of takeAll(ends.server, 1)) give(ends.client, 2, datagram);
        takeAll(ends.client, 2);
        const forge = forger('client', ends.client, ends.server);
        for (let i = 0; i < 5 && ends.server.core.phase() === 'handshake'; i++, tried++) {
          const space = dice.chance(0.5) ? 'handshake' : 'initial';
          // A cut frame may go on in the PADDING that an Initial gets: here it is part of what was sealed.
          const bare = payloadOf(dice);
          const payload = space === 'handshake' ? bare : concat(bare, new Uint8Array(1_130 - bare.length));
          const where = `seed ${seed}, ${space}, payload ${[...bare].join(' ')}`;
          try {
            give(ends.server, 3 + i, forge.packet(space, payload));
            check(ends.server, 3 + i);
          } catch (error) {
            throw new Error(`${where}: ${error instanceof Error ? error.stack : error}`);
          }
          const cause = ends.server.core.cause();
          if (cause?.kind !== 'close' || cause.by !== 'local') continue;
          expect(mayAnswer(payload)(cause.code), `${where}: 0x${cause.code.toString(16)}`).toBe(true);
        }
        collect(ends);
      }
    },
  );
});
