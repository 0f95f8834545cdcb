import { describe, expect, it } from 'vitest';
import { checkRetryTag } from '../../../src/crypto/quic-retry.ts';
import { type Answer, judgeDatagram, type Verdict } from '../../../src/proto/quic/endpoint/judge.ts';
import { addConnection, followIds, removeConnection } from '../../../src/proto/quic/endpoint/routes.ts';
import {
  createEndpoint,
  type Endpoint,
  newTokenFor,
  resetTokenOf,
} from '../../../src/proto/quic/endpoint/state.ts';
import { isStatelessReset } from '../../../src/proto/quic/packets/stateless-reset.ts';
import { createRandom } from '../../../src/sim/random.ts';
import { concat, fromHex, toHex } from '../../../src/wire/bytes.ts';
import { parsePacket, type RetryHeader } from '../../../src/wire/quic-packet.ts';
import { isReservedVersion, QUIC_VERSION } from '../../../src/wire/quic-versions.ts';
import {
  CLIENT_ID,
  CONFIG,
  endpointOf,
  FIRST,
  initial,
  provider,
  REMOTE,
  serverFrames,
  short,
} from './endpoint-support.ts';

const ID = fromHex('0102030405060708');

function judge(endpoint: Endpoint<string>, datagram: Uint8Array, now = 0, remote = REMOTE): Verdict<string> {
  return judgeDatagram(endpoint, { datagram, remote, now });
}

function answered(verdict: Verdict<string>, what: Answer): Uint8Array {
  expect(verdict).toMatchObject({ kind: 'answer', what });
  if (verdict.kind !== 'answer') throw new Error(verdict.kind);
  return verdict.bytes;
}

/** What a Retry says to the first Initial. */
function retried(endpoint: Endpoint<string>, now = 0, version: number = QUIC_VERSION.v1): RetryHeader {
  const bytes = answered(judge(endpoint, initial({ version }), now), 'retry');
  expect(bytes.length).toBeLessThan(1200);
  expect(checkRetryTag(provider, version, FIRST, bytes)).toBe(true);
  const header = parsePacket(bytes, 0, 8);
  if (header.form !== 'retry') throw new Error(header.form);
  expect(header.destination).toEqual(CLIENT_ID);
  return header;
}

describe('a first Initial', () => {
  it('is accepted: the address is not proved', () => {
    expect(judge(endpointOf(), initial(), 7)).toEqual({
      kind: 'accept',
      client: {
        version: QUIC_VERSION.v1,
        originalDestination: FIRST,
        destination: FIRST,
        clientSource: CLIENT_ID,
        validated: false,
        at: 7,
      },
    });
    expect(judge(endpointOf(), initial({ version: QUIC_VERSION.v2 }))).toMatchObject({
      kind: 'accept',
      client: { version: QUIC_VERSION.v2 },
    });
  });

  it('goes on as the same connection', () => {
    const endpoint = endpointOf();
    addConnection(endpoint, 'a', FIRST, []);
    expect(judge(endpoint, initial())).toEqual({ kind: 'known', connection: 'a' });
  });

  it('is dropped when the datagram is too small, the destination too short, or when it does not open', () => {
    expect(judge(endpointOf(), initial({ size: 1199 }))).toMatchObject({ kind: 'drop', reason: 'malformed' });
    expect(judge(endpointOf(), initial({ destination: FIRST.subarray(1) }))).toMatchObject({ kind: 'drop' });
    const changed = initial();
    changed[600] = (changed[600] ?? 0) ^ 1;
    expect(judge(endpointOf(), changed)).toMatchObject({ kind: 'drop', reason: 'undecryptable' });
    expect(judge(endpointOf(), initial().subarray(0, 1100))).toMatchObject({
      kind: 'drop',
      reason: 'malformed',
    });
  });

  it('is refused when there are too many, and when the server is stopping', () => {
    const endpoint = endpointOf({ limit: 1 });
    addConnection(endpoint, 'a', ID, []);
    const bytes = answered(judge(endpoint, initial()), 'refused');
    expect(serverFrames(bytes, FIRST)).toContainEqual({
      type: 'connection_close',
      layer: 'transport',
      code: 2n,
      frameType: 0n,
      reason: new Uint8Array(0),
    });
    removeConnection(endpoint, 'a');
    expect(judge(endpoint, initial()).kind).toBe('accept');
    endpoint.stopped = true;
    answered(judge(endpoint, initial()), 'refused');
  });

  it('is refused only so often', () => {
    const endpoint = endpointOf();
    endpoint.stopped = true;
    const kinds = (now: number, count: number) =>
      Array.from({ length: count }, () => judge(endpoint, initial(), now).kind).filter(
        (kind) => kind === 'answer',
      ).length;
    expect(kinds(0, 100)).toBe(64);
    expect(kinds(100, 100)).toBe(20);
  });

  it('needs connection IDs that can be told apart', () => {
    for (const connectionIdLength of [0, 3, 21])
      expect(() => endpointOf({ connectionIdLength })).toThrow(RangeError);
  });
});

