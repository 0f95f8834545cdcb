import type { Level } from '../../timeline/event.ts';
import {
  decodeFragments,
  FRAGMENT_HEADER_LENGTH,
  type HandshakeFragment,
  wholeMessage,
} from '../../wire/dtls-handshake.ts';
import { DTLS_CONTENT } from '../../wire/dtls-record.ts';
import { HANDSHAKE, handshakeName } from '../../wire/handshake.ts';
import { Malformed } from '../../wire/reader.ts';
import type { HandshakeAction } from '../handshake/machine.ts';
import { moreTelling, nameStep, type Progress, progress } from '../handshake/progress.ts';
import { contentFacts, messageFact } from '../message-facts.ts';
import { noteRecord, scheduleAck } from './acks.ts';
import { carryOut } from './actions.ts';
import { receiveConnectionIds } from './connection-ids.ts';
import { endFlight, repeatForPeer } from './flight.ts';
import { drop } from './open-record.ts';
import { addFragment, dropPartial, type FragmentFate, peekMessage, takeMessage } from './reassembly.ts';
import type { DtlsState, OpenedRecord } from './state.ts';

/** A record with pieces of handshake messages, and what they complete. Throws ProtocolFault. */
export function receiveHandshake(state: DtlsState, record: OpenedRecord): Progress | undefined {
  const fragments = fragmentsOf(state, record);
  if (fragments === undefined) return undefined;
  const [first] = fragments;
  if (first !== undefined && beginsAnew(state, record, first))
    return progress(
      receiveMessage(state, wholeMessage(first.type, first.data), first.sequence, record.epoch),
    );
  const fates = fragments.map((fragment) => takeFragment(state, record, fragment));
  const useful = fates.every((fate) => fate === 'kept' || fate === 'old');
  if (useful && state.version !== 0x0303) noteRecord(state, record);
  const wasOpen = state.phase === 'open';
  const what = deliver(state);
  const over = state.phase === 'open' && (what !== undefined || wasOpen);
  if (state.version === 0x0304) scheduleAck(state, over || fates.includes('old'));
  return fates.includes('kept') ? progress(what ?? 'handshake') : undefined;
}

/** Told, not obeyed: the messages that lie whole in this record. */
export function tellHandshake(state: DtlsState, record: OpenedRecord): void {
  const level = levelOf(state, record.epoch);
  for (const { type, data, length } of readableFragments(record))
    if (data.length === length) state.emit(messageFact('peer', level, wholeMessage(type, data)));
}

/** Nothing but pieces of messages that were given out before. */
export function isRepeat(state: DtlsState, record: OpenedRecord): boolean {
  const fragments = readableFragments(record);
  const isOld = (one: HandshakeFragment): boolean => !isNew(state, one) && !beginsAnew(state, record, one);
  return fragments.length > 0 && fragments.every(isOld);
}

function readableFragments({ content }: OpenedRecord): HandshakeFragment[] {
  try {
    return decodeFragments(content);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [];
  }
}

function fragmentsOf(state: DtlsState, record: OpenedRecord): HandshakeFragment[] | undefined {
  const { length } = record.content;
  if (length < FRAGMENT_HEADER_LENGTH)
    return drop(state, 'malformed', `handshake record of ${length} bytes`, aboutOf(record));
  try {
    return decodeFragments(record.content);
  } catch (error) {
    if (!(error instanceof Malformed) || record.protected) throw error;
    return drop(state, 'malformed', error.message, aboutOf(record));
  }
}

/** RFC 6347 §4.2.2: a renegotiation counts from 0 again. Its first message is all that we take of it, and only to refuse it. */
function beginsAnew(state: DtlsState, { epoch }: OpenedRecord, fragment: HandshakeFragment): boolean {
  const { sequence, data, length } = fragment;
  if (state.version !== 0x0303 || state.phase !== 'open' || epoch !== 1) return false;
  return sequence === 0 && data.length === length;
}

function isNew({ reassembly }: DtlsState, { sequence }: HandshakeFragment): boolean {
  return reassembly.next === undefined || sequence >= reassembly.next;
}

