import type { Level } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { concat } from '../../wire/bytes.ts';
import { CONTENT, contentTypeName, encodeRecordHeader, MAX_PLAINTEXT } from '../../wire/tls-record.ts';
import { alertFact } from '../alerts.ts';
import { contentFacts, messageFact } from '../message-facts.ts';
import { createDraft, type Draft, queueDraft } from './outbox.ts';
import { protect } from './protection.ts';
import type { TlsState } from './state.ts';

/** One record under the keys in place, whatever it holds; the sequence number is used up. */
export function sealRecord(state: TlsState, type: number, content: Uint8Array): Uint8Array {
  const { key, begun } = state.send;
  if (key !== undefined) return protect(key, type, content);
  // Some old middleboxes and servers refuse a first record of a version they don't know (RFC 9846 §5.1).
  const version = state.role === 'client' && !begun ? 0x0301 : 0x0303;
  return bareRecord(type, version, content);
}

function bareRecord(type: number, version: number, content: Uint8Array): Uint8Array {
  return concat(encodeRecordHeader({ type, version, length: content.length }), content);
}

/** Content in as many records as the limit in force asks for. */
function addRecords(state: TlsState, draft: Draft, type: number, content: Uint8Array): void {
  const limit = contentLimit(state);
  for (let at = 0; at < content.length; at += limit) {
    const bytes = sealRecord(state, type, content.subarray(at, at + limit));
    addRecord(draft, type, bytes, state.send.key !== undefined);
  }
  state.send.begun = true;
}

/** A handshake message, and what it tells the timeline. */
export function addMessage(state: TlsState, draft: Draft, level: Level, message: Uint8Array): void {
  addRecords(state, draft, CONTENT.handshake, message);
  const { version } = state;
  draft.facts.push(messageFact('local', level, message));
  draft.facts.push(...contentFacts('local', message, { version, afterOurClose: state.send.closeNotify }));
}

/** Never protected: in 1.2 it goes before the keys, in 1.3 it is for the middleboxes (RFC 9846 appendix E.4). */
export function addChangeCipherSpec(draft: Draft): void {
  const header = encodeRecordHeader({ type: CONTENT.change_cipher_spec, version: 0x0303, length: 1 });
  addRecord(draft, CONTENT.change_cipher_spec, concat(header, Uint8Array.of(1)), false);
  draft.facts.push({ kind: 'change-cipher-spec', by: 'local' });
}

export function queueAlert(state: TlsState, level: number, description: number): void {
  const draft = createDraft();
  const bare = alertsBare(state);
  const content = Uint8Array.of(level, description);
  if (bare) addRecord(draft, CONTENT.alert, bareRecord(CONTENT.alert, 0x0303, content), false);
  else addRecords(state, draft, CONTENT.alert, content);
  const isProtected = state.send.key !== undefined && !bare;
  draft.facts.push(alertFact('local', { level, description }, isProtected));
  queueDraft(state.outbox, draft);
  if (description === ALERT.close_notify) state.send.closeNotify = true;
  else if (level === ALERT_LEVEL.fatal) state.send.fatalAlert = true;
}

/** A TLS 1.3 client that has not yet begun to send under its handshake key, and puts off using it. */
function alertsBare(state: TlsState): boolean {
  if (state.config.policy.handshakeAlerts === 'protected') return false;
  return state.role === 'client' && state.version === 0x0304 && state.machine.phase() === 'under-way';
}

/** At most one record of application data; gives the number of bytes taken. */
export function queueData(state: TlsState, data: Uint8Array): number {
  const piece = data.subarray(0, contentLimit(state));
  const draft = createDraft();
  addRecords(state, draft, CONTENT.application_data, piece);
  draft.facts.push({
    kind: 'data',
    by: 'local',
    bytes: piece.length,
    afterClose: state.send.closeNotify,
  });
  queueDraft(state.outbox, draft);
  return piece.length;
}

/** RFC 8449 §4: the peer's limit binds protected records; in 1.3 it counts the content type. */
function contentLimit(state: TlsState): number {
  const { key, peerLimit } = state.send;
  if (key === undefined || peerLimit === undefined) return MAX_PLAINTEXT;
  return Math.max(1, Math.min(MAX_PLAINTEXT, key.version === 0x0304 ? peerLimit - 1 : peerLimit));
}

function addRecord(draft: Draft, type: number, bytes: Uint8Array, isProtected: boolean): void {
  draft.parts.push(bytes);
  draft.facts.push({
    kind: 'record',
    by: 'local',
    type,
    name: contentTypeName(type),
    bytes: bytes.length,
    protected: isProtected,
  });
}