describe('Version Negotiation (RFC 9000 §6.1)', () => {
  it('answers what is not served, with a version that does not exist among the others', () => {
    for (const version of [0x0a0a0a0a, 0xff00001d, 0x1a2a3a4a]) {
      const strange = initial();
      strange.set(fromHex(version.toString(16).padStart(8, '0')), 1);
      const header = parsePacket(answered(judge(endpointOf(), strange), 'version-negotiation'), 0, 8);
      if (header.form !== 'version-negotiation') throw new Error(header.form);
      expect(header).toMatchObject({ destination: CLIENT_ID, source: FIRST });
      expect(header.supported.filter((one) => !isReservedVersion(one))).toEqual(CONFIG.versions);
      expect(header.supported).toHaveLength(3);
    }
  });

  it('also what we know but do not serve; without grease only what is served', () => {
    const endpoint = endpointOf({ versions: [QUIC_VERSION.v1], grease: false });
    const bytes = answered(judge(endpoint, initial({ version: QUIC_VERSION.v2 })), 'version-negotiation');
    expect(parsePacket(bytes, 0, 8)).toMatchObject({ supported: [QUIC_VERSION.v1] });
  });

  it('never answers what is too small, nor itself', () => {
    const endpoint = endpointOf({ versions: [QUIC_VERSION.v1] });
    const small = initial({ version: QUIC_VERSION.v2, size: 1199 });
    expect(judge(endpoint, small).kind).toBe('drop');
    const negotiation = initial();
    negotiation.fill(0, 1, 5);
    expect(judge(endpoint, negotiation).kind).toBe('drop');
  });
});

describe.each([QUIC_VERSION.v1, QUIC_VERSION.v2])('Retry in version 0x%x (RFC 9000 §8.1.2)', (version) => {
  const always = () => endpointOf({ retry: 'always' });

  it('gives a token and a connection ID, and takes them as proof', () => {
    const endpoint = always();
    const { token, source } = retried(endpoint, 100, version);
    expect(endpoint.connections.size).toBe(0);
    expect(judge(endpoint, initial({ version, destination: source, token }), 200)).toEqual({
      kind: 'accept',
      token: 'accepted',
      client: {
        version,
        originalDestination: FIRST,
        retrySource: source,
        destination: source,
        clientSource: CLIENT_ID,
        validated: true,
        at: 200,
      },
    });
  });

  it.each([
    ['another address', { remote: { host: '192.0.2.2', port: 4433 } }],
    ['another port', { remote: { host: '192.0.2.1', port: 4434 } }],
    ['15 s later', { now: 15_101 }],
    ['before it was given out', { now: 0 }],
  ])('the token from %s is answered with INVALID_TOKEN', (_, {
    remote,
    now = 200,
  }: { remote?: typeof REMOTE; now?: number }) => {
    const endpoint = always();
    const { token, source } = retried(endpoint, 100, version);
    const verdict = judge(endpoint, initial({ version, destination: source, token }), now, remote);
    const frames = serverFrames(answered(verdict, 'invalid-token'), source, version);
    expect(frames).toContainEqual(expect.objectContaining({ type: 'connection_close', code: 0x0bn }));
  });

  it('so is one under another connection ID, another key, or changed anywhere', () => {
    const endpoint = always();
    const { token, source } = retried(endpoint, 100, version);
    answered(judge(endpoint, initial({ version, destination: FIRST, token }), 200), 'invalid-token');
    answered(
      judge(endpointOf({ retry: 'always' }, 'other'), initial({ version, destination: source, token }), 200),
      'invalid-token',
    );
    for (let at = 1; at < token.length; at++) {
      const changed = Uint8Array.from(token);
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      answered(
        judge(endpoint, initial({ version, destination: source, token: changed }), 200 + at * 100),
        'invalid-token',
      );
    }
    answered(
      judge(endpoint, initial({ version, destination: source, token: token.subarray(0, 9) }), 9_000),
      'invalid-token',
    );
  });

  it('two servers with one key take each other’s', () => {
    const keys = { token: new Uint8Array(16).fill(1), reset: new Uint8Array(32).fill(2) };
    const { token, source } = retried(endpointOf({ retry: 'always', keys }), 100, version);
    const other = endpointOf({ retry: 'always', keys }, 'other');
    expect(judge(other, initial({ version, destination: source, token }), 200)).toMatchObject({
      kind: 'accept',
    });
    expect(resetTokenOf(other, ID)).toEqual(resetTokenOf(endpointOf({ keys }), ID));
  });
});

