import { describe, expect, it } from 'vitest';
import { withMlkem } from '../../src/crypto/mlkem.ts';
import { createDatagramCores, type DatagramCores } from '../../src/driver/serve/datagram-core.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { RecordCore } from '../../src/proto/core.ts';
import { createHelloPieces } from '../../src/proto/dtls/hello-pieces.ts';
import { judgeClientHello } from '../../src/proto/dtls/server-gate.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import { ascii } from '../../src/wire/bytes.ts';
import type { HandshakeFragment } from '../../src/wire/dtls-handshake.ts';
import type { LongRecord } from '../../src/wire/dtls-record.ts';
import { dtlsConfig, dtlsDeps, dtlsEnd, ONLY12, ONLY13 } from './dtls-pair.ts';

const native = withMlkem(createNativeProvider());
const X25519MLKEM768 = 0x11ec;
const VERSIONS = [
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
  ['either', { versions: [0x0304, 0x0303] }],
] as const;

function createCores(): DatagramCores {
  const random = createRandom(5, 'server');
  const identity = createSimIdentity(native, createRandom(1, 'identity'), 'localhost');
  const deps = { random, provider: native, peerAuth: createSimTrust(native) };
  return createDatagramCores({ identity, deps, groups: [29, X25519MLKEM768] });
}

function unitsOf(core: RecordCore): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
    units.push(unit.slice());
    core.transmitted();
  }
  return units;
}

function take(core: RecordCore, data: Uint8Array, now = 0): void {
  core.receive(now, { kind: 'bytes', data });
  while (core.step(now).kind !== 'idle');
}

/** A server as its port sees it: one remote, the gate, and the association it may make. */
function createFrontDoor(order: (units: Uint8Array[]) => Uint8Array[] = (units) => units) {
  const cores = createCores();
  const verdicts: string[] = [];
  let core: RecordCore | undefined;
  const hear = (data: Uint8Array): Uint8Array[] => {
    if (core !== undefined) {
      take(core, data);
      return unitsOf(core);
    }
    const verdict = cores.gate(data, '192.0.2.1:4433', 0);
    verdicts.push(verdict.kind);
    if (verdict.kind === 'answer') return [verdict.bytes];
    if (verdict.kind === 'drop') return [];
    core = cores.create(() => undefined, '192.0.2.1:4433');
    core.start(0);
    take(core, verdict.first ?? data);
    return unitsOf(core);
  };
  return { verdicts, phase: () => core?.phase(), hear: (units: Uint8Array[]) => order(units).flatMap(hear) };
}

describe.each(VERSIONS)('a ClientHello in pieces, %s', (name, both) => {
  const cases = [
    ['with X25519MLKEM768', { groups: [X25519MLKEM768, 29] }],
    ['with X25519MLKEM768 on a small MTU', { groups: [X25519MLKEM768, 29], mtu: 300 }],
    ['on the smallest MTU', { mtu: 128 }],
  ] as const;
  it.each(cases)('%s passes the gate', (_case, more) => {
    for (const order of [(u: Uint8Array[]) => u, (u: Uint8Array[]) => [...u].reverse()]) {
      const door = createFrontDoor(order);
      const client = dtlsEnd('client', { both: { ...both, ...more } }).core;
      client.start(0);
      let now = 0;
      for (let turn = 0; turn < 20 && door.phase() !== 'open'; turn++) {
        const units = unitsOf(client);
        for (const answer of door.hear(units)) take(client, answer, now);
        const due = client.pollTimeout();
        if (units.length > 0 || due === undefined) continue;
        now = due;
        client.handleTimeout(now);
      }
      expect([client.phase(), door.phase()], name).toEqual(['open', 'open']);
      expect(door.verdicts.filter((verdict) => verdict === 'answer').length).toBe(1);
    }
  });
});

