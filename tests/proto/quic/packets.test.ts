import { describe, expect, it } from 'vitest';
import { createNobleProvider } from '../../../src/crypto/noble-provider.ts';
import { initialKeys, packetKeys, usageLimits } from '../../../src/crypto/quic-keys.ts';
import { SUITES, suiteById } from '../../../src/crypto/suites.ts';
import { ProtocolFault } from '../../../src/proto/fault.ts';
import {
  createKeyPhases,
  discardPreviousKeys,
  type KeyPhases,
  keyUse,
  mayUpdateKeys,
  noteAcknowledged,
  sealShort,
  updateSendKeys,
} from '../../../src/proto/quic/packets/key-phases.ts';
import { type OpenContext, type Opened, openDatagram } from '../../../src/proto/quic/packets/open.ts';
import { payloadRoom, sealPacket } from '../../../src/proto/quic/packets/seal.ts';
import { encodeStatelessReset, isStatelessReset } from '../../../src/proto/quic/packets/stateless-reset.ts';
import { createRandom } from '../../../src/sim/random.ts';
import { concat, fromHex } from '../../../src/wire/bytes.ts';
import { TRANSPORT_ERROR } from '../../../src/wire/quic-errors.ts';
import type { HeaderFields } from '../../../src/wire/quic-packet-encode.ts';
import { QUIC_VERSION } from '../../../src/wire/quic-versions.ts';

const provider = createNobleProvider();
const ID = fromHex('0102030405060708');
const OTHER = fromHex('1112131415161718');
const PAYLOAD = fromHex('01010101');
const SUITE = suiteById(0x1301)!;

type Ends = { client: KeyPhases; server: KeyPhases };

function phasePair(id = 0x1301): Ends {
  const keys = (fill: number) =>
    packetKeys(provider, QUIC_VERSION.v1, suiteById(id)!, new Uint8Array(id === 0x1302 ? 48 : 32).fill(fill));
  return {
    client: createKeyPhases(provider, keys(1), keys(2)),
    server: createKeyPhases(provider, keys(2), keys(1)),
  };
}

function contextOf(phases: KeyPhases | undefined, rest: Partial<OpenContext> = {}): OpenContext {
  return {
    idLength: ID.length,
    greased: false,
    keys: () => undefined,
    phases: () => phases,
    expected: () => 0,
    ...rest,
  };
}

function send(phases: KeyPhases, number: number, payload = PAYLOAD): Uint8Array {
  return sealShort(phases, { destination: ID, number, largestAcked: undefined, numberLength: 4, payload });
}

function openOne(datagram: Uint8Array, context: OpenContext): Opened {
  const [first] = openDatagram(datagram, context);
  if (first === undefined) throw new Error('an empty datagram');
  return first;
}

const long = (type: 'initial' | 'handshake' | '0rtt', destination = ID): HeaderFields => ({
  type,
  version: QUIC_VERSION.v1,
  destination,
  source: OTHER,
});

