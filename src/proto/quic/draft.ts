import type { FrameNote, Millis } from '../../timeline/event.ts';
import { encodeFrame, frameSize } from '../../wire/quic-frame-encode.ts';
import { frameNote } from '../../wire/quic-frame-note.ts';
import { isAckEliciting } from '../../wire/quic-frame-types.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { Writer } from '../../wire/writer.ts';
import { localIdsPending, nextLocalId, nextRetiredId, peerIdsPending } from './connection-ids.ts';
import type { Space } from './core.ts';
import { cryptoPending, nextCrypto } from './crypto-stream.ts';
import { ackDueAt, ackFrame, ackSent, largestReceived } from './recovery/acks.ts';
import type { SentFrame } from './sent.ts';
import type { QuicState } from './state.ts';
import { nextFrame, pending } from './streams/outgoing.ts';

/** The payload of a packet in the making. */
export type Draft = {
  space: Space;
  writer: Writer;
  size: number;
  room: number;
  sent: SentFrame[];
  notes: FrameNote[];
  ackEliciting: boolean;
  /** The datagram has to be expanded to 1200 bytes (RFC 9000 §8.2.1, §8.2.2). */
  expand: boolean;
};

export function createDraft(space: Space, room: number): Draft {
  return {
    ...{ space, room, writer: new Writer(), size: 0, sent: [], notes: [] },
    ...{ ackEliciting: false, expand: false },
  };
}

/** False: there is no room for it. */
export function put(draft: Draft, frame: Frame, sent?: SentFrame): boolean {
  const size = frameSize(frame);
  if (draft.size + size > draft.room) return false;
  encodeFrame(draft.writer, frame);
  draft.size += size;
  draft.notes.push(frameNote(frame));
  if (sent !== undefined) draft.sent.push(sent);
  if (isAckEliciting(frame)) draft.ackEliciting = true;
  return true;
}

/**
 * What is to be said in this space now, as far as it fits. `free`: the window lets us say more than ACKs. Undefined: nothing. What is
 * taken counts as sent.
 */
export function fillDraft(
  state: QuicState,
  draft: Draft,
  free: () => boolean,
  now: Millis,
): Draft | undefined {
  const own = state.spaces[draft.space];
  const { maxAckDelayMs } = state.config.policy;
  const due = ackDueAt(own.received, maxAckDelayMs);
  const ackOwed = own.ackNow || (due !== undefined && due <= now);
  const speaks = own.probes > 0 || (hasContent(state, draft.space) && free());
  if (!ackOwed && !speaks) return undefined;
  putAck(state, draft, now);
  if (speaks) {
    if (draft.space === 'application') putConnection(state, draft);
    putContent(state, draft);
    if (!draft.ackEliciting && own.probes > 0) put(draft, { type: 'ping' }, { kind: 'ping' });
    if (draft.ackEliciting) own.probes = Math.max(0, own.probes - 1);
  }
  return draft.size === 0 ? undefined : draft;
}

/** Is there something besides ACKs? */
function hasContent(state: QuicState, space: Space): boolean {
  const own = state.spaces[space];
  if (cryptoPending(own.crypto) || own.raw.length > 0) return true;
  if (space !== 'application') return false;
  const { outbox, ours, theirs, streams, path } = state;
  return (
    outbox.handshakeDone ||
    outbox.newToken ||
    outbox.challenge ||
    outbox.pings > 0 ||
    path.responses.some(({ to }) => to === path.from) ||
    localIdsPending(ours) ||
    peerIdsPending(theirs) ||
    pending(streams)
  );
}

/** Whatever else goes out, an ACK that is owed goes with it (RFC 9000 §13.2.1). */
function putAck(state: QuicState, draft: Draft, now: Millis): void {
  const own = state.spaces[draft.space];
  const { received } = own;
  if (received.owedSince === undefined && !own.ackNow) return;
  own.ackNow = false;
  const largest = largestReceived(received);
  const muted = state.outbox.muted.has('acks');
  const frame = muted ? undefined : ackFrame(received, now, OUR_EXPONENT);
  ackSent(received);
  if (frame !== undefined && largest !== undefined) put(draft, frame, { kind: 'ack', largest });
}

function putConnection(state: QuicState, draft: Draft): void {
  const { outbox, path, ours, theirs, config } = state;
  const [response] = path.responses;
  if (response !== undefined && response.to === path.from) {
    const { data } = response;
    if (put(draft, { type: 'path_response', data }, { kind: 'path-response' })) path.responses.shift();
    draft.expand = true;
  }
  const challenge = path.challenge?.data[0];
  if (outbox.challenge && challenge !== undefined) {
    if (put(draft, { type: 'path_challenge', data: challenge }, { kind: 'path-challenge' }))
      outbox.challenge = false;
    draft.expand = true;
  }
  if (outbox.handshakeDone && put(draft, { type: 'handshake_done' }, { kind: 'handshake-done' }))
    outbox.handshakeDone = false;
  if (outbox.newToken && config.newToken !== undefined) {
    const token = config.newToken();
    outbox.tokenBytes = token.length;
    if (put(draft, { type: 'new_token', token }, { kind: 'new-token' })) outbox.newToken = false;
  }
  if (outbox.pings > 0 && put(draft, { type: 'ping' }, { kind: 'ping' })) outbox.pings--;
  putAll(draft, (room) => nextRetiredId(theirs, room));
  putAll(draft, (room) => nextLocalId(ours, room));
}

function putContent(state: QuicState, draft: Draft): void {
  const { crypto, raw } = state.spaces[draft.space];
  putAll(draft, (room) => nextCrypto(crypto, room));
  for (let next = raw[0]; next !== undefined && draft.size + next.length <= draft.room; next = raw[0]) {
    raw.shift();
    draft.writer.raw(next);
    draft.size += next.length;
    draft.notes.push({ name: 'raw', detail: `${next.length} bytes` });
    draft.ackEliciting = true;
  }
  if (draft.space === 'application') putAll(draft, (room) => nextFrame(state.streams, room));
}

function putAll(draft: Draft, next: (room: number) => { frame: Frame; sent: SentFrame } | undefined): void {
  for (let out = next(draft.room - draft.size); out !== undefined; out = next(draft.room - draft.size)) {
    put(draft, out.frame, out.sent);
  }
}

/** We announce no ack_delay_exponent. */
const OUR_EXPONENT = 3;
