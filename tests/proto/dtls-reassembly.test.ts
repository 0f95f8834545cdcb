import { describe, expect, it } from 'vitest';
import {
  addFragment,
  createReassembly,
  hasGap,
  peekMessage,
  takeMessage,
} from '../../src/proto/dtls/reassembly.ts';
import { createDice, createRandom } from '../../src/sim/random.ts';
import type { HandshakeFragment } from '../../src/wire/dtls-handshake.ts';

const BODY = Uint8Array.from({ length: 100 }, (_, i) => i);

function piece(from: number, to: number, sequence = 0, body = BODY): HandshakeFragment {
  return { type: 1, length: body.length, sequence, offset: from, data: body.subarray(from, to) };
}

describe('a handshake message in pieces (RFC 6347 §4.2.3, RFC 9147 §5.5)', () => {
  it('is put together from any pieces, in any order, overlapping and repeated', () => {
    for (let seed = 0; seed < 300; seed++) {
      const dice = createDice(createRandom(seed, 'pieces'));
      const reassembly = createReassembly(0);
      let guard = 0;
      while (peekMessage(reassembly) === undefined) {
        if (guard++ > 2000) throw new Error(`seed ${seed}: never whole`);
        const from = dice.below(100);
        expect(addFragment(reassembly, piece(from, dice.between(from, 100)), 0)).toBe('kept');
      }
      expect(peekMessage(reassembly)?.message.slice(4)).toEqual(BODY);
    }
  });

  it('is not whole while a byte is missing', () => {
    const reassembly = createReassembly(0);
    addFragment(reassembly, piece(0, 50), 0);
    expect(hasGap(reassembly)).toBe(false);
    addFragment(reassembly, piece(51, 100), 0);
    expect([peekMessage(reassembly), hasGap(reassembly)]).toEqual([undefined, true]);
    addFragment(reassembly, piece(50, 51), 0);
    expect(peekMessage(reassembly)?.sequence).toBe(0);
  });

  it('waits for those before it, and is given out once', () => {
    const reassembly = createReassembly(0);
    addFragment(reassembly, piece(0, 100, 1), 0);
    expect([peekMessage(reassembly), hasGap(reassembly)]).toEqual([undefined, true]);
    addFragment(reassembly, piece(0, 100, 0), 0);
    takeMessage(reassembly, 0, 0);
    expect(peekMessage(reassembly)?.sequence).toBe(1);
    takeMessage(reassembly, 1, 0);
    expect(addFragment(reassembly, piece(0, 100, 1), 0)).toBe('old');
    expect([peekMessage(reassembly), reassembly.buffered]).toEqual([undefined, 0]);
  });

  it('keeps its first bytes, length and type', () => {
    const reassembly = createReassembly(0);
    addFragment(reassembly, piece(0, 60), 0);
    addFragment(reassembly, piece(40, 100, 0, new Uint8Array(100)), 0);
    expect(peekMessage(reassembly)?.message.slice(4, 64)).toEqual(BODY.subarray(0, 60));
    expect(addFragment(reassembly, piece(0, 60, 0, new Uint8Array(99)), 0)).toBe('contradicts');
    expect(addFragment(reassembly, { ...piece(0, 60), type: 2 }, 0)).toBe('contradicts');
    // What comes under newer keys is the peer's; the other may have been anybody's.
    expect(addFragment(reassembly, { ...piece(0, 60), type: 2 }, 2)).toBe('kept');
  });

  it('may be empty', () => {
    const reassembly = createReassembly(0);
    addFragment(reassembly, piece(0, 0, 0, new Uint8Array(0)), 0);
    expect(peekMessage(reassembly)?.message).toEqual(Uint8Array.of(1, 0, 0, 0));
  });

  it('is bounded: 16 messages ahead, 128 KiB each, 256 KiB in all', () => {
    const reassembly = createReassembly(0);
    expect(addFragment(reassembly, piece(0, 1, 16), 0)).toBe('out-of-bounds');
    expect(addFragment(reassembly, { ...piece(0, 1), length: 128 * 1024 + 1 }, 0)).toBe('out-of-bounds');
    for (const sequence of [0, 1])
      expect(addFragment(reassembly, { ...piece(0, 1, sequence), length: 128 * 1024 }, 0)).toBe('kept');
    expect(addFragment(reassembly, piece(0, 1, 2), 0)).toBe('out-of-bounds');
  });
});
