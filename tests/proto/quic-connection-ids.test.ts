import { describe, expect, it } from 'vitest';
import {
  adoptPeerId,
  adoptResetToken,
  createLocalIds,
  createPeerIds,
  issueLocalIds,
  type LocalIds,
  localIds,
  localIdsPending,
  nextLocalId,
  nextRetiredId,
  onLocalIdLost,
  onNewConnectionId,
  onRetireConnectionId,
  onRetiredIdAcked,
  onRetiredIdLost,
  type PeerIds,
  peerId,
  peerIdsPending,
  peerResetTokens,
  useFreshPeerId,
} from '../../src/proto/quic/connection-ids.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { frameSize } from '../../src/wire/quic-frame-encode.ts';
import type { Frame } from '../../src/wire/quic-types.ts';
import { CODE, faultOf } from './quic-streams-pair.ts';

type NewId = Extract<Frame, { type: 'new_connection_id' }>;

const FIRST = Uint8Array.of(1, 1, 1, 1);

function ours(first = FIRST): { ids: LocalIds; facts: Fact[] } {
  const facts: Fact[] = [];
  let made = 0;
  const make = () => {
    made += 1;
    return { id: new Uint8Array(4).fill(0x10 + made), token: new Uint8Array(16).fill(made) };
  };
  return { ids: createLocalIds({ first, make, emit: (fact) => facts.push(fact) }), facts };
}

function theirs(limit = 3, first = FIRST): { ids: PeerIds; facts: Fact[] } {
  const facts: Fact[] = [];
  return { ids: createPeerIds({ first, limit, emit: (fact) => facts.push(fact) }), facts };
}

function newId(sequence: number | bigint, retirePriorTo: number | bigint = 0): NewId {
  const byte = Number(BigInt(sequence) & 0xffn);
  return {
    ...{ type: 'new_connection_id', sequence: BigInt(sequence), retirePriorTo: BigInt(retirePriorTo) },
    ...{ id: new Uint8Array(5).fill(0x40 + byte), resetToken: new Uint8Array(16).fill(byte) },
  };
}

function retire(sequence: number | bigint): Extract<Frame, { type: 'retire_connection_id' }> {
  return { type: 'retire_connection_id', sequence: BigInt(sequence) };
}

function retired(ids: PeerIds): number[] {
  const out: number[] = [];
  for (let next = nextRetiredId(ids, 99); next !== undefined; next = nextRetiredId(ids, 99))
    out.push(Number(next.frame.sequence));
  return out;
}

describe('connection IDs that we give out (RFC 9000 §5.1.1)', () => {
  it('are as many as the peer holds, four at most, and told until acknowledged', () => {
    const { ids, facts } = ours();
    expect(localIdsPending(ids)).toBe(false);
    issueLocalIds(ids, 3);
    expect(localIds(ids)).toHaveLength(3);
    const sizes: number[] = [];
    for (let next = nextLocalId(ids, 60); next !== undefined; next = nextLocalId(ids, 60))
      sizes.push(frameSize(next.frame));
    expect(sizes).toEqual([24, 24]);
    expect(localIdsPending(ids)).toBe(false);
    onLocalIdLost(ids, 2);
    expect(nextLocalId(ids, 20)).toBeUndefined();
    expect(nextLocalId(ids, 60)?.frame).toMatchObject({ sequence: 2n, retirePriorTo: 0n });
    issueLocalIds(ids, 100);
    expect(localIds(ids)).toHaveLength(4);
    expect(facts.filter((fact) => fact.kind === 'connection-id')).toHaveLength(3);
  });

  it('are replaced when the peer retires one, and a retired one is not told again', () => {
    const { ids } = ours();
    issueLocalIds(ids, 2);
    onRetireConnectionId(ids, retire(0), new Uint8Array(4).fill(0x11));
    expect(localIds(ids).map(([byte]) => byte)).toEqual([0x11, 0x12]);
    onRetireConnectionId(ids, retire(0), new Uint8Array(4).fill(0x11));
    expect(localIds(ids)).toHaveLength(2);
    onLocalIdLost(ids, 0);
    expect(nextLocalId(ids, 99)?.frame.sequence).toBe(1n);
    expect(nextLocalId(ids, 99)?.frame.sequence).toBe(2n);
    expect(nextLocalId(ids, 99)).toBeUndefined();
  });

  it('are none beside an empty one', () => {
    const { ids } = ours(new Uint8Array(0));
    issueLocalIds(ids, 8);
    expect(localIdsPending(ids)).toBe(false);
    expect(faultOf(() => onRetireConnectionId(ids, retire(0), new Uint8Array(0)))).toEqual({
      ...{ code: CODE.PROTOCOL_VIOLATION, rule: 'retire-of-empty-id', frame: 0x19 },
    });
  });

  it('cannot be retired before they were given out, nor in a packet to the same ID (§19.16)', () => {
    const { ids } = ours();
    issueLocalIds(ids, 2);
    expect(faultOf(() => onRetireConnectionId(ids, retire(2), FIRST)).rule).toBe('retire-of-unknown-id');
    expect(faultOf(() => onRetireConnectionId(ids, retire(2n ** 62n - 1n), FIRST)).code).toBe(
      CODE.PROTOCOL_VIOLATION,
    );
    expect(faultOf(() => onRetireConnectionId(ids, retire(0), FIRST)).rule).toBe('retire-of-id-in-use');
  });
});

