import type { Fact } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { concat } from '../../wire/bytes.ts';
import {
  DTLS_10,
  DTLS_12,
  DTLS_CONTENT,
  dtlsContentName,
  encodeLongHeader,
  LONG_HEADER_LENGTH,
  type RecordNumber,
} from '../../wire/dtls-record.ts';
import { MAX_PLAINTEXT } from '../../wire/tls-record.ts';
import { alertFact } from '../alerts.ts';
import { ProtocolFault } from '../fault.ts';
import { protect } from './epoch-key.ts';
import type { DtlsState, WriteEpoch } from './state.ts';

/** Datagrams being filled. */
export type Packer = { datagrams: { parts: Uint8Array[]; size: number; facts: Fact[] }[] };

/** One record in an epoch of ours, whatever it holds; the number is used up. Throws ProtocolFault when none is left. */
export function sealRecord(
  state: DtlsState,
  epoch: number,
  type: number,
  content: Uint8Array,
): RecordNumber & { bytes: Uint8Array } {
  const half = writeEpoch(state, epoch);
  if (half.sequence >= MAX_SEQUENCE) throw exhausted();
  const number = { epoch, sequence: half.sequence++ };
  if (half.key === undefined) {
    const version = state.version === undefined && state.role === 'client' ? DTLS_10 : DTLS_12;
    const header = encodeLongHeader({ ...number, type, version, length: content.length });
    return { ...number, bytes: concat(header, content) };
  }
  return { ...number, bytes: protect(half.key, number, type, content, state.cids.peer) };
}

/** Bytes that a record of this epoch adds to its content, at most. */
export function recordOverhead(state: DtlsState, epoch: number): number {
  const { key } = writeEpoch(state, epoch);
  if (key === undefined) return LONG_HEADER_LENGTH;
  const cid = state.cids.peer;
  if (key.version === 0x0304) return 1 + (cid?.length ?? 0) + 2 + 2 + 1 + key.tagLength;
  const inner = cid === undefined ? 0 : cid.length + 1;
  return LONG_HEADER_LENGTH + inner + (key.explicitNonce ? 8 : 0) + key.tagLength;
}

/** Most bytes of content in one of our records: what the path takes, and what the peer said (RFC 8449 §4). */
export function contentLimit(state: DtlsState): number {
  const { peerLimit, current } = state.write;
  const room = state.timing.mtu - recordOverhead(state, current);
  const asked = peerLimit === undefined ? MAX_PLAINTEXT : peerLimit - (state.version === 0x0304 ? 1 : 0);
  return Math.max(1, Math.min(room, asked, MAX_PLAINTEXT));
}

export function createPacker(): Packer {
  return { datagrams: [] };
}

/** Bytes left in the datagram under way, or in a fresh one when there are fewer than `least`. */
export function roomFor(state: DtlsState, packer: Packer, least: number): number {
  const last = packer.datagrams.at(-1);
  const room = state.timing.mtu - (last?.size ?? state.timing.mtu);
  return room >= least ? room : state.timing.mtu;
}

export function packRecord(
  state: DtlsState,
  packer: Packer,
  record: RecordNumber & { bytes: Uint8Array },
  type: number,
  facts: readonly Fact[] = [],
): void {
  let last = packer.datagrams.at(-1);
  if (last === undefined || last.size + record.bytes.length > state.timing.mtu) {
    last = { parts: [], size: 0, facts: [] };
    packer.datagrams.push(last);
  }
  last.parts.push(record.bytes);
  last.size += record.bytes.length;
  last.facts.push({
    kind: 'record',
    by: 'local',
    type,
    name: dtlsContentName(type),
    bytes: record.bytes.length,
    protected: writeEpoch(state, record.epoch).key !== undefined,
    epoch: record.epoch,
    sequence: record.sequence,
  });
  last.facts.push(...facts);
}

export function queuePacked(state: DtlsState, packer: Packer): void {
  for (const { parts, facts } of packer.datagrams) state.units.push({ bytes: concat(...parts), facts });
}

/** Alone in its datagram, and never repeated (RFC 6347 §4.2.7). */
export function queueAlert(state: DtlsState, level: number, description: number): void {
  const packer = createPacker();
  const { current } = state.write;
  const record = sealRecord(state, current, DTLS_CONTENT.alert, Uint8Array.of(level, description));
  packRecord(state, packer, record, DTLS_CONTENT.alert, [
    alertFact('local', { level, description }, current > 0),
  ]);
  queuePacked(state, packer);
  if (description === ALERT.close_notify) state.write.closeNotify = true;
  else if (level === ALERT_LEVEL.fatal) state.write.fatalAlert = true;
}

/** One record, one datagram. */
export function queueData(state: DtlsState, data: Uint8Array): void {
  const packer = createPacker();
  const record = sealRecord(state, state.write.current, DTLS_CONTENT.application_data, data);
  const afterClose = state.write.closeNotify;
  packRecord(state, packer, record, DTLS_CONTENT.application_data, [
    { kind: 'data', by: 'local', bytes: data.length, afterClose },
  ]);
  queuePacked(state, packer);
}

/** Nothing of our own may follow (RFC 9846 §6.1, §6.2). */
export function silenced(state: DtlsState): boolean {
  return state.write.closeNotify || state.write.fatalAlert;
}

function writeEpoch(state: DtlsState, epoch: number): WriteEpoch {
  const half = state.write.epochs.get(epoch);
  if (half === undefined) throw new Error(`no keys to send with in epoch ${epoch}`);
  return half;
}

function exhausted(): ProtocolFault {
  const detail = 'no sequence number is left in this epoch';
  return new ProtocolFault({ blame: 'local', rule: 'sequence-number-exhausted', detail });
}

/** RFC 6347 §4.1: 48 bits, and no number serves twice. */
const MAX_SEQUENCE = 2 ** 48 - 1;
