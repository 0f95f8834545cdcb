import { ALERT } from '../../wire/alert.ts';
import { decodeAck } from '../../wire/dtls-ack.ts';
import { DTLS_CONTENT, dtlsContentName } from '../../wire/dtls-record.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { Malformed } from '../../wire/reader.ts';
import { alertFact, decodeAlert, describeAlert, meaningOf } from '../alerts.ts';
import type { Heed, RecordStep } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { type Progress, progress } from '../handshake/progress.ts';
import { onKeyUpdateAcknowledged } from './actions.ts';
import { end, failHandshake } from './failure.ts';
import { acknowledge } from './flight.ts';
import type { QueuedRecord } from './inbox.ts';
import { isRepeat, receiveHandshake, tellHandshake } from './messages.ts';
import { drop, openRecord } from './open-record.ts';
import { type DtlsState, isLater, type OpenedRecord } from './state.ts';

/** One record. Undefined: nothing came of it. Throws ProtocolFault. */
export function receiveRecord(state: DtlsState, queued: QueuedRecord, heed: Heed): RecordStep | undefined {
  const opened = openRecord(state, queued);
  if (opened === undefined) return undefined;
  const { type, bytes, epoch, sequence } = opened;
  const fact = { kind: 'record', by: 'peer', type, name: dtlsContentName(type), bytes } as const;
  state.emit({ ...fact, protected: opened.protected, epoch, sequence });
  const { closed } = state.read;
  if (heed === 'nothing' && type === DTLS_CONTENT.handshake && isAside(state, opened)) {
    tellHandshake(state, opened);
    return { kind: 'ignored', bytes };
  }
  if (heed === 'nothing' || (closed !== undefined && isLater(opened, closed)))
    return receiveAfterClose(state, opened);
  return receiveOpened(state, opened, heed);
}

/** Application data, and the close_notify behind it, that came too early for the phase it was. */
export function receiveHeld(state: DtlsState): RecordStep | undefined {
  const record = state.phase === 'open' ? state.read.held.shift() : undefined;
  if (record === undefined) return undefined;
  return record.type === DTLS_CONTENT.alert ? receiveAlert(state, record) : receiveData(state, record);
}

/** Nobody closes with the keys of the data before its Finished: that is still on the way. */
function closesTooEarly(state: DtlsState, { protected: isProtected, epoch, content }: OpenedRecord): boolean {
  const { phase, version, read } = state;
  const ofData = isProtected && epoch === (version === 0x0304 ? 3 : 1);
  return phase === 'handshake' && ofData && content[1] === 0 && read.held.length < MOST_HELD;
}

function receiveOpened(state: DtlsState, record: OpenedRecord, heed: Heed): RecordStep | undefined {
  if (heed === 'no-handshake' && isAside(state, record)) return { kind: 'ignored', bytes: record.bytes };
  switch (record.type) {
    case DTLS_CONTENT.change_cipher_spec:
      return receiveChangeCipherSpec(state, record);
    case DTLS_CONTENT.alert:
      if (!closesTooEarly(state, record)) return receiveAlert(state, record);
      state.read.held.push(record);
      return undefined;
    case DTLS_CONTENT.handshake:
      return receiveHandshake(state, record);
    case DTLS_CONTENT.application_data:
      return receiveData(state, record);
    case DTLS_CONTENT.ack:
      return receiveAck(state, record);
    default:
      throw unexpectedType(record.type);
  }
}

/** DTLS 1.2: neither alert nor data, for a caller who wants nothing else. Whoever repeats its last flight needs ours all the same. */
function isAside(state: DtlsState, record: OpenedRecord): boolean {
  const { type, content } = record;
  const told = type === DTLS_CONTENT.alert || type === DTLS_CONTENT.application_data;
  if (state.version !== 0x0303 || !record.protected || told || content.length === 0) return false;
  if (type === DTLS_CONTENT.handshake && isRepeat(state, record)) return false;
  state.read.warnings = 0;
  return true;
}

/** RFC 5246 §6, RFC 9846 §5: whoever has the keys sent it. */
function unexpectedType(type: number): ProtocolFault {
  const detail = `record of type ${dtlsContentName(type)}`;
  const alert = ALERT.unexpected_message;
  return new ProtocolFault({ blame: 'peer', rule: 'unexpected-record-type', alert, detail });
}