describe('connection IDs that the peer gives out', () => {
  it('begin with what it chose itself, and the token it announced', () => {
    const { ids } = theirs();
    adoptPeerId(ids, Uint8Array.of(9));
    adoptResetToken(ids, new Uint8Array(16).fill(7));
    expect(peerId(ids)).toEqual(Uint8Array.of(9));
    onNewConnectionId(ids, newId(1));
    expect(peerResetTokens(ids).map(([byte]) => byte)).toEqual([7, 1]);
  });

  it('are retired when it says so, and the next one is used', () => {
    const { ids, facts } = theirs();
    onNewConnectionId(ids, newId(1));
    onNewConnectionId(ids, newId(2, 2));
    expect(peerId(ids)).toEqual(newId(2).id);
    expect(retired(ids)).toEqual([0, 1]);
    expect(peerIdsPending(ids)).toBe(false);
    onRetiredIdLost(ids, 1);
    expect(retired(ids)).toEqual([1]);
    onRetiredIdAcked(ids, 1);
    onRetiredIdLost(ids, 1);
    expect(retired(ids)).toEqual([]);
    expect(peerResetTokens(ids)).toHaveLength(1);
    expect(
      facts.map((fact) => fact.kind === 'connection-id' && `${fact.by} ${fact.what} ${fact.sequence}`),
    ).toEqual(['peer issued 1', 'peer issued 2', 'local retired 0', 'local retired 1']);
  });

  it('are retired on arrival when they come late', () => {
    const { ids } = theirs();
    onNewConnectionId(ids, newId(4, 3));
    retired(ids);
    onNewConnectionId(ids, newId(2));
    expect(retired(ids)).toEqual([2]);
    expect(peerId(ids)).toEqual(newId(4).id);
  });

  it('are taken in turn by our own choice, and do not come back with a late copy of their frame', () => {
    const { ids } = theirs();
    expect(useFreshPeerId(ids)).toBe(false);
    onNewConnectionId(ids, newId(1));
    onNewConnectionId(ids, newId(2));
    expect(useFreshPeerId(ids)).toBe(true);
    expect(useFreshPeerId(ids)).toBe(true);
    expect(useFreshPeerId(ids)).toBe(false);
    expect(retired(ids)).toEqual([0, 1]);
    onNewConnectionId(ids, newId(1));
    onRetiredIdAcked(ids, 1);
    onNewConnectionId(ids, newId(1));
    expect(retired(ids)).toEqual([]);
    expect([...ids.active.keys()]).toEqual([2]);
  });

  const faults: { what: string; frame: NewId; code: number }[] = [
    { what: 'an empty ID', frame: { ...newId(1), id: new Uint8Array(0) }, code: CODE.FRAME_ENCODING },
    { what: 'an ID of 21 bytes', frame: { ...newId(1), id: new Uint8Array(21) }, code: CODE.FRAME_ENCODING },
    { what: 'retire_prior_to beyond its own number', frame: newId(1, 2), code: CODE.FRAME_ENCODING },
    {
      what: 'another ID under a known number',
      frame: { ...newId(2), id: FIRST.slice(1) },
      code: CODE.PROTOCOL_VIOLATION,
    },
    {
      ...{ what: 'another token under a known number', code: CODE.PROTOCOL_VIOLATION },
      frame: { ...newId(2), resetToken: new Uint8Array(16) },
    },
    {
      what: 'a known ID under another number',
      frame: { ...newId(1), id: newId(2).id },
      code: CODE.PROTOCOL_VIOLATION,
    },
    {
      what: 'the first ID under another number',
      frame: { ...newId(1), id: FIRST },
      code: CODE.PROTOCOL_VIOLATION,
    },
    { what: 'one more than we hold', frame: newId(3), code: CODE.CONNECTION_ID_LIMIT },
    { what: 'a number beyond all bounds', frame: newId(2n ** 62n - 1n), code: CODE.CONNECTION_ID_LIMIT },
  ];
  for (const { what, frame, code } of faults)
    it(`fault ${what} with ${code}`, () => {
      const { ids } = theirs(2);
      onNewConnectionId(ids, newId(2));
      expect(faultOf(() => onNewConnectionId(ids, frame))).toMatchObject({ code, frame: 0x18 });
    });

  it('may be told twice', () => {
    const { ids } = theirs(2);
    onNewConnectionId(ids, newId(2));
    expect(() => onNewConnectionId(ids, newId(2))).not.toThrow();
  });

  it('are not for a peer that is addressed without any', () => {
    const { ids } = theirs(2, new Uint8Array(0));
    expect(faultOf(() => onNewConnectionId(ids, newId(1)))).toMatchObject({
      ...{ code: CODE.PROTOCOL_VIOLATION, rule: 'new-id-beside-empty-id' },
    });
  });

  it('cannot pile up by being retired faster than we can say so (§5.1.2)', () => {
    const { ids } = theirs(2);
    const flood = (): void => {
      for (let sequence = 1; sequence < 100; sequence++) onNewConnectionId(ids, newId(sequence, sequence));
    };
    expect(faultOf(flood).code).toBe(CODE.CONNECTION_ID_LIMIT);
    expect(ids.retiring.size).toBeLessThan(20);
  });
});
