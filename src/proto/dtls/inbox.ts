import type { Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import { type DtlsRecord, decodeDtlsRecord } from '../../wire/dtls-record.ts';
import { Malformed } from '../../wire/reader.ts';

/** `from`: of its datagram. */
export type QueuedRecord = { record: DtlsRecord; arrived: Millis; from: string | undefined };
/** The rest of a datagram in which no record can be found. */
export type NoRecord = { rest: Uint8Array; why: string; arrived: Millis };

/** What has arrived and was not consumed. */
export type Inbox = {
  datagrams: { bytes: Uint8Array; at: number; arrived: Millis; from: string | undefined }[];
  /** Records that came before their keys. */
  early: QueuedRecord[];
  earlyBytes: number;
  /** Early records whose turn has come. */
  again: QueuedRecord[];
  unreachable: { errno: string; arrived: Millis }[];
};

export function createInbox(): Inbox {
  return { datagrams: [], early: [], earlyBytes: 0, again: [], unreachable: [] };
}

/** Copies: the caller may use its buffer again. */
export function pushDatagram(
  inbox: Inbox,
  arrived: Millis,
  data: Uint8Array,
  from: string | undefined,
): void {
  if (data.length > 0) inbox.datagrams.push({ bytes: data.slice(), at: 0, arrived, from });
}

export function takeRecord(inbox: Inbox, cidLength: number): QueuedRecord | NoRecord | undefined {
  const again = inbox.again.shift();
  if (again !== undefined) return again;
  const datagram = inbox.datagrams[0];
  if (datagram === undefined) return undefined;
  const { bytes, at, arrived, from } = datagram;
  try {
    const record = decodeDtlsRecord(bytes, at, cidLength);
    datagram.at += record.bytes.length;
    if (datagram.at >= bytes.length) inbox.datagrams.shift();
    return { record, arrived, from };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    inbox.datagrams.shift();
    return { rest: bytes.subarray(at), why: error.message, arrived };
  }
}

/** Keeps a record until there are keys; false when there is no room. */
export function keepEarly(inbox: Inbox, queued: QueuedRecord): boolean {
  const size = queued.record.bytes.length;
  if (inbox.early.length >= MOST_EARLY || inbox.earlyBytes + size > MOST_EARLY_BYTES) return false;
  inbox.early.push(queued);
  inbox.earlyBytes += size;
  return true;
}

/** There are new keys: let the early records try them. */
export function retryEarly(inbox: Inbox): void {
  inbox.again.push(...inbox.early);
  inbox.early = [];
  inbox.earlyBytes = 0;
}

export function hasInput(inbox: Inbox): boolean {
  return inbox.datagrams.length > 0 || inbox.again.length > 0 || inbox.unreachable.length > 0;
}

export function unreadBytes(inbox: Inbox): number {
  return inbox.datagrams.reduce((sum, { bytes, at }) => sum + bytes.length - at, 0);
}

/** What is left of the datagram whose first records were taken. */
export function begunBytes({ datagrams: [first] }: Inbox): number {
  return first === undefined || first.at === 0 ? 0 : first.bytes.length - first.at;
}

export function takeUnread(inbox: Inbox): Uint8Array {
  const all = concat(...inbox.datagrams.map(({ bytes, at }) => bytes.subarray(at)));
  inbox.datagrams = [];
  return all;
}

const MOST_EARLY = 32;
const MOST_EARLY_BYTES = 64 * 1024;
