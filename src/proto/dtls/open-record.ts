import type { DropReason } from '../../timeline/event.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { DTLS_CONTENT, type LongRecord, type UnifiedRecord } from '../../wire/dtls-record.ts';
import { MAX_PLAINTEXT } from '../../wire/tls-record.ts';
import { type Opened, open12, open13, SAMPLE_LENGTH } from './epoch-key.ts';
import { keepEarly, type QueuedRecord } from './inbox.ts';
import { countForgery } from './key-update.ts';
import { isReplay, markSeen } from './replay.ts';
import { type DtlsState, isLater, type OpenedRecord, type ReadEpoch } from './state.ts';

/** Throws a record away, which is no step: it can be anybody's (RFC 6347 §4.1.2.7, RFC 9147 §4.5.2). */
export function drop(
  state: DtlsState,
  reason: DropReason,
  detail: string,
  record: {
    bytes: number;
    epoch?: number | undefined;
    sequence?: number | undefined;
    type?: number | undefined;
  },
): undefined {
  const { bytes, epoch, sequence, type } = record;
  state.emit({
    kind: 'dropped',
    by: 'peer',
    reason,
    bytes,
    detail,
    ...(epoch !== undefined && { epoch }),
    ...(sequence !== undefined && { sequence }),
    ...(type !== undefined && { type }),
  });
  return undefined;
}

/** Takes the protection off. Undefined: dropped, or kept until there are keys. */
export function openRecord(state: DtlsState, queued: QueuedRecord): OpenedRecord | undefined {
  const { record, from } = queued;
  const opened =
    record.form === 'unified' ? openUnified(state, queued, record) : openLong(state, queued, record);
  if (opened?.protected) notePeer(state, opened, from);
  return opened;
}

/** RFC 9146 §6: only what is newer than all before it says where the peer is. */
function notePeer({ read }: DtlsState, record: OpenedRecord, from: string | undefined): void {
  if (read.newest !== undefined && !isLater(record, read.newest)) return;
  const { epoch, sequence } = record;
  read.newest = { epoch, sequence };
  if (from === undefined) return;
  read.peer = { address: from, records: read.peer?.address === from ? read.peer.records + 1 : 1 };
}

function openLong(state: DtlsState, queued: QueuedRecord, record: LongRecord): OpenedRecord | undefined {
  const { epoch, sequence, type } = record;
  const about = { bytes: record.bytes.length, epoch, sequence, type };
  if (record.version >> 8 !== 0xfe || (epoch === 0 && !isContentType(type)))
    return drop(state, 'malformed', `type ${type}, version 0x${record.version.toString(16)}`, about);
  if (epoch === 0) return openBare(state, record, about);
  if (state.version === 0x0304) return drop(state, 'no-keys', 'the long header in an epoch with keys', about);
  const half = state.read.epochs.get(epoch);
  if (half?.key === undefined) {
    if (epoch === 1 && state.phase === 'handshake' && keepEarly(state.inbox, queued)) return undefined;
    return drop(state, 'no-keys', `no keys for epoch ${epoch}`, about);
  }
  if (!hasOurCid(state, record.cid)) return drop(state, 'connection-id', 'not the one we asked for', about);
  if (isReplay(half.window, sequence)) return drop(state, 'replayed', 'the number has come before', about);
  return accept(state, half, sequence, open12(half.key, record), about);
}

function openBare(
  state: DtlsState,
  record: LongRecord,
  about: { bytes: number; epoch: number; sequence: number; type: number },
): OpenedRecord | undefined {
  const { type, sequence, fragment } = record;
  if (type === DTLS_CONTENT.tls12_cid || type === DTLS_CONTENT.application_data)
    return drop(state, 'unprotected', 'application data in the clear', about);
  const half = state.read.epochs.get(0);
  if (half === undefined || isReplay(half.window, sequence))
    return drop(state, 'replayed', 'the number has come before', about);
  // A handshake message may still be one that the peer repeats: looked at, not believed.
  const keysUp = state.read.current > 0 || state.phase === 'open';
  if (keysUp && type === DTLS_CONTENT.change_cipher_spec)
    return drop(state, 'unexpected', 'change_cipher_spec once more', about);
  if (keysUp && type !== DTLS_CONTENT.handshake)
    return drop(state, 'unprotected', 'in the clear although there are keys', about);
  return accept(state, half, sequence, { type, content: fragment }, about);
}

