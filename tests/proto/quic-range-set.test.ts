import { describe, expect, it } from 'vitest';
import {
  addRange,
  endOfRangeAt,
  holdsRange,
  missingIn,
  type RangeSet,
  removeRange,
} from '../../src/proto/quic/streams/range-set.ts';
import { accept, createReceiving, inOrder, take } from '../../src/proto/quic/streams/receiving.ts';
import {
  acknowledge,
  append,
  createSending,
  kept,
  lose,
  takeFresh,
  takeLost,
} from '../../src/proto/quic/streams/sending.ts';
import { createDice, createRandom } from '../../src/sim/random.ts';

const SIZE = 48;

describe('offsets in ranges', () => {
  it('agrees with one flag per offset, whatever is added and removed', () => {
    for (let seed = 0; seed < 30; seed++) {
      const dice = createDice(createRandom(seed, 'ranges'));
      const set: RangeSet = [];
      const flags = new Array<boolean>(SIZE).fill(false);
      for (let step = 0; step < 60; step++) {
        const from = dice.below(SIZE);
        const to = Math.min(SIZE, from + dice.below(9));
        const adds = dice.chance(0.6);
        if (adds) addRange(set, from, to);
        else removeRange(set, from, to);
        flags.fill(adds, from, to);
        expect(set, `seed ${seed} step ${step}`).toEqual(rangesOf(flags));
        const [low, high] = [dice.below(SIZE), dice.below(SIZE + 1)];
        const part = flags.slice(low, Math.max(low, high));
        expect(missingIn(set, low, high)).toBe(part.filter((has) => !has).length);
        expect(holdsRange(set, low, high)).toBe(part.every((has) => has));
        const end = flags.indexOf(false, low);
        expect(endOfRangeAt(set, low)).toBe(end === -1 ? SIZE : end);
      }
    }
  });
});

describe('bytes being received', () => {
  it('come out in order and once, however they were cut, shuffled and repeated', () => {
    for (let seed = 0; seed < 12; seed++) {
      const dice = createDice(createRandom(seed, 'pieces'));
      const whole = createRandom(seed, 'bytes')(12_000);
      const pieces: [number, number][] = [];
      for (let at = 0; at < whole.length; ) {
        const length = Math.min(whole.length - at, dice.between(1, 900));
        pieces.push([at, at + length]);
        // Some come twice, some overlap their neighbours.
        if (dice.chance(0.3)) pieces.push([Math.max(0, at - dice.below(600)), at + length]);
        at += length;
      }
      shuffle(pieces, dice.below);
      const receiving = createReceiving();
      const got: number[] = [];
      for (const [from, to] of pieces) {
        accept(receiving, from, whole.subarray(from, to));
        if (dice.chance(0.5)) got.push(...take(receiving, dice.between(1, 2000)));
      }
      expect(inOrder(receiving)).toBe(whole.length);
      got.push(...take(receiving, whole.length));
      expect(Uint8Array.from(got), `seed ${seed}`).toEqual(whole);
      expect(receiving.store.blocks.size).toBeLessThanOrEqual(1);
    }
  });

  it('keeps what came first where pieces disagree', () => {
    const receiving = createReceiving();
    accept(receiving, 2, Uint8Array.of(2, 3));
    accept(receiving, 0, Uint8Array.of(0, 1, 99, 99, 4));
    expect([...take(receiving, 9)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes no more memory for single bytes far apart than for the blocks they fall into', () => {
    const receiving = createReceiving();
    for (let offset = 1; offset < 8192; offset += 2) accept(receiving, offset, Uint8Array.of(1));
    expect(receiving.store.blocks.size).toBe(2);
  });
});

describe('bytes being sent', () => {
  it('are kept until acknowledged, and what is lost goes again as it was', () => {
    for (let seed = 0; seed < 12; seed++) {
      const dice = createDice(createRandom(seed, 'sending'));
      const whole = createRandom(seed, 'sent bytes')(20_000);
      const sending = createSending();
      append(sending, whole.subarray(0, 7000));
      append(sending, whole.subarray(7000));
      const flight: { offset: number; data: Uint8Array }[] = [];
      let steps = 0;
      while (sending.ackedBytes < whole.length) {
        steps += 1;
        expect(steps).toBeLessThan(2000);
        const piece = takeLost(sending, dice.between(1, 1200)) ?? takeFresh(sending, dice.between(1, 1200));
        if (piece !== undefined) {
          expect(piece.data).toEqual(whole.slice(piece.offset, piece.offset + piece.data.length));
          flight.push(piece);
        }
        if (flight.length === 0 || dice.chance(0.5)) continue;
        const [done] = flight.splice(dice.below(flight.length), 1);
        if (done === undefined) continue;
        const end = done.offset + done.data.length;
        if (dice.chance(0.4)) lose(sending, done.offset, end);
        else acknowledge(sending, done.offset, end);
        // Once lost, a packet may still turn out to have arrived.
        if (dice.chance(0.1)) acknowledge(sending, done.offset, end);
      }
      expect(kept(sending)).toBe(0);
      expect(sending.lost).toEqual([]);
      expect(sending.store.blocks.size).toBeLessThanOrEqual(1);
    }
  });

  it('does not count an acknowledgement twice, nor lose what was acknowledged', () => {
    const sending = createSending();
    append(sending, new Uint8Array(100));
    takeFresh(sending, 100);
    expect(acknowledge(sending, 10, 30)).toBe(20);
    expect(acknowledge(sending, 0, 40)).toBe(20);
    lose(sending, 0, 60);
    expect(sending.lost).toEqual([40, 60]);
    expect(kept(sending)).toBe(60);
  });
});

function rangesOf(flags: readonly boolean[]): number[] {
  const out: number[] = [];
  flags.forEach((has, at) => {
    if (has && flags[at - 1] !== true) out.push(at);
    if (has && flags[at + 1] !== true) out.push(at + 1);
  });
  return out;
}

function shuffle<T>(items: T[], below: (limit: number) => number): void {
  for (let at = items.length - 1; at > 0; at--) {
    const other = below(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
}