describe('sealed and opened', () => {
  const usable = SUITES.filter((suite) => suite.version === 0x0304 && !suite.aead.endsWith('-8'));
  it.each(usable.map((suite) => [suite.name, suite] as const))('%s', (_, suite) => {
    const keys = packetKeys(
      provider,
      QUIC_VERSION.v2,
      suite,
      new Uint8Array(suite.hash === 'sha384' ? 48 : 32),
    );
    const header = { ...long('handshake'), version: QUIC_VERSION.v2 } as HeaderFields;
    const sealed = sealPacket({ header, number: 77, largestAcked: 70, payload: PAYLOAD }, keys);
    const context = contextOf(undefined, { keys: () => keys, expected: () => 71 });
    expect(openOne(sealed, context)).toMatchObject({
      kind: 'opened',
      number: 77,
      payload: PAYLOAD,
      space: 'handshake',
    });
    const room = payloadRoom({ header, number: 77, largestAcked: 70 }, keys.tag, sealed.length);
    expect(room).toBe(PAYLOAD.length);
  });

  it('every change of one bit and every cut is dropped', () => {
    const { client: keys } = initialKeys(provider, QUIC_VERSION.v1, ID);
    const header = { ...long('initial'), token: fromHex('aabb') } as HeaderFields;
    const sealed = sealPacket({ header, number: 1, largestAcked: undefined, payload: PAYLOAD }, keys);
    const context = contextOf(undefined, { keys: () => keys });
    expect(openOne(sealed, context).kind).toBe('opened');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      for (const one of openDatagram(changed, context)) expect(one.kind, `bit ${bit}`).not.toBe('opened');
    }
    for (let end = 1; end < sealed.length; end++) {
      expect(openOne(sealed.subarray(0, end), context)).toMatchObject({
        kind: 'dropped',
        reason: 'malformed',
      });
    }
    expect([...openDatagram(new Uint8Array(0), context)]).toEqual([]);
  });

  it('reserved bits are told, a fixed bit of 0 only where it was agreed on (RFC 9287)', () => {
    const ends = phasePair();
    const packet = { destination: ID, number: 0, largestAcked: undefined, payload: PAYLOAD };
    const reserved = sealShort(ends.client, { ...packet, reservedBits: 1 });
    expect(openOne(reserved, contextOf(ends.server))).toMatchObject({ kind: 'opened', reservedZero: false });
    const greased = sealShort(ends.client, { ...packet, fixedBit: false });
    expect(openOne(greased, contextOf(ends.server))).toMatchObject({ kind: 'dropped', packet: '1rtt' });
    expect(openOne(greased, contextOf(ends.server, { greased: true }))).toMatchObject({ kind: 'opened' });
    const { client: keys } = initialKeys(provider, QUIC_VERSION.v1, ID);
    const initial = sealPacket(
      { header: long('initial'), ...packet, reservedBits: 3, fixedBit: false },
      keys,
    );
    const context = contextOf(undefined, { keys: () => keys });
    expect(openOne(initial, context)).toMatchObject({ kind: 'dropped', reason: 'malformed' });
    expect(openOne(initial, { ...context, greased: true })).toMatchObject({
      kind: 'opened',
      reservedZero: false,
    });
  });

  it('without keys, and too short to be one', () => {
    const ends = phasePair();
    expect(openOne(send(ends.client, 0), contextOf(undefined))).toMatchObject({
      reason: 'no-keys',
      packet: '1rtt',
    });
    const short = concat(Uint8Array.of(0x40), ID, new Uint8Array(19));
    expect(openOne(short, contextOf(ends.server))).toMatchObject({
      reason: 'malformed',
      bytes: short.length,
    });
    const { client: keys } = initialKeys(provider, QUIC_VERSION.v1, ID);
    const initial = sealPacket(
      { header: long('initial'), number: 0, largestAcked: undefined, payload: PAYLOAD },
      keys,
    );
    expect(openOne(initial, contextOf(undefined))).toMatchObject({
      reason: 'no-keys',
      packet: 'initial',
      version: 1,
    });
  });
});

describe('packets in one datagram (RFC 9000 §12.2)', () => {
  const { client: keys } = initialKeys(provider, QUIC_VERSION.v1, ID);
  const initial = sealPacket(
    { header: long('initial'), number: 0, largestAcked: undefined, payload: PAYLOAD },
    keys,
  );
  const handshake = sealPacket(
    { header: long('handshake'), number: 0, largestAcked: undefined, payload: PAYLOAD },
    keys,
  );

  it('are opened one by one: the first may bring the keys of the next', () => {
    const ends = phasePair();
    let ready = false;
    const context = contextOf(ends.server, {
      keys: (type) => (type === 'initial' || ready ? keys : undefined),
    });
    const kinds: string[] = [];
    for (const packet of openDatagram(concat(initial, handshake, send(ends.client, 0)), context)) {
      ready = true;
      kinds.push(packet.kind === 'opened' ? packet.header.type : packet.kind);
    }
    expect(kinds).toEqual(['initial', 'handshake', '1rtt']);
  });

  it('one that is not for the same connection is dropped, what follows it not', () => {
    const stranger = sealPacket(
      { header: long('handshake', OTHER), number: 0, largestAcked: undefined, payload: PAYLOAD },
      keys,
    );
    const context = contextOf(undefined, { keys: () => keys });
    const packets = [...openDatagram(concat(initial, stranger, handshake), context)];
    expect(packets).toMatchObject([
      { kind: 'opened' },
      { kind: 'dropped', reason: 'connection-id' },
      { kind: 'opened' },
    ]);
  });

  it('what is no packet ends it', () => {
    const context = contextOf(undefined, { keys: () => keys });
    const packets = [...openDatagram(concat(initial, fromHex('c0 00000001 ff'), handshake), context)];
    expect(packets).toMatchObject([
      { kind: 'opened' },
      { kind: 'dropped', reason: 'malformed', bytes: 6 + handshake.length },
    ]);
  });
});

