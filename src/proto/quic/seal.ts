import type { Fact, Millis } from '../../timeline/event.ts';
import { toHex } from '../../wire/bytes.ts';
import type { HeaderFields } from '../../wire/quic-packet-encode.ts';
import { peerId } from './connection-ids.ts';
import type { Space } from './core.ts';
import type { Draft } from './draft.ts';
import { sendKeys } from './keys.ts';
import { keyPhase, sealShort } from './packets/key-phases.ts';
import { payloadRoom, sealPacket } from './packets/seal.ts';
import type { SentPacket } from './sent.ts';
import type { QuicState } from './state.ts';

export type Sealed = { bytes: Uint8Array; packet: SentPacket; fact: Fact };

/** How many bytes of frames a packet of this space holds in `room` bytes; negative when not even an empty one fits. */
export function roomFor(state: QuicState, space: Space, room: number): number {
  const header = headerFor(state, space);
  const { nextNumber: number } = state.spaces[space];
  return payloadRoom({ header, number, largestAcked: largestAcked(state, space) }, TAG, room);
}

/** Protects it, under the next packet number. `atLeast`: bytes that it must have, by PADDING. */
export function sealDraft(state: QuicState, draft: Draft, atLeast: number, now: Millis): Sealed {
  const { space, sent, notes } = draft;
  const header = headerFor(state, space);
  const bytes = sealPayload(state, space, draft.writer.finish(), atLeast);
  const number = state.spaces[space].nextNumber++;
  const packet: SentPacket = {
    ...{ space, number, bytes: bytes.length, sentAt: now, ackEliciting: draft.ackEliciting },
    ...{ inFlight: draft.ackEliciting || atLeast > 0, level: space, frames: sent },
  };
  const padded = bytes.length >= atLeast && atLeast > 0 ? [{ name: 'PADDING' }] : [];
  const { destination } = header;
  const { phases } = state.keys;
  const fact: Fact = {
    ...{ kind: 'packet', by: 'local', type: header.type, number, bytes: bytes.length },
    ...{ frames: [...notes, ...padded], destination: toHex(destination) },
    ...(header.type !== '1rtt' && { version: header.version, source: toHex(header.source) }),
    ...(header.type === '1rtt' && phases !== undefined && { keyPhase: keyPhase(phases.send.generation) }),
  };
  return { bytes, packet, fact };
}

/** These frames under the next packet number, which is not used up. The caller has seen that there are keys. */
export function sealPayload(
  state: QuicState,
  space: Space,
  payload: Uint8Array,
  atLeast: number,
): Uint8Array {
  const header = headerFor(state, space);
  const { nextNumber: number } = state.spaces[space];
  const fixedBit = fixedBitOf(state);
  const packet = { number, largestAcked: largestAcked(state, space), payload, atLeast, fixedBit };
  const { keys } = state;
  if (header.type === '1rtt') {
    if (keys.phases === undefined) throw new RangeError('no 1-RTT keys');
    return sealShort(keys.phases, { ...packet, destination: header.destination });
  }
  const own = sendKeys(keys, space === 'initial' ? 'initial' : 'handshake', header.version);
  if (own === undefined) throw new RangeError(`no keys for ${space}`);
  return sealPacket({ ...packet, header }, own);
}

/** RFC 9287 §3: any value, where the peer has said that it does not mind. */
function fixedBitOf({ config, peer, deps }: QuicState): boolean {
  if (!config.policy.grease || peer?.greaseQuicBit !== true) return true;
  return ((deps.random(1)[0] ?? 1) & 1) === 1;
}

function headerFor(state: QuicState, space: Space): HeaderFields {
  const destination = peerId(state.theirs);
  if (space === 'application') {
    const { phases } = state.keys;
    return { type: '1rtt', destination, keyPhase: keyPhase(phases?.send.generation ?? 0) };
  }
  const common = { version: state.versions.chosen, destination, source: state.ids.ownSource };
  return space === 'initial'
    ? { type: 'initial', ...common, token: state.token }
    : { type: 'handshake', ...common };
}

function largestAcked({ recovery }: QuicState, space: Space): number | undefined {
  return recovery.spaces[space].largestAcked;
}

/** Every AEAD that QUIC takes has one of 16 bytes (RFC 9001 §5.3). */
const TAG = 16;
