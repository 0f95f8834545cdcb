import type { Millis } from '../../timeline/event.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import { frameNote } from '../../wire/quic-frame-note.ts';
import { FRAME_TYPES, isAckEliciting } from '../../wire/quic-frame-types.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { discard } from './confirm.ts';
import { adoptPeerId, localIds, peerResetTokens } from './connection-ids.ts';
import type { Space } from './core.ts';
import { transportFault } from './faults.ts';
import { readFrames, takeFrame } from './frames.ts';
import { tellKeyUpdate } from './key-update.ts';
import {
  type DroppedPacket,
  type OpenContext,
  type Opened,
  type OpenedPacket,
  openDatagram,
} from './packets/open.ts';
import { isStatelessReset } from './packets/stateless-reset.ts';
import { onPacketFrom } from './path.ts';
import { isKnown, largestReceived, noteReceived } from './recovery/acks.ts';
import { creditReceived, validateAddress } from './recovery/amplification.ts';
import { idleReceived } from './recovery/idle.ts';
import { onStatelessReset } from './reset.ts';
import type { Datagram, QuicState } from './state.ts';
import {
  changeVersion,
  offerInitialKeys,
  type Restart,
  takeRetry,
  takeVersionNegotiation,
} from './version.ts';

/** A datagram while the connection lives (RFC 9000 §5.2, §12.2). Throws faults. */
export function takeDatagram(state: QuicState, datagram: Datagram, now: Millis, restart: Restart): void {
  const { path } = state;
  path.from ??= datagram.from;
  if (datagram.from === path.from) creditReceived(path.amplification, datagram.data.length);
  const before = state.keys;
  const opened = takePackets(state, datagram, now, restart);
  if (!opened && isStatelessReset(datagram.data, peerResetTokens(state.theirs))) {
    onStatelessReset(state, datagram.data.length, now);
    return;
  }
  if (opened && state.keys === before) takeEarly(state, now, restart);
}

/** How packets are opened, as things stand (asked for each packet). */
export function openContext(state: QuicState): OpenContext {
  return {
    idLength: state.ids.ownSource.length,
    greased: state.config.policy.grease,
    keys(type, version) {
      if (type === '0rtt') return undefined;
      if (type === 'handshake')
        return version === state.versions.chosen ? state.keys.handshake.peer : undefined;
      offerInitialKeys(state, version);
      return state.keys.initial?.get(version)?.peer;
    },
    phases: () => state.keys.phases,
    expected: (space) => (largestReceived(state.spaces[space].received) ?? -1) + 1,
  };
}

/** True: one of them was opened, or was believed in another way. */
function takePackets(state: QuicState, datagram: Datagram, now: Millis, restart: Restart): boolean {
  let offset = 0;
  let any = false;
  for (const opened of openDatagram(datagram.data, openContext(state))) {
    const packet = datagram.data.subarray(offset, offset + opened.bytes);
    offset += opened.bytes;
    if (takeOne(state, opened, { ...datagram, data: packet, whole: datagram.data.length }, now, restart))
      any = true;
    if (state.phase !== 'handshake' && state.phase !== 'open') break;
  }
  return any;
}

/** One packet, and how large the datagram was that it came in. */
type Piece = Datagram & { whole: number };

function takeOne(state: QuicState, opened: Opened, piece: Piece, now: Millis, restart: Restart): boolean {
  switch (opened.kind) {
    case 'opened':
      return takePacket(state, opened, piece, now);
    case 'dropped':
      takeDropped(state, opened, piece);
      return false;
    case 'retry':
      return believed(state, takeRetry(state, opened.header, piece.data, now), 'retry', piece);
    case 'version-negotiation': {
      const why = takeVersionNegotiation(state, opened.header, piece.data, now, restart);
      return believed(state, why, 'version-negotiation', piece);
    }
    case 'foreign': {
      const detail = `version 0x${opened.header.version.toString(16)}`;
      state.emit({ kind: 'dropped', by: 'peer', reason: 'unexpected', bytes: piece.data.length, detail });
      return false;
    }
    default:
      return opened satisfies never;
  }
}

function believed(state: QuicState, why: string | undefined, packet: string, piece: Piece): boolean {
  if (why === undefined) return true;
  const bytes = piece.data.length;
  state.emit({ kind: 'dropped', by: 'peer', reason: 'unexpected', bytes, detail: why, packet });
  return false;
}

/** What came before its keys is kept for a moment (§5.7 of RFC 9001); the rest is nothing. */
function takeDropped(state: QuicState, dropped: DroppedPacket, piece: Piece): void {
  const { inbox, spaces } = state;
  const space =
    dropped.packet === 'handshake' ? 'handshake' : dropped.packet === '1rtt' ? 'application' : undefined;
  const mayCome =
    dropped.reason === 'no-keys' && space !== undefined && !spaces[space].discarded && !hasKeys(state, space);
  if (mayCome && inbox.early.length < MOST_EARLY) {
    inbox.early.push({ data: piece.data.slice(), arrived: piece.arrived, from: piece.from });
    return;
  }
  const { bytes, detail, packet } = dropped;
  const reason = mayCome ? 'out-of-bounds' : dropped.reason;
  state.emit({ kind: 'dropped', by: 'peer', reason, bytes, detail, ...(packet !== undefined && { packet }) });
}

