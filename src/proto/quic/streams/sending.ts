import {
  type BlockStore,
  clearBytes,
  copyBytes,
  createBlockStore,
  dropBytes,
  putBytes,
} from './block-store.ts';
import { addRange, endOfRangeAt, missingIn, type RangeSet, removeRange } from './range-set.ts';

/** Bytes on their way to the peer: written, sent, acknowledged, lost. Of a stream or of CRYPTO frames. */
export type Sending = {
  readonly store: BlockStore;
  /** Written so far. */
  end: number;
  /** The first byte never sent. */
  next: number;
  readonly acked: RangeSet;
  /** To be sent again; never holds what is acknowledged. */
  readonly lost: RangeSet;
  ackedBytes: number;
};

export function createSending(): Sending {
  return { store: createBlockStore(), end: 0, next: 0, acked: [], lost: [], ackedBytes: 0 };
}

export function append(sending: Sending, data: Uint8Array): void {
  putBytes(sending.store, sending.end, data);
  sending.end += data.length;
}

/** Written and not acknowledged in one piece from the beginning: what is kept. */
export function kept(sending: Sending): number {
  return sending.end - endOfRangeAt(sending.acked, 0);
}

/** Up to `most` bytes of what was lost. */
export function takeLost(sending: Sending, most: number): { offset: number; data: Uint8Array } | undefined {
  const [from, to] = sending.lost;
  if (from === undefined || to === undefined || most <= 0) return undefined;
  const end = Math.min(to, from + most);
  removeRange(sending.lost, from, end);
  return { offset: from, data: copyBytes(sending.store, from, end) };
}

/** Up to `most` bytes that were never sent. */
export function takeFresh(sending: Sending, most: number): { offset: number; data: Uint8Array } | undefined {
  const from = sending.next;
  const end = Math.min(sending.end, from + most);
  if (end <= from) return undefined;
  sending.next = end;
  return { offset: from, data: copyBytes(sending.store, from, end) };
}

/** How many bytes of it were not acknowledged before. */
export function acknowledge(sending: Sending, from: number, to: number): number {
  const news = missingIn(sending.acked, from, to);
  if (news === 0) return 0;
  addRange(sending.acked, from, to);
  removeRange(sending.lost, from, to);
  dropBytes(sending.store, endOfRangeAt(sending.acked, 0));
  sending.ackedBytes += news;
  return news;
}

export function lose(sending: Sending, from: number, to: number): void {
  addRange(sending.lost, from, to);
  for (let at = 0; at < sending.acked.length; at += 2)
    removeRange(sending.lost, sending.acked[at] ?? 0, sending.acked[at + 1] ?? 0);
}

export function forget(sending: Sending): void {
  clearBytes(sending.store);
  sending.lost.length = 0;
}