describe('key updates (RFC 9001 §6)', () => {
  const confirmed = (): Ends => {
    const ends = phasePair();
    openOne(send(ends.client, 0), contextOf(ends.server));
    openOne(send(ends.server, 0), contextOf(ends.client));
    noteAcknowledged(ends.client, 0);
    return ends;
  };

  it('are begun by one side, answered by the other, and can be repeated', () => {
    const ends = confirmed();
    expect(mayUpdateKeys(ends.client)).toBe(true);
    for (let generation = 1; generation <= 3; generation++) {
      const number = generation * 10;
      updateSendKeys(ends.client);
      expect(mayUpdateKeys(ends.client)).toBe(false);
      const phase = generation % 2;
      const first = openOne(send(ends.client, number), contextOf(ends.server, { expected: () => number }));
      expect(first).toMatchObject({ kind: 'opened', keyPhase: phase, keyUpdate: 'peer' });
      const answer = openOne(send(ends.server, number), contextOf(ends.client, { expected: () => number }));
      expect(answer).toMatchObject({ kind: 'opened', keyPhase: phase, keyUpdate: 'local' });
      expect(mayUpdateKeys(ends.client)).toBe(false);
      noteAcknowledged(ends.client, number - 1);
      expect(mayUpdateKeys(ends.client)).toBe(false);
      noteAcknowledged(ends.client, number);
      expect(mayUpdateKeys(ends.client)).toBe(true);
    }
  });

  it('both may begin at once', () => {
    const ends = confirmed();
    updateSendKeys(ends.client);
    updateSendKeys(ends.server);
    expect(openOne(send(ends.client, 1), contextOf(ends.server))).toMatchObject({ keyUpdate: 'local' });
    expect(openOne(send(ends.server, 1), contextOf(ends.client))).toMatchObject({ keyUpdate: 'local' });
    expect([ends.client.send.generation, ends.server.send.generation]).toEqual([1, 1]);
  });

  it('a late packet opens under the keys before, until they are discarded', () => {
    const ends = confirmed();
    const late = [send(ends.client, 4), send(ends.client, 5)];
    updateSendKeys(ends.client);
    const context = contextOf(ends.server, { expected: () => 7 });
    expect(openOne(send(ends.client, 6), context)).toMatchObject({ keyUpdate: 'peer' });
    const opened = openOne(late[0]!, context);
    expect(opened).toMatchObject({ kind: 'opened', number: 4, keyPhase: 0 });
    expect(opened).not.toHaveProperty('keyUpdate');
    discardPreviousKeys(ends.server);
    expect(openOne(late[1]!, context)).toMatchObject({ kind: 'dropped', reason: 'no-keys' });
  });

  it('newer keys under a smaller number are KEY_UPDATE_ERROR (§6.4)', () => {
    const ends = confirmed();
    openOne(send(ends.client, 9), contextOf(ends.server));
    updateSendKeys(ends.client);
    const smaller = send(ends.client, 8);
    expect(faultOf(() => openOne(smaller, contextOf(ends.server)))).toMatchObject({
      blame: 'peer',
      transportCode: TRANSPORT_ERROR.KEY_UPDATE_ERROR,
    });
  });

  it('a second one before the first was answered is KEY_UPDATE_ERROR (§6.2)', () => {
    const ends = confirmed();
    updateSendKeys(ends.client);
    openOne(send(ends.client, 10), contextOf(ends.server));
    updateSendKeys(ends.client);
    const second = send(ends.client, 11);
    expect(faultOf(() => openOne(second, contextOf(ends.server))).transportCode).toBe(
      TRANSPORT_ERROR.KEY_UPDATE_ERROR,
    );
  });

  it('forgeries move nothing, and are counted up to the limit of the AEAD (§6.6)', () => {
    const ends = confirmed();
    updateSendKeys(ends.client);
    const forged = send(ends.client, 3);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(openOne(forged, contextOf(ends.server))).toMatchObject({
      kind: 'dropped',
      reason: 'undecryptable',
    });
    expect(ends.server.receive.generation).toBe(0);
    expect(ends.server.forgeries).toBe(1);
    ends.server.forgeries = usageLimits(SUITE).forgeries;
    expect(faultOf(() => openOne(forged, contextOf(ends.server)))).toMatchObject({
      transportCode: TRANSPORT_ERROR.AEAD_LIMIT_REACHED,
    });
  });

  it('a key seals as many packets as it may', () => {
    const { client } = phasePair(0x1304);
    const { seal } = usageLimits(suiteById(0x1304)!);
    send(client, 0);
    expect(keyUse(client)).toEqual({ sealed: 1, left: seal - 1 });
    client.send.sealed = seal;
    expect(() => send(client, 1)).toThrow(RangeError);
    updateSendKeys(client);
    expect(keyUse(client).left).toBe(seal);
    expect(usageLimits(suiteById(0x1303)!)).toEqual({ seal: Number.MAX_SAFE_INTEGER, forgeries: 2 ** 36 });
    expect(usageLimits(suiteById(0x1302)!)).toEqual({ seal: 2 ** 23, forgeries: 2 ** 52 });
    expect(seal).toBe(2_965_820);
  });
});

