import { ALERT } from '../../wire/alert.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { CONTENT, contentTypeName, type RecordHeader } from '../../wire/tls-record.ts';
import { alertFact, decodeAlert, describeAlert, meaningOf } from '../alerts.ts';
import type { Heed, RecordStep } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { moreTelling, nameStep, type Progress, progress } from '../handshake/progress.ts';
import { contentFacts, messageFact } from '../message-facts.ts';
import { carryOut, releaseHeld } from './actions.ts';
import { changeCipherSpec } from './change-cipher-spec.ts';
import type { QueuedRecord } from './deframer.ts';
import { openUnlessEarly } from './early-data.ts';
import { failHandshake } from './failure.ts';
import { joinMessages, midMessage } from './joiner.ts';
import type { OpenedRecord } from './open-record.ts';
import type { TlsState } from './state.ts';

/** One whole record whose header is in order. Throws ProtocolFault. */
export function receiveRecord(
  state: TlsState,
  record: QueuedRecord,
  header: RecordHeader,
  heed: Exclude<Heed, 'nothing'>,
): RecordStep {
  const opened = openUnlessEarly(state, record, header);
  if (opened === undefined) return progress('early-data');
  state.receive.begun = true;
  const { type, content } = opened;
  if (heed === 'no-handshake' && type === CONTENT.handshake && state.version === 0x0303) {
    if (content.length > 0) state.receive.warnings = 0;
    return progress('handshake');
  }
  checkShape(state, opened);
  switch (type) {
    case CONTENT.change_cipher_spec:
      changeCipherSpec(state, opened);
      state.emit({ kind: 'change-cipher-spec', by: 'peer' });
      return progress('change-cipher-spec');
    case CONTENT.alert:
      return receiveAlert(state, opened);
    case CONTENT.handshake:
      return receiveHandshake(state, opened);
    case CONTENT.application_data:
      return receiveData(state, opened);
    default:
      throw unexpected('unexpected-record-type', `record of type ${contentTypeName(type)}`);
  }
}

export function receiveAlert(state: TlsState, record: OpenedRecord): RecordStep {
  const alert = decodeAlert(record.content);
  state.emit(alertFact('peer', alert, record.protected));
  const means = meaningOf(alert, {
    version: state.version,
    policy: state.config.policy,
    warnings: state.receive.warnings,
    askedRenegotiation: state.send.askedRenegotiation,
  });
  if (means === 'closure') state.receive.closeNotify = true;
  if (means === 'closure' || means === 'fatal') {
    const { description } = alert;
    const detail = `the peer sent ${describeAlert(alert)}`;
    failHandshake(state, { blame: 'peer', rule: 'alert', detail, alert: description });
  }
  if (means === 'fatal') state.phase = 'failed';
  if (means === 'ignored' || means === 'user_canceled') state.receive.warnings++;
  return means === 'ignored' ? progress('alert-ignored') : { kind: 'alert', means, ...alert };
}

/** Rules that hold before a record's content is looked at (RFC 9846 §5.1, §5.4; RFC 5246 §6.2.1). */
function checkShape(state: TlsState, { type, content }: OpenedRecord): void {
  const { receive } = state;
  if (content.length === 0 && !mayBeEmpty(state, type)) {
    throw unexpected('empty-record', `${contentTypeName(type)} record without content`);
  }
  // An alert is let through: it says more about the end than the half message before it does. TLS 1.2 has no such rule for data.
  const mayCut = type === CONTENT.alert || (state.phase === 'open' && state.version === 0x0303);
  if (type !== CONTENT.handshake && !mayCut && midMessage(receive.joiner)) {
    throw unexpected('interleaved-record', `${contentTypeName(type)} inside a handshake message`);
  }
  if (type !== CONTENT.alert && content.length > 0) receive.warnings = 0;
  const moves = content.length > 0 && type !== CONTENT.change_cipher_spec;
  receive.idleRecords = moves ? 0 : receive.idleRecords + 1;
  if (receive.idleRecords > MAX_IDLE_RECORDS) {
    const detail = `${receive.idleRecords} records in a row that carry nothing`;
    throw unexpected('too-many-empty-records', detail);
  }
}

function mayBeEmpty(state: TlsState, type: number): boolean {
  if (type !== CONTENT.handshake) return type !== CONTENT.alert;
  return state.version === 0x0303 && state.config.policy.emptyHandshakeRecord === 'ignore';
}

function receiveData(state: TlsState, { content }: OpenedRecord): RecordStep {
  if (state.phase !== 'open') throw unexpected('unexpected-data', 'application data during the handshake');
  if (content.length === 0) return progress('empty');
  state.emit({ kind: 'data', by: 'peer', bytes: content.length, afterClose: false });
  return { kind: 'data', data: content };
}

function receiveHandshake(state: TlsState, { content }: OpenedRecord): RecordStep {
  let step = progress('handshake');
  for (const { message, aligned } of joinMessages(state.receive.joiner, content)) {
    state.receive.aligned = aligned;
    const what = receiveMessage(state, message);
    step = progress(moreTelling(step.what, what));
  }
  state.receive.aligned = true;
  return step;
}

function receiveMessage(state: TlsState, message: Uint8Array): Progress['what'] {
  const { level } = state.receive;
  const wasOpen = state.phase === 'open';
  state.emit(messageFact('peer', level, message));
  if (wasOpen && state.config.policy.keyUpdateAnswers === 'late') releaseHeld(state);
  const actions = state.machine.receive(state.clock.now, level, message);
  carryOut(state, actions, 'answer');
  if (message[0] === HANDSHAKE.new_session_ticket) state.receive.tickets++;
  if (message[0] === HANDSHAKE.key_update) state.send.askedKeyUpdate = false;
  const { version } = state;
  for (const fact of contentFacts('peer', message, { version, afterOurClose: state.send.closeNotify }))
    state.emit(fact);
  const what = nameStep(message, wasOpen, actions);
  return state.send.renegotiating ? moreTelling('renegotiation', what) : what;
}

function unexpected(rule: string, detail: string): ProtocolFault {
  return new ProtocolFault({ blame: 'peer', rule, alert: ALERT.unexpected_message, detail });
}

const MAX_IDLE_RECORDS = 32;