function hasKeys({ keys }: QuicState, space: Space): boolean {
  return space === 'handshake' ? keys.handshake.peer !== undefined : keys.phases !== undefined;
}

function takeEarly(state: QuicState, now: Millis, restart: Restart): void {
  const { early } = state.inbox;
  if (early.length === 0 || (!hasKeys(state, 'handshake') && !hasKeys(state, 'application'))) return;
  state.inbox.early = [];
  for (const datagram of early) {
    if (state.phase !== 'handshake' && state.phase !== 'open') return;
    takePackets(state, datagram, now, restart);
  }
}

/** RFC 9000 §12.3, §13.1, §17.2. False: it was dropped. */
function takePacket(state: QuicState, packet: OpenedPacket, piece: Piece, now: Millis): boolean {
  const why = notForUs(state, packet, piece);
  if (why !== undefined) {
    const { number: sequence, header, bytes } = packet;
    state.emit({ kind: 'dropped', by: 'peer', ...why, bytes, sequence, packet: header.type });
    return false;
  }
  adopt(state, packet);
  if (!packet.reservedZero)
    throw transportFault('PROTOCOL_VIOLATION', 'reserved-bits', 'reserved bits are set');
  const { header, space, number } = packet;
  if (header.form === 'long' && header.token.length > 0 && state.role === 'client')
    throw transportFault('PROTOCOL_VIOLATION', 'token-from-server', 'an Initial of a server with a token');
  const frames = readFrames(packet);
  tellPacket(state, packet, frames);
  const isNewest = number > (largestReceived(state.spaces[space].received) ?? -1);
  noteReceived(state.spaces[space].received, { number, ackEliciting: frames.some(isAckEliciting), now });
  idleReceived(state.idle, now);
  if (packet.keyUpdate !== undefined) tellKeyUpdate(state, packet.keyUpdate, now);
  if (space === 'handshake' && state.role === 'server') {
    validateAddress(state.path.amplification);
    discard(state, 'initial', now);
  }
  if (space === 'application') {
    const probes = frames.every((frame) => FRAME_TYPES[frame.type].probing);
    onPacketFrom(state, { from: piece.from, isNewest, probes, bytes: piece.whole }, now);
  }
  for (const frame of frames) {
    takeFrame(state, frame, { packet, from: piece.from, bytes: piece.whole }, now);
    if (state.phase !== 'handshake' && state.phase !== 'open') break;
  }
  return true;
}

type Refusal = { reason: 'unexpected' | 'connection-id' | 'replayed'; detail: string };

function notForUs(state: QuicState, packet: OpenedPacket, piece: Piece): Refusal | undefined {
  const { header, space, number } = packet;
  const { role, ids, path } = state;
  if (role === 'server' && space === 'initial' && piece.whole < SMALLEST_INITIAL)
    return { reason: 'unexpected', detail: `an Initial in a datagram of ${piece.whole} bytes` };
  if (role === 'server' && piece.from !== path.from && !state.handshake.confirmed)
    return { reason: 'unexpected', detail: 'from another address during the handshake' };
  if (!isOurs(state, header.destination, space))
    return { reason: 'connection-id', detail: `for ${toHex(header.destination)}` };
  const { peerSource } = ids;
  if (header.form === 'long' && peerSource !== undefined && !equalBytes(header.source, peerSource))
    return { reason: 'connection-id', detail: `from ${toHex(header.source)}` };
  if (isKnown(state.spaces[space].received, number))
    return { reason: 'replayed', detail: `packet ${number} once more` };
  return undefined;
}

/** A client may address a server by what it made up until it knows better (§7.2). */
function isOurs({ role, ids, ours }: QuicState, destination: Uint8Array, space: Space): boolean {
  if (localIds(ours).some((id) => equalBytes(id, destination))) return true;
  return role === 'server' && space === 'initial' && equalBytes(ids.retry ?? ids.original, destination);
}

/** The first packet of the peer names it, and a server's the version (§7.2, RFC 9368 §2.3). */
function adopt(state: QuicState, { header }: OpenedPacket): void {
  state.heard = true;
  if (header.form !== 'long' || state.ids.peerSource !== undefined) return;
  state.ids.peerSource = header.source.slice();
  adoptPeerId(state.theirs, state.ids.peerSource);
  if (state.role === 'client') changeVersion(state, header.version);
}

function tellPacket(state: QuicState, packet: OpenedPacket, frames: readonly Frame[]): void {
  const { header, number, bytes, keyPhase } = packet;
  state.emit({
    ...{ kind: 'packet', by: 'peer', type: header.type, number, bytes, frames: frames.map(frameNote) },
    ...(header.form === 'long' && { version: header.version, source: toHex(header.source) }),
    ...{ destination: toHex(header.destination) },
    ...(keyPhase !== undefined && { keyPhase }),
  });
}

/** RFC 9000 §14.1. */
const SMALLEST_INITIAL = 1200;
const MOST_EARLY = 10;
