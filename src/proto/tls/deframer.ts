import type { Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import { decodeRecordHeader, RECORD_HEADER_LENGTH, type RecordHeader } from '../../wire/tls-record.ts';

/** A whole record, header included. `arrived`: when its last byte came. */
export type QueuedRecord = { bytes: Uint8Array; arrived: Millis };

/** Cuts a byte stream into records. Each byte is copied once, however it was delivered. */
export type Deframer = {
  whole: QueuedRecord[];
  /** Index of the oldest record in `whole` that is still queued. */
  oldest: number;
  /** The record under way: a header, or once that is known the whole record. */
  filling: Uint8Array;
  filled: number;
  unread: number;
  /** When the last byte came. */
  arrived: Millis;
};

export function createDeframer(): Deframer {
  return {
    whole: [],
    oldest: 0,
    filling: new Uint8Array(RECORD_HEADER_LENGTH),
    filled: 0,
    unread: 0,
    arrived: 0,
  };
}

/** Copies: the caller may use its buffer again. */
export function pushBytes(deframer: Deframer, now: Millis, data: Uint8Array): void {
  deframer.unread += data.length;
  deframer.arrived = now;
  for (let at = 0; at < data.length; ) {
    const piece = data.subarray(at, at + deframerWants(deframer));
    deframer.filling.set(piece, deframer.filled);
    deframer.filled += piece.length;
    at += piece.length;
    if (deframer.filled === deframer.filling.length) finishPart(deframer, now);
  }
}

/** Bytes until the header or the record under way is whole; at least 1. */
export function deframerWants(deframer: Deframer): number {
  return deframer.filling.length - deframer.filled;
}

/** Bytes of a record that is not whole yet. */
export function partialRecord(deframer: Deframer): number {
  return deframer.filled;
}

export function hasRecord(deframer: Deframer): boolean {
  return deframer.oldest < deframer.whole.length;
}

/** What has come of the oldest record, from its header on; undefined before that header is whole. */
export function peekRecord(deframer: Deframer): { header: RecordHeader; bytes: Uint8Array } | undefined {
  const bytes = deframer.whole[deframer.oldest]?.bytes ?? deframer.filling.subarray(0, deframer.filled);
  if (bytes.length < RECORD_HEADER_LENGTH) return undefined;
  return { header: decodeRecordHeader(bytes), bytes };
}

export function takeRecord(deframer: Deframer): QueuedRecord | undefined {
  const record = deframer.whole[deframer.oldest];
  if (record === undefined) return undefined;
  deframer.oldest++;
  deframer.unread -= record.bytes.length;
  // Not shift(): that moves the whole queue once it is long.
  if (deframer.oldest === deframer.whole.length || deframer.oldest >= COMPACT_AT) {
    deframer.whole = deframer.whole.slice(deframer.oldest);
    deframer.oldest = 0;
  }
  return record;
}

/** Empties it; the next byte is taken for a header's first. */
export function takeAllBytes(deframer: Deframer): Uint8Array {
  const records = deframer.whole.slice(deframer.oldest).map((record) => record.bytes);
  const all = concat(...records, deframer.filling.subarray(0, deframer.filled));
  Object.assign(deframer, createDeframer());
  return all;
}

function finishPart(deframer: Deframer, now: Millis): void {
  const part = deframer.filling;
  const length = RECORD_HEADER_LENGTH + decodeRecordHeader(part).length;
  if (part.length < length) {
    deframer.filling = new Uint8Array(length);
    deframer.filling.set(part);
    return;
  }
  deframer.whole.push({ bytes: part, arrived: now });
  deframer.filling = new Uint8Array(RECORD_HEADER_LENGTH);
  deframer.filled = 0;
}

const COMPACT_AT = 4096;