/**
 * Behind the peer's close_notify (RFC 9147 §5.10): ignored, but for another alert, which is told; what was repeated of the
 * handshake is still answered.
 */
function receiveAfterClose(state: DtlsState, record: OpenedRecord): RecordStep {
  const { type, content, bytes } = record;
  const ignored: RecordStep = { kind: 'ignored', bytes };
  if (type === DTLS_CONTENT.application_data && content.length > 0) {
    state.emit({ kind: 'data', by: 'peer', bytes: content.length, afterClose: true });
    return { kind: 'ignored', bytes: content.length, data: content };
  }
  if (type === DTLS_CONTENT.application_data) return ignored;
  const step = receiveOpened(state, record, 'all');
  return step?.kind === 'alert' ? step : ignored;
}

/** It says nothing that the next epoch's first record does not prove (RFC 6347 §4.1). */
function receiveChangeCipherSpec(state: DtlsState, record: OpenedRecord): RecordStep | undefined {
  if (state.version === 0x0304 || record.protected || state.phase !== 'handshake')
    return drop(state, 'unexpected', 'change_cipher_spec', about(record));
  state.emit({ kind: 'change-cipher-spec', by: 'peer' });
  return progress('change-cipher-spec');
}

function receiveAlert(state: DtlsState, record: OpenedRecord): RecordStep | undefined {
  const { length } = record.content;
  if (length === 0 || (length !== 2 && !record.protected))
    return drop(state, 'malformed', `alert of ${length} bytes`, about(record));
  const alert = decodeAlert(record.content);
  state.emit(alertFact('peer', alert, record.protected));
  const { version, config, read, write } = state;
  const means = meaningOf(alert, {
    version,
    policy: config.policy,
    warnings: read.warnings,
    askedRenegotiation: write.askedRenegotiation,
  });
  if (means === 'closure') read.closed ??= { epoch: record.epoch, sequence: record.sequence };
  if (means === 'closure' || means === 'fatal') {
    const { description } = alert;
    const detail = `the peer sent ${describeAlert(alert)}`;
    failHandshake(state, { blame: 'peer', rule: 'alert', detail, alert: description });
  }
  if (means === 'fatal') end(state);
  if (means === 'ignored' || means === 'user_canceled') read.warnings++;
  return means === 'ignored' ? progress('alert-ignored') : { kind: 'alert', means, ...alert };
}

function receiveData(state: DtlsState, record: OpenedRecord): RecordStep | undefined {
  const { read } = state;
  const { content } = record;
  if (state.phase !== 'open') {
    // Overtook the peer's Finished (RFC 6347 §4.2.4): kept, within bounds.
    if (read.held.length >= MOST_HELD) return drop(state, 'out-of-bounds', 'data too early', about(record));
    read.held.push(record);
    return undefined;
  }
  read.warnings = 0;
  if (content.length === 0) return progress('empty');
  state.emit({ kind: 'data', by: 'peer', bytes: content.length, afterClose: false });
  return { kind: 'data', data: content };
}

/** RFC 9147 §7. */
function receiveAck(state: DtlsState, record: OpenedRecord): Progress | undefined {
  if (state.version !== 0x0304) return drop(state, 'unexpected', 'ACK', about(record));
  try {
    const records = decodeAck(record.content);
    state.emit({ kind: 'ack', by: 'peer', records });
    const done = acknowledge(state, records);
    if (done.some(({ message }) => message?.[0] === HANDSHAKE.key_update)) onKeyUpdateAcknowledged(state);
    return progress('handshake');
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    if (!record.protected) return drop(state, 'malformed', error.message, about(record));
    const detail = `ACK: ${error.message}`;
    throw new ProtocolFault({ blame: 'peer', rule: 'decode-error', alert: ALERT.decode_error, detail });
  }
}

function about({ bytes, epoch, sequence, type }: OpenedRecord): {
  bytes: number;
  epoch: number;
  sequence: number;
  type: number;
} {
  return { bytes, epoch, sequence, type };
}

const MOST_HELD = 32;
