import type { Fact, Millis } from '../../timeline/event.ts';
import { encodeFragment, FRAGMENT_HEADER_LENGTH } from '../../wire/dtls-handshake.ts';
import { DTLS_CONTENT, type RecordNumber } from '../../wire/dtls-record.ts';
import { handshakeName } from '../../wire/handshake.ts';
import { contentFacts, messageFact } from '../message-facts.ts';
import { createFlight, type Outgoing, type Piece } from './owed.ts';
import {
  createPacker,
  type Packer,
  packRecord,
  queuePacked,
  recordOverhead,
  roomFor,
  sealRecord,
} from './send.ts';
import type { DtlsState } from './state.ts';

/*
 * The sender of a flight (RFC 6347 §4.2.4 figure 3; RFC 9147 §5.8.1 figure 12 adds what is marked *):
 *
 *            replaceFlight / addToFlight
 *   PREPARING ───────────────────────────► SENDING ──► WAITING ◄────────────┐
 *       ▲        messages numbered, cut     pack()      │  │ timer fires,    │
 *       │        to pieces of the MTU                   │  │ peer repeats    │
 *       │                                               │  └──► repeat() ────┘ interval doubled (timer only)
 *       │  the peer's next flight is whole;             │
 *       │  *any of it came, or all is acknowledged      │
 *       └───────────────────────────────────────────────┤
 *                                                       ▼ ours was the last flight: no timer
 *                                                   FINISHED ── peer repeats its last ──► repeat()
 */

/** Sends a flight; the one before it needs no repeating any more. `waits`: for an answer. */
export function replaceFlight(state: DtlsState, messages: Outgoing[], waits: boolean): void {
  state.flight = { ...createFlight(nextInterval(state)), messages };
  arm(state, waits);
  transmit(state, messages, 'first');
}

/** DTLS 1.3, after the handshake: each message waits for its ACK, beside whatever else does. */
export function addToFlight(state: DtlsState, messages: Outgoing[]): void {
  if (state.flight.messages.length === 0) state.flight = createFlight(nextInterval(state));
  state.flight.messages.push(...messages);
  if (state.flight.deadline === undefined) arm(state, true);
  transmit(state, messages, 'first');
}

/** The peer has it all. */
export function endFlight(state: DtlsState): void {
  state.flight = { ...createFlight(state.flight.interval), attempt: state.flight.attempt };
}

/** The timer ran out. False: it did so once too often. */
export function repeatAfterTimeout(state: DtlsState): boolean {
  const { flight, timing } = state;
  if (flight.attempt >= timing.tries) return false;
  const waitedMs = flight.interval;
  flight.attempt++;
  flight.interval = Math.min(flight.interval * 2, timing.maxMs);
  arm(state, true);
  // What the transport has not taken yet is not said twice.
  if (state.units.length === 0) transmit(state, flight.messages, 'timeout', waitedMs);
  return true;
}

/** The peer has repeated the flight that ours answers: ours was lost. */
export function repeatForPeer(state: DtlsState): void {
  const { flight } = state;
  if (flight.messages.length === 0 || state.units.length > 0) return;
  flight.attempt++;
  if (flight.deadline !== undefined) arm(state, true);
  transmit(state, flight.messages, 'peer-repeats');
}

/** Takes an ACK's record numbers to heart; gives the messages that are now acknowledged whole (RFC 9147 §7.2). */
export function acknowledge(state: DtlsState, records: readonly RecordNumber[]): Outgoing[] {
  const { flight } = state;
  for (const piece of flight.messages.flatMap(({ pieces }) => pieces)) {
    piece.acknowledged ||= piece.records.some((ours) => records.some((theirs) => same(ours, theirs)));
  }
  const done = flight.messages.filter(isAcknowledged);
  flight.messages = flight.messages.filter((message) => !isAcknowledged(message));
  if (flight.messages.length === 0) endFlight(state);
  return done;
}

function messageName(message: Uint8Array | undefined): string {
  return message === undefined ? 'change_cipher_spec' : handshakeName(message[0] ?? 0);
}

