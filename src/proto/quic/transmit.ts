import type { Fact, Millis } from '../../timeline/event.ts';
import { resend } from './acknowledgements.ts';
import { sayCloseAgain, terminate } from './close.ts';
import { closeUnit } from './close-unit.ts';
import { discard } from './confirm.ts';
import { createDraft, type Draft, fillDraft, put } from './draft.ts';
import { updateWornKeys } from './key-update.ts';
import { canSend } from './keys.ts';
import { burst, mayBurst } from './pacing.ts';
import { keyUse } from './packets/key-phases.ts';
import { amplificationAllowance, debitSent } from './recovery/amplification.ts';
import { allowance } from './recovery/congestion.ts';
import { idleSent } from './recovery/idle.ts';
import { onPacketSent } from './recovery/loss.ts';
import { SPACES } from './recovery/state.ts';
import { roomFor } from './seal.ts';
import type { QuicState, Unit } from './state.ts';
import { onTransmitted } from './streams/outcome.ts';
import { largestDatagram, SMALLEST, sealUnit } from './unit.ts';

/** The next datagram; the same until it has left. */
export function peekUnit(state: QuicState, now: Millis): Unit | undefined {
  const { outbox } = state;
  while (outbox.pending === undefined) {
    const unit = makeUnit(state, now);
    if (unit === undefined) return undefined;
    outbox.pending = unit;
    // What a script says below the core is not the core's.
    if (outbox.muted.has('everything') && unit.packets.length > 0) unitSent(state, now, true);
  }
  return outbox.pending;
}

/** It left: now it counts, and what is in it becomes facts. `silently`: it did not, but shall be believed to. */
export function unitSent(state: QuicState, now: Millis, silently = false): void {
  const { outbox, path, recovery, role, pacer } = state;
  const unit = outbox.pending;
  if (unit === undefined) return;
  outbox.pending = undefined;
  if (unit.to === path.from) debitSent(path.amplification, unit.bytes.length);
  if (!silently) for (const fact of unit.facts) state.emit(fact);
  if (unit.closes && !silently) state.closing.sent++;
  for (const packet of unit.packets) {
    onPacketSent(recovery, { ...packet, sentAt: now });
    if (packet.inFlight) burst(pacer, packet.bytes);
    if (packet.ackEliciting) idleSent(state.idle, now);
    if (!silently) for (const frame of packet.frames) tellSent(state, frame);
  }
  // RFC 9001 §4.9.1
  if (role === 'client' && unit.packets.some(({ space }) => space === 'handshake'))
    discard(state, 'initial', now);
}

/** The unit that waits is not to go out: what it held counts as lost. */
export function discardUnit(state: QuicState): void {
  const { outbox, spaces } = state;
  const unit = outbox.pending;
  outbox.pending = undefined;
  outbox.raw.length = 0;
  if (unit?.closes) sayCloseAgain(state);
  for (const packet of unit?.packets ?? []) {
    resend(state, packet);
    if (packet.frames.some(({ kind }) => kind === 'ack')) spaces[packet.space].ackNow = true;
  }
}

/** A server that may not send before the client says more (RFC 9000 §8.1): not what an Initial needs, or to a new path, next to nothing. */
export function isBlocked({ path, handshake }: QuicState): boolean {
  return amplificationAllowance(path.amplification) < (handshake.confirmed ? LEAST_DATAGRAM : SMALLEST);
}

function makeUnit(state: QuicState, now: Millis): Unit | undefined {
  const bytes = state.outbox.raw.shift();
  if (bytes !== undefined) return { bytes, packets: [], facts: [], closes: false, to: state.path.from };
  switch (state.phase) {
    case 'closing':
    case 'draining':
      return closeUnit(state, now);
    case 'handshake':
    case 'open':
      return elsewhere(state, now) ?? ordinaryUnit(state, now);
    default:
      return undefined;
  }
}

/** What is owed in every space, together in one datagram (RFC 9000 §12.2). */
function ordinaryUnit(state: QuicState, now: Millis): Unit | undefined {
  if (isBlocked(state) || !keysLast(state, now)) return undefined;
  const limit = Math.min(largestDatagram(state), amplificationAllowance(state.path.amplification));
  const drafts: Draft[] = [];
  let left = limit;
  for (const space of SPACES) {
    if (!canSend(state.keys, space)) continue;
    const room = roomFor(state, space, left);
    if (room < LEAST_ROOM) break;
    const free = (): boolean => isFree(state, left, limit) && mayBurst(state.pacer, state.recovery, now);
    const draft = fillDraft(state, createDraft(space, room), free, now);
    if (draft === undefined) continue;
    drafts.push(draft);
    // What is less is padded for the sample of header protection (RFC 9001 §5.4.2).
    left = room - Math.max(draft.size, LEAST_PAYLOAD);
  }
  return drafts.length === 0 ? undefined : sealUnit(state, drafts, now);
}

/** RFC 9002 §7: what is in flight stays within the window. */
function isFree({ recovery }: QuicState, left: number, limit: number): boolean {
  return allowance(recovery) - (limit - left) >= left;
}

/** A PATH_CHALLENGE that came from where the peer is not: the answer goes there, and nothing else (§8.2.2). */
function elsewhere(state: QuicState, now: Millis): Unit | undefined {
  const { responses, from } = state.path;
  const response = responses.find(({ to }) => to !== from);
  if (response === undefined || !canSend(state.keys, 'application')) return undefined;
  responses.splice(responses.indexOf(response), 1);
  const draft = createDraft('application', roomFor(state, 'application', SMALLEST));
  put(draft, { type: 'path_response', data: response.data }, { kind: 'path-response' });
  draft.expand = response.most >= SMALLEST;
  return sealUnit(state, [draft], now, response.to);
}

/** No key seals more packets than it may (RFC 9001 §6.6). */
function keysLast(state: QuicState, now: Millis): boolean {
  updateWornKeys(state);
  const { phases } = state.keys;
  if (phases === undefined || keyUse(phases).left > 0) return true;
  state.closing.cause ??= { kind: 'aborted', why: 'the keys are used up' };
  terminate(state, now, 'the keys are used up');
  return false;
}

function tellSent(state: QuicState, frame: Unit['packets'][number]['frames'][number]): void {
  if (frame.kind === 'crypto') {
    const { messages } = state.spaces[frame.space];
    const end = frame.offset + frame.length;
    for (let first = messages[0]; first !== undefined && first.end <= end; first = messages[0]) {
      for (const fact of first.facts) state.emit(fact);
      messages.shift();
    }
    return;
  }
  const fact = factOf(state, frame.kind);
  if (fact !== undefined) state.emit(fact);
  onTransmitted(state.streams, frame);
}

function factOf({ path, outbox }: QuicState, kind: string): Fact | undefined {
  if (kind === 'path-challenge')
    return { kind: 'path', by: 'local', what: 'challenge', detail: path.from ?? 'the only one' };
  if (kind === 'path-response') return { kind: 'path', by: 'local', what: 'response', detail: '' };
  if (kind === 'new-token')
    return { kind: 'token', by: 'local', what: 'new-token', bytes: outbox.tokenBytes };
  return undefined;
}

/** Room for a challenge and an ACK. */
const LEAST_DATAGRAM = 100;
const LEAST_PAYLOAD = 3;
/** With less of a datagram left, nothing more is put into it. */
const LEAST_ROOM = 48;
