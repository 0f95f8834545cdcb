import {
  type BlockStore,
  clearBytes,
  copyBytes,
  createBlockStore,
  dropBytes,
  putBytes,
} from './block-store.ts';
import { addRange, endOfRangeAt, missingIn, type RangeSet } from './range-set.ts';

/** Bytes of the peer, put in order. `read`: how far they were taken; `highest`: the end of the furthest piece. */
export type Receiving = {
  readonly store: BlockStore;
  readonly have: RangeSet;
  read: number;
  highest: number;
};

export function createReceiving(): Receiving {
  return { store: createBlockStore(), have: [], read: 0, highest: 0 };
}

/** Takes a piece in, in any order and any number of times; what is there already stays as it first came. */
export function accept(receiving: Receiving, offset: number, data: Uint8Array): void {
  const end = offset + data.length;
  receiving.highest = Math.max(receiving.highest, end);
  let at = Math.max(offset, receiving.read);
  while (at < end) {
    const known = Math.min(end, endOfRangeAt(receiving.have, at));
    const until = known > at ? known : endOfGap(receiving, at, end);
    if (known === at) putBytes(receiving.store, at, data.subarray(at - offset, until - offset));
    at = until;
  }
  if (end > receiving.read) addRange(receiving.have, Math.max(offset, receiving.read), end);
}

/** The end of what can be read in order. */
export function inOrder(receiving: Receiving): number {
  return Math.max(receiving.read, endOfRangeAt(receiving.have, receiving.read));
}

/** Bytes that wait behind a hole count too. */
export function isHolding(receiving: Receiving): boolean {
  return receiving.highest > receiving.read;
}

/** Pieces that do not touch: a peer may not make us keep very many. */
export function pieces(receiving: Receiving): number {
  return receiving.have.length / 2;
}

export function look(receiving: Receiving, most: number): Uint8Array {
  const end = Math.min(inOrder(receiving), receiving.read + Math.max(0, most));
  return copyBytes(receiving.store, receiving.read, end);
}

export function take(receiving: Receiving, most: number): Uint8Array {
  const data = look(receiving, most);
  receiving.read += data.length;
  dropBytes(receiving.store, receiving.read);
  return data;
}

export function drop(receiving: Receiving): void {
  clearBytes(receiving.store);
  receiving.have.length = 0;
}

function endOfGap(receiving: Receiving, from: number, to: number): number {
  let end = to;
  if (missingIn(receiving.have, from, to) === to - from) return to;
  for (let at = 0; at < receiving.have.length; at += 2) {
    const start = receiving.have[at] ?? to;
    if (start > from) {
      end = Math.min(to, start);
      break;
    }
  }
  return end;
}