/** RFC 6347 §4.2.4.1, RFC 9147 §5.8.2: the interval goes back only once something came through at the first try. */
function nextInterval({ flight, timing }: DtlsState): Millis {
  return flight.attempt === 0 ? timing.initialMs : flight.interval;
}

function arm(state: DtlsState, waits: boolean): void {
  state.flight.deadline = waits ? state.clock.now + state.flight.interval : undefined;
}

function transmit(
  state: DtlsState,
  messages: readonly Outgoing[],
  why: 'first' | 'timeout' | 'peer-repeats',
  waitedMs?: Millis,
): void {
  const packer = createPacker();
  for (const outgoing of messages) packMessage(state, packer, outgoing, why === 'first');
  const names = messages.map(({ message }) => messageName(message));
  const first = packer.datagrams[0];
  if (first === undefined) return;
  const bytes = packer.datagrams.reduce((sum, { size }) => sum + size, 0);
  const { attempt } = state.flight;
  const fact: Fact =
    why === 'first'
      ? { kind: 'flight', by: 'local', messages: names, bytes, datagrams: packer.datagrams.length }
      : { kind: 'retransmission', by: 'local', why, messages: names, attempt };
  first.facts.unshift(
    fact.kind === 'retransmission' && waitedMs !== undefined ? { ...fact, waitedMs } : fact,
  );
  queuePacked(state, packer);
}

function packMessage(state: DtlsState, packer: Packer, outgoing: Outgoing, isFirst: boolean): void {
  const { message, epoch, sequence } = outgoing;
  if (message === undefined) {
    const type = DTLS_CONTENT.change_cipher_spec;
    const facts: Fact[] = isFirst ? [{ kind: 'change-cipher-spec', by: 'local' }] : [];
    packRecord(state, packer, sealRecord(state, epoch, type, Uint8Array.of(1)), type, facts);
    return;
  }
  if (outgoing.pieces.length === 0) outgoing.pieces = cut(state, packer, outgoing, message.length - 4);
  const last = outgoing.pieces.at(-1);
  for (const piece of outgoing.pieces) {
    if (piece.acknowledged) continue;
    const content = encodeFragment(message, sequence, piece.offset, piece.length);
    const record = sealRecord(state, epoch, DTLS_CONTENT.handshake, content);
    piece.records.push({ epoch, sequence: record.sequence });
    const facts = isFirst && piece === last ? messageFacts(state, outgoing, message) : [];
    packRecord(state, packer, record, DTLS_CONTENT.handshake, facts);
  }
}

/** The first piece fills what is left of the datagram under way, if that is worth it; the others one each. */
function cut(state: DtlsState, packer: Packer, { epoch }: Outgoing, length: number): Piece[] {
  const overhead = recordOverhead(state, epoch) + FRAGMENT_HEADER_LENGTH;
  const limit = state.write.peerLimit ?? Number.POSITIVE_INFINITY;
  const pieces: Piece[] = [];
  let room = roomFor(state, packer, overhead + Math.min(length, WORTH_IT)) - overhead;
  let offset = 0;
  do {
    const most = Math.max(1, epoch === 0 ? room : Math.min(room, limit - FRAGMENT_HEADER_LENGTH - 1));
    const size = Math.min(most, length - offset);
    pieces.push({ offset, length: size, records: [], acknowledged: false });
    offset += size;
    room = state.timing.mtu - overhead;
  } while (offset < length);
  return pieces;
}

function messageFacts(state: DtlsState, { level }: Outgoing, message: Uint8Array): Fact[] {
  const { version, write } = state;
  const content = contentFacts('local', message, { version, afterOurClose: write.closeNotify });
  return [messageFact('local', level, message), ...content];
}

function isAcknowledged({ pieces }: Outgoing): boolean {
  return pieces.length > 0 && pieces.every((piece) => piece.acknowledged);
}

function same(a: RecordNumber, b: RecordNumber): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence;
}

const WORTH_IT = 48;