describe('tokens of NEW_TOKEN (RFC 9000 §8.1.3)', () => {
  it('prove the address, whatever the port', () => {
    const endpoint = endpointOf({ retry: 'always' });
    const token = newTokenFor(endpoint, REMOTE, 0);
    const verdict = judge(endpoint, initial({ token }), 80_000_000, { ...REMOTE, port: 1 });
    expect(verdict).toMatchObject({ kind: 'accept', token: 'accepted', client: { validated: true } });
    expect(verdict).not.toHaveProperty('client.retrySource');
  });

  it('are as if they were not there when they prove nothing', () => {
    const asking = endpointOf({ retry: 'always' });
    const token = newTokenFor(asking, REMOTE, 0);
    answered(judge(asking, initial({ token }), 0, { ...REMOTE, host: '192.0.2.9' }), 'retry');
    answered(judge(asking, initial({ token }), 86_400_001), 'retry');
    answered(judge(asking, initial({ token: fromHex('ffff') }), 0), 'retry');
    const open = endpointOf({}, 'other');
    const refused = { kind: 'accept', token: 'refused', client: { validated: false } };
    expect(judge(open, initial({ token }))).toMatchObject(refused);
    expect(judge(open, initial({ token: fromHex('6e00') }))).toMatchObject(refused);
  });

  it('no two are the same', () => {
    const endpoint = endpointOf();
    const tokens = Array.from({ length: 20 }, () => toHex(newTokenFor(endpoint, REMOTE, 0)));
    expect(new Set(tokens).size).toBe(20);
  });
});

it('Retry from so many connections on', () => {
  const endpoint = endpointOf({ retry: 1 });
  expect(judge(endpoint, initial()).kind).toBe('accept');
  addConnection(endpoint, 'a', ID, []);
  answered(judge(endpoint, initial()), 'retry');
});

describe('routes', () => {
  it('follow the connection IDs; the first destination stays', () => {
    const endpoint = endpointOf();
    const second = fromHex('1112131415161718');
    addConnection(endpoint, 'a', FIRST, [ID]);
    const at = (id: Uint8Array) => judge(endpoint, short(id, 60)).kind;
    expect([at(ID), at(second), at(FIRST)]).toEqual(['known', 'answer', 'known']);
    followIds(endpoint, 'a', [ID, second]);
    expect([at(ID), at(second)]).toEqual(['known', 'known']);
    followIds(endpoint, 'a', [second]);
    expect([at(ID), at(second), at(FIRST)]).toEqual(['answer', 'known', 'known']);
    removeConnection(endpoint, 'a');
    expect([at(ID), at(second), at(FIRST)]).toEqual(['answer', 'answer', 'answer']);
    expect(endpoint.routes.size).toBe(0);
    followIds(endpoint, 'a', [ID]);
    removeConnection(endpoint, 'a');
    expect(endpoint.routes.size).toBe(0);
  });

  it('an ID that a client made up is not taken from whom it belongs to', () => {
    const endpoint = endpointOf();
    addConnection(endpoint, 'a', FIRST, [ID]);
    expect(judge(endpoint, initial({ destination: ID }))).toEqual({ kind: 'known', connection: 'a' });
  });

  it('long packets of nobody are dropped', () => {
    const handshake = initial();
    handshake[0] = (handshake[0] ?? 0) | 0x20;
    expect(judge(endpointOf(), handshake)).toMatchObject({ kind: 'drop', reason: 'no-keys' });
  });
});