describe('stateless resets (RFC 9000 §10.3)', () => {
  const token = fromHex('101112131415161718191a1b1c1d1e1f');

  it('look like a packet with a short header and end in the token', () => {
    const random = createRandom('reset');
    for (const length of [21, 40, 1200]) {
      const reset = encodeStatelessReset(token, length, random)!;
      expect(reset).toHaveLength(length);
      expect((reset[0] ?? 0) >> 6).toBe(1);
      expect(isStatelessReset(reset, [new Uint8Array(16), token])).toBe(true);
      expect(isStatelessReset(reset, [token, new Uint8Array(16)])).toBe(true);
      expect(isStatelessReset(reset, [new Uint8Array(16)])).toBe(false);
      expect(isStatelessReset(reset, [])).toBe(false);
    }
    expect(encodeStatelessReset(token, 20, random)).toBeUndefined();
    expect(isStatelessReset(concat(new Uint8Array(4), token), [token])).toBe(false);
  });
});

it('whatever comes, nothing but a fault is thrown', () => {
  const random = createRandom('datagrams');
  const ends = phasePair();
  const { client: keys } = initialKeys(provider, QUIC_VERSION.v1, ID);
  const context = contextOf(ends.server, { keys: () => keys });
  const whole = concat(
    sealPacket({ header: long('initial'), number: 0, largestAcked: undefined, payload: PAYLOAD }, keys),
    send(ends.client, 1),
  );
  for (let round = 0; round < 2000; round++) {
    const [kind = 0, at = 0, value = 0, length = 0] = random(4);
    const datagram = kind % 3 === 0 ? random(length) : Uint8Array.from(whole);
    if (kind % 3 === 1) datagram[at % datagram.length] = value;
    const seen = [...openDatagram(kind % 3 === 2 ? datagram.subarray(0, length) : datagram, context)];
    const bytes = seen.reduce((sum, one) => sum + one.bytes, 0);
    expect(bytes).toBe(kind % 3 === 2 ? Math.min(length, datagram.length) : datagram.length);
  }
});

function faultOf(act: () => unknown): ProtocolFault {
  try {
    act();
  } catch (error) {
    if (error instanceof ProtocolFault) return error;
    throw error;
  }
  throw new Error('no fault');
}
