import { encodeAck } from '../../wire/dtls-ack.ts';
import { DTLS_CONTENT, type RecordNumber } from '../../wire/dtls-record.ts';
import { hasGap } from './reassembly.ts';
import { createPacker, packRecord, queuePacked, sealRecord } from './send.ts';
import type { DtlsState } from './state.ts';

/** A record with handshake fragments that we keep, or have had before. */
export function noteRecord({ acks }: DtlsState, { epoch, sequence }: RecordNumber): void {
  acks.records.push({ epoch, sequence });
  if (acks.records.length > MOST_RECORDS) acks.records.shift();
}

/** Our next flight says as much. */
export function clearAcks({ acks }: DtlsState): void {
  acks.records = [];
  acks.due = undefined;
}

/**
 * RFC 9147 §7.1: at once when the flight is over and nothing of ours answers it, when something is missing, or for what was
 * repeated; else when the rest has not come within a quarter of the retransmission time.
 */
export function scheduleAck(state: DtlsState, atOnce: boolean): void {
  const { acks, clock, timing } = state;
  if (acks.records.length === 0) return;
  const delay = atOnce || hasGap(state.reassembly) ? 0 : timing.initialMs / 4;
  acks.due = Math.min(acks.due ?? Number.POSITIVE_INFINITY, clock.now + delay);
}

/** Queues the ACK if it is due. Throws ProtocolFault when no sequence number is left. */
export function sendDueAck(state: DtlsState): void {
  const { acks, clock } = state;
  if (acks.due === undefined || acks.due > clock.now) return;
  const records = [...acks.records].sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence);
  clearAcks(state);
  if (records.length === 0 || state.version !== 0x0304) return;
  const packer = createPacker();
  const record = sealRecord(state, state.write.current, DTLS_CONTENT.ack, encodeAck(records));
  packRecord(state, packer, record, DTLS_CONTENT.ack, [{ kind: 'ack', by: 'local', records }]);
  queuePacked(state, packer);
}

/** Few enough to fit the smallest datagram we send. */
const MOST_RECORDS = 5;