describe('Stateless Reset (RFC 9000 §10.3)', () => {
  it('answers a short header of nobody: shorter, unlike any other, with the token of that ID', () => {
    const endpoint = endpointOf();
    const lengths = new Set<number>();
    for (let i = 0; i < 30; i++) {
      const bytes = answered(judge(endpoint, short(ID, 1200)), 'stateless-reset');
      expect(bytes.length).toBeGreaterThanOrEqual(43);
      expect((bytes[0] ?? 0) >> 6).toBe(1);
      expect(isStatelessReset(bytes, [resetTokenOf(endpoint, ID)])).toBe(true);
      expect(isStatelessReset(bytes, [resetTokenOf(endpoint, FIRST)])).toBe(false);
      lengths.add(bytes.length);
    }
    expect(lengths.size).toBeGreaterThan(5);
  });

  it('is always smaller than what it answers, down to nothing', () => {
    for (let length = 9; length < 100; length++) {
      const verdict = judge(endpointOf(), short(ID, length));
      if (length < 22) expect(verdict).toMatchObject({ kind: 'drop', reason: 'connection-id' });
      else expect(answered(verdict, 'stateless-reset').length).toBeLessThan(length);
    }
  });

  it('two endpoints do not answer each other for ever', () => {
    const [left, right] = [endpointOf({}, 'left'), endpointOf({}, 'right')];
    let bytes = short(ID, 1200);
    let turns = 0;
    for (; turns < 1_000; turns++) {
      const verdict = judge(turns % 2 === 0 ? left : right, bytes, turns * 1_000);
      if (verdict.kind !== 'answer') break;
      bytes = verdict.bytes;
    }
    expect(turns).toBeLessThan(100);
  });

  it('goes out only so often, or not at all', () => {
    const endpoint = endpointOf();
    const sent = (now: number) =>
      Array.from({ length: 200 }, () => judge(endpoint, short(ID, 100), now)).filter(
        ({ kind }) => kind === 'answer',
      ).length;
    expect([sent(0), sent(0), sent(50), sent(10_000)]).toEqual([32, 0, 5, 32]);
    expect(judge(endpointOf({ resets: false }), short(ID, 100))).toMatchObject({ kind: 'drop' });
  });
});

it('whatever comes, there is a verdict, nothing is kept, and no answer is larger', () => {
  const random = createRandom('judge');
  const endpoint = endpointOf({ retry: 'always' });
  const seeds = [
    initial(),
    initial({ token: retried(endpoint).token }),
    short(ID, 80),
    concat(short(ID, 40), initial()),
  ];
  for (let round = 0; round < 2_500; round++) {
    const [pick = 0, at = 0, high = 0, value = 0, cut = 0] = random(5);
    const datagram = Uint8Array.from(seeds[pick % seeds.length]!);
    if (pick % 3 !== 0) datagram[pick % 5 === 0 ? (at * 256 + high) % datagram.length : at % 40] = value;
    const end = cut % 4 === 0 ? (cut * 7) % datagram.length : datagram.length;
    const verdict = judge(endpoint, datagram.subarray(0, end), round * 100);
    expect(['answer', 'drop', 'accept']).toContain(verdict.kind);
    if (verdict.kind === 'answer') expect(verdict.bytes.length).toBeLessThan(end);
  }
  expect(endpoint.connections.size + endpoint.routes.size).toBe(0);
  const other = createEndpoint<string>(CONFIG, { provider, random });
  expect(judge(other, new Uint8Array(0))).toMatchObject({ kind: 'drop', reason: 'malformed' });
});