function takeFragment(
  state: DtlsState,
  record: OpenedRecord,
  fragment: HandshakeFragment,
): FragmentFate | 'unprotected' {
  const { reassembly, read } = state;
  if (isNew(state, fragment) && record.epoch < read.current) {
    drop(state, 'unprotected', `${handshakeName(fragment.type)} under keys that are over`, aboutOf(record));
    return 'unprotected';
  }
  const begins = reassembly.next === undefined;
  const fate = addFragment(reassembly, fragment, record.epoch);
  // RFC 6347 §4.2.1: a server's first record and message are numbered like the client's that they answer.
  if (begins && fate === 'kept' && state.role === 'server') adoptNumbers(state, record, fragment);
  if (fate === 'old') onRepeated(state, record, fragment);
  if (fate === 'out-of-bounds' || fate === 'contradicts') {
    const reason = fate === 'contradicts' ? 'unexpected' : fate;
    drop(state, reason, `piece of message ${fragment.sequence}`, aboutOf(record));
  }
  return fate;
}

function adoptNumbers(state: DtlsState, record: OpenedRecord, fragment: HandshakeFragment): void {
  state.write.messageSequence = fragment.sequence;
  const half = state.write.epochs.get(0);
  if (half !== undefined) half.sequence = Math.max(half.sequence, record.sequence);
}

/** The end of the last message of the flight that ours answers: the peer says it again because ours was lost. */
function onRepeated(state: DtlsState, record: OpenedRecord, fragment: HandshakeFragment): void {
  const { last } = state.reassembly;
  const { sequence, offset, data, length, type } = fragment;
  if (last?.sequence !== sequence || last.epoch !== record.epoch || offset + data.length < length) return;
  const attempt = ++state.read.repeats;
  const messages = [handshakeName(type)];
  state.emit({ kind: 'retransmission', by: 'peer', why: 'timeout', messages, attempt });
  repeatForPeer(state);
}

/** Hands whole messages to the handshake, in order. Gives what the step is called by; undefined: none was whole. */
function deliver(state: DtlsState): Progress['what'] | undefined {
  let what: Progress['what'] | undefined;
  for (;;) {
    const next = peekMessage(state.reassembly);
    if (next === undefined) return what;
    const { message, sequence, epoch } = next;
    if (epoch < state.read.current) {
      // Came in the clear before there were keys, and is not what the peer says with them.
      dropPartial(state.reassembly, sequence);
      return what;
    }
    takeMessage(state.reassembly, sequence, epoch);
    state.read.repeats = 0;
    const seen = receiveMessage(state, message, sequence, epoch);
    what = what === undefined ? seen : moreTelling(what, seen);
    if (state.phase === 'failed') return what;
  }
}

function receiveMessage(
  state: DtlsState,
  message: Uint8Array,
  sequence: number,
  epoch: number,
): Progress['what'] {
  const level = levelOf(state, epoch);
  const before = state.phase;
  state.emit(messageFact('peer', level, message));
  state.read.warnings = 0;
  if (state.version === 0x0303 && epoch === 1 && state.read.current === 0) {
    // The record opened under the new keys, so the change came, whatever became of its own record.
    carryOut(state, state.machine.changeCipherSpec(state.clock.now), 'answer');
    state.read.current = 1;
  }
  if (receiveConnectionIds(state, message)) return 'handshake';
  const actions = state.machine.receive(state.clock.now, level, message, sequence);
  // Any of the peer's next flight says that it has ours (RFC 9147 §7.1); 1.2 goes on until it has the whole.
  if (before === 'handshake' && isVersion13(state, actions)) endFlight(state);
  carryOut(state, actions, 'answer');
  if (message[0] === HANDSHAKE.new_session_ticket) state.read.tickets++;
  if (message[0] === HANDSHAKE.key_update) state.write.askedKeyUpdate = false;
  const { version } = state;
  for (const fact of contentFacts('peer', message, { version, afterOurClose: state.write.closeNotify }))
    state.emit(fact);
  const what = nameStep(message, before === 'open', actions);
  return state.write.renegotiating ? moreTelling('renegotiation', what) : what;
}

function isVersion13(state: DtlsState, actions: readonly HandshakeAction[]): boolean {
  return state.version === 0x0304 || actions.some((one) => one.do === 'version' && one.version === 0x0304);
}

function levelOf(state: DtlsState, epoch: number): Level {
  if (epoch === 0) return 'initial';
  return state.version === 0x0304 && epoch === 2 ? 'handshake' : 'application';
}

function aboutOf({ bytes, epoch, sequence }: OpenedRecord): {
  bytes: number;
  epoch: number;
  sequence: number;
  type: number;
} {
  return { bytes, epoch, sequence, type: DTLS_CONTENT.handshake };
}