describe('the first piece of a ClientHello', () => {
  const keeper = { key: new Uint8Array(32).fill(5), address: ascii('192.0.2.1:4433') };
  const judge = (datagram: Uint8Array, both: object, now = 0) =>
    judgeClientHello(
      datagram,
      dtlsConfig('server', { both, server: { cookie: keeper } }),
      dtlsDeps('server'),
      now,
    );

  it('is answered with HelloVerifyRequest by a server of DTLS 1.2, and admitted with its cookie', () => {
    const client = dtlsEnd('client', { both: { ...ONLY12, mtu: 150 } }).core;
    client.start(0);
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = unitsOf(client);
    const verdict = judge(first, ONLY12);
    if (verdict.kind !== 'answer') throw new Error(verdict.kind);
    expect(verdict.bytes[13]).toBe(3);
    expect(verdict.bytes.length).toBeLessThan(first.length);
    expect(judge(second, ONLY12).kind).toBe('piece');
    take(client, verdict.bytes);
    const [again = new Uint8Array(0)] = unitsOf(client);
    expect(judge(again, ONLY12)).toEqual({ kind: 'make' });
    // A client that waits a minute between its tries still has it; in the end it is a stranger's once more.
    expect(judge(again, ONLY12, 480_000)).toEqual({ kind: 'make' });
    expect(judge(again, ONLY12, 700_000).kind).toBe('answer');
  });

  it('that might become DTLS 1.3 says too little, until it has the cookie', () => {
    const both = { ...ONLY13, groups: [X25519MLKEM768, 29] };
    const client = dtlsEnd('client', { both: { ...both, mtu: 2000 } }).core;
    const small = dtlsEnd('client', { both: { ...both, mtu: 128 } }).core;
    small.start(0);
    const [piece = new Uint8Array(0)] = unitsOf(small);
    expect(judge(piece, both).kind).toBe('piece');
    client.start(0);
    const [whole = new Uint8Array(0)] = unitsOf(client);
    expect(judge(whole, both).kind).toBe('answer');
    const cut = dtlsEnd('client', { both }).core;
    cut.start(0);
    const [first = new Uint8Array(0), ...none] = unitsOf(cut);
    // Without its share it fits one datagram: the server asks for it anyway.
    expect([first.length < 1200, none]).toEqual([true, []]);
    const verdict = judge(first, both);
    if (verdict.kind !== 'answer') throw new Error(verdict.kind);
    take(cut, verdict.bytes);
    const second = unitsOf(cut);
    expect(second.length).toBe(2);
    expect(second.map((unit) => judge(unit, both).kind)).toEqual(['make', 'piece']);
    const stranger = { key: new Uint8Array(32).fill(6), address: keeper.address };
    const other = dtlsConfig('server', { both, server: { cookie: stranger } });
    expect(judgeClientHello(second[0] ?? first, other, dtlsDeps('server'), 0).kind).toBe('piece');
  });
});

describe('what is kept of strangers', () => {
  const record: LongRecord = {
    form: 'long',
    type: 22,
    version: 0xfefd,
    epoch: 0,
    sequence: 7,
    bytes: new Uint8Array(0),
    fragment: new Uint8Array(0),
  };
  const piece = (offset: number, data: number[], length = 4, sequence = 0): HandshakeFragment => ({
    type: 1,
    length,
    sequence,
    offset,
    data: Uint8Array.from(data),
  });

  it('is given out whole and forgotten', () => {
    const pieces = createHelloPieces();
    expect(pieces.add('a', record, piece(2, [3, 4]), 0)).toBeUndefined();
    expect(pieces.add('b', record, piece(0, [9, 9]), 0)).toBeUndefined();
    expect(pieces.size()).toBe(2);
    const whole = pieces.add('a', record, piece(0, [1, 2]), 0);
    expect([...(whole ?? [])].slice(-16)).toEqual([1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]);
    // The number of the record that completed it (RFC 6347 §4.2.1).
    expect(whole?.[10]).toBe(7);
    expect(pieces.size()).toBe(1);
  });

  it('is bounded in number, size and time', () => {
    const pieces = createHelloPieces();
    for (let i = 0; i < 1000; i++) pieces.add(`address ${i}`, record, piece(0, [1, 2]), 0);
    expect(pieces.size()).toBe(64);
    expect(pieces.add('address 0', record, piece(2, [3, 4]), 0)).toBeUndefined();
    expect(pieces.add('address 999', record, piece(2, [3, 4]), 0)).toBeDefined();
    pieces.add('large', record, piece(0, [1], 9000), 0);
    expect(pieces.add('late', record, piece(0, [1]), 20_000)).toBeUndefined();
    expect(pieces.size()).toBe(1);
  });

  it('begins anew with another ClientHello from the same address', () => {
    const pieces = createHelloPieces();
    pieces.add('a', record, piece(0, [1, 2]), 0);
    pieces.add('a', record, piece(0, [1, 2], 6), 0);
    expect(pieces.add('a', record, piece(2, [3, 4, 5, 6], 6), 0)).toBeDefined();
    pieces.add('a', record, piece(0, [1, 2]), 0);
    expect(pieces.add('a', record, piece(2, [3, 4], 4, 1), 0)).toBeUndefined();
    expect(pieces.size()).toBe(1);
  });
});
