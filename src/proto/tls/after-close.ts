import { ALERT } from '../../wire/alert.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import type { RecordHeader } from '../../wire/tls-record.ts';
import { CONTENT } from '../../wire/tls-record.ts';
import { alertFact, decodeAlert } from '../alerts.ts';
import type { RecordStep } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { messageFact } from '../message-facts.ts';
import { carryOut } from './actions.ts';
import { type QueuedRecord, takeAllBytes } from './deframer.ts';
import { joinMessages } from './joiner.ts';
import { type OpenedRecord, openRecord } from './open-record.ts';
import { receiveAlert } from './receive.ts';
import type { TlsState } from './state.ts';

/** Bytes behind the peer's close_notify that are no record: nothing in them can be told apart any more. */
export function ignoreAll(state: TlsState): RecordStep {
  return { kind: 'ignored', bytes: takeAllBytes(state.receive.deframer).length };
}

/**
 * A record behind the peer's close_notify. It is ignored whatever it holds (RFC 9846 §6.1), broken rules included; only
 * another alert is told, and data is noted.
 */
export function receiveAfterClose(state: TlsState, record: QueuedRecord, header: RecordHeader): RecordStep {
  const ignored = { kind: 'ignored', bytes: record.bytes.length } as const;
  try {
    const opened = openRecord(state, record, header);
    return takeAfterClose(state, opened) ?? ignored;
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    return ignored;
  }
}

/** A record for a caller who only wants to know what it holds. */
export function tellRecord(state: TlsState, record: QueuedRecord, header: RecordHeader): RecordStep {
  const ignored = { kind: 'ignored', bytes: record.bytes.length } as const;
  try {
    const bare = state.version === 0x0304 && header.type !== CONTENT.application_data;
    return tell(state, openRecord(state, record, header, bare)) ?? ignored;
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    const { blame, rule, detail } = error;
    state.emit({ kind: 'fault', blame, rule, detail });
    return ignored;
  }
}

function tell(state: TlsState, opened: OpenedRecord): RecordStep | undefined {
  const { type, content } = opened;
  switch (type) {
    case CONTENT.alert: {
      const alert = decodeAlert(content);
      state.emit(alertFact('peer', alert, opened.protected));
      const closes = alert.description === ALERT.close_notify;
      state.receive.closeNotify ||= closes;
      return { kind: 'alert', means: closes ? 'closure' : 'fatal', ...alert };
    }
    case CONTENT.application_data:
      state.emit({ kind: 'data', by: 'peer', bytes: content.length, afterClose: state.receive.closeNotify });
      return { kind: 'data', data: content };
    case CONTENT.handshake:
      noteMessages(state, content);
      return undefined;
    default:
      return undefined;
  }
}

function takeAfterClose(state: TlsState, opened: OpenedRecord): RecordStep | undefined {
  const { type, content } = opened;
  if (type === CONTENT.alert) {
    const step = receiveAlert(state, opened);
    return step.kind === 'alert' ? step : undefined;
  }
  if (type === CONTENT.handshake) noteMessages(state, content);
  if (type !== CONTENT.application_data || content.length === 0) return undefined;
  state.emit({ kind: 'data', by: 'peer', bytes: content.length, afterClose: true });
  return { kind: 'ignored', bytes: content.length, data: content };
}

/** Told, not obeyed; but a KeyUpdate changes the keys of whatever is still to be told. Throws ProtocolFault. */
function noteMessages(state: TlsState, content: Uint8Array): void {
  const { level } = state.receive;
  for (const { message, aligned } of joinMessages(state.receive.joiner, content)) {
    state.emit(messageFact('peer', level, message));
    if (message[0] !== HANDSHAKE.key_update) continue;
    state.receive.aligned = aligned;
    const actions = state.machine.receive(state.clock.now, level, message);
    carryOut(
      state,
      actions.filter((action) => action.do === 'secret' && action.for === 'peer'),
      'answer',
    );
  }
}