function openUnified(
  state: DtlsState,
  queued: QueuedRecord,
  record: UnifiedRecord,
): OpenedRecord | undefined {
  const about = { bytes: record.bytes.length };
  if (state.version === 0x0303) return drop(state, 'malformed', 'a DTLS 1.3 record', about);
  if (record.fragment.length < SAMPLE_LENGTH)
    return drop(state, 'malformed', 'too short to be sealed', about);
  const half = epochByBits(state, record.epochBits);
  if (half?.key === undefined) {
    const coming = state.phase === 'handshake' || record.epochBits === ((state.read.current + 1) & 3);
    if (coming && keepEarly(state.inbox, queued)) return undefined;
    return drop(state, 'no-keys', `no keys for an epoch that ends in ${record.epochBits}`, about);
  }
  if (!hasOurCid(state, record.cid)) return drop(state, 'connection-id', 'not the one we asked for', about);
  const { sequence, opened } = open13(half.key, record, half.window.highest + 1);
  const named = { ...about, epoch: half.epoch, sequence };
  if (opened !== undefined && isReplay(half.window, sequence))
    return drop(state, 'replayed', 'the number has come before', named);
  if (opened === undefined && mayBeNext(state, half, record) && keepEarly(state.inbox, queued)) {
    countForgery(state, half);
    return undefined;
  }
  return accept(state, half, sequence, opened, opened === undefined ? about : named);
}

function accept(
  state: DtlsState,
  half: ReadEpoch,
  sequence: number,
  opened: Opened | undefined,
  about: { bytes: number; epoch?: number; sequence?: number },
): OpenedRecord | undefined {
  if (opened === undefined) {
    drop(state, 'undecryptable', 'what protects it does not match', about);
    countForgery(state, half);
    return undefined;
  }
  if (opened.content.length > plaintextLimit(state, half))
    return drop(state, 'out-of-bounds', `${opened.content.length} bytes of plaintext`, about);
  markSeen(half.window, sequence);
  const isProtected = half.key !== undefined;
  return { ...opened, epoch: half.epoch, sequence, protected: isProtected, bytes: about.bytes };
}

/** The newest epoch with these low bits (RFC 9147 §4.2.2). */
function epochByBits(state: DtlsState, bits: number): ReadEpoch | undefined {
  let found: ReadEpoch | undefined;
  for (const half of state.read.epochs.values()) {
    if (half.key === undefined || (half.epoch & 3) !== bits) continue;
    if (found === undefined || half.epoch > found.epoch) found = half;
  }
  return found;
}

/** An epoch whose bits an old one has too, and which is about to come. */
function mayBeNext(state: DtlsState, half: ReadEpoch, record: UnifiedRecord): boolean {
  const next = state.read.current + 1;
  return state.phase === 'open' && half.epoch !== next && record.epochBits === (next & 3);
}

function hasOurCid({ cids, phase }: DtlsState, cid: Uint8Array | undefined): boolean {
  const { own } = cids;
  if (own === undefined || own.length === 0) return cid === undefined || phase === 'idle';
  return cid !== undefined && equalBytes(cid, own);
}

/** Ours to enforce once both sides have announced one (RFC 8449 §4). */
function plaintextLimit({ write, config, version }: DtlsState, half: ReadEpoch): number {
  if (half.key === undefined || write.peerLimit === undefined) return MAX_PLAINTEXT;
  const own = config.recordSizeLimit ?? MAX_PLAINTEXT;
  return Math.min(MAX_PLAINTEXT, version === 0x0304 ? own - 1 : own);
}

function isContentType(type: number): boolean {
  return (type >= 20 && type <= 23) || type === DTLS_CONTENT.tls12_cid || type === DTLS_CONTENT.ack;
}
