import { type PacketKeys, packetNonce } from '../../../crypto/quic-keys.ts';
import type { DropReason } from '../../../timeline/event.ts';
import { equalBytes } from '../../../wire/bytes.ts';
import { expandPacketNumber } from '../../../wire/packet-number.ts';
import {
  type ForeignHeader,
  type NegotiationHeader,
  type PacketHeader,
  type ProtectedHeader,
  parsePacket,
  type RetryHeader,
} from '../../../wire/quic-packet.ts';
import type { PacketType } from '../../../wire/quic-types.ts';
import { Malformed } from '../../../wire/reader.ts';
import type { Space } from '../core.ts';
import { type KeyPhases, keyPhase, noteForgery, noteOpened, receiveKeys } from './key-phases.ts';
import { applyMask, firstByteBits, SAMPLE_LENGTH, SAMPLE_OFFSET } from './seal.ts';

/** What a connection tells about itself, so that packets can be opened. Asked anew for each packet. */
export type OpenContext = {
  /** Length of the connection IDs that we gave out. */
  idLength: number;
  /** Whether we said grease_quic_bit (RFC 9287): then a fixed bit of 0 is no reason to drop. */
  greased: boolean;
  /** The peer's keys of a long packet; undefined: none yet, no more, or not for this version. */
  keys(type: 'initial' | '0rtt' | 'handshake', version: number): PacketKeys | undefined;
  phases(): KeyPhases | undefined;
  /** One above the largest number that came in this space. */
  expected(space: Space): number;
};

export type OpenedPacket = {
  kind: 'opened';
  header: ProtectedHeader;
  space: Space;
  number: number;
  /** Frames. Empty is a PROTOCOL_VIOLATION (RFC 9000 §12.4). */
  payload: Uint8Array;
  /** False: reserved bits are set, which is a PROTOCOL_VIOLATION (§17.2, §17.3.1). */
  reservedZero: boolean;
  /** 1-RTT. */
  keyPhase?: 0 | 1;
  /** 1-RTT: the first packet of a new generation of the peer's keys; who began the update. Keep the old ones for three PTO. */
  keyUpdate?: 'peer' | 'local';
  bytes: number;
};

export type DroppedPacket = {
  kind: 'dropped';
  reason: DropReason;
  detail: string;
  /** What it claims to be. */
  packet?: PacketType;
  version?: number;
  destination?: Uint8Array;
  bytes: number;
};

export type Opened =
  | OpenedPacket
  | DroppedPacket
  | { kind: 'retry'; header: RetryHeader; bytes: number }
  | { kind: 'version-negotiation'; header: NegotiationHeader; bytes: number }
  /** A long header of a version that we don't speak. */
  | { kind: 'foreign'; header: ForeignHeader; bytes: number };

/**
 * The packets of a datagram, one after the other (RFC 9000 §12.2), each when asked for: what the first one brought may open the
 * second. Throws faults of key updates and AEAD limits, nothing else.
 */
export function* openDatagram(datagram: Uint8Array, context: OpenContext): Generator<Opened, void> {
  let first: Uint8Array | undefined;
  let offset = 0;
  while (offset < datagram.length) {
    const header = parse(datagram, offset, context.idLength);
    const bytes = datagram.length - offset;
    if (header.form === 'malformed') {
      yield { kind: 'dropped', reason: 'malformed', detail: header.detail, bytes };
      return;
    }
    const stray = first !== undefined && !equalBytes(first, header.destination);
    if (stray && !isPadding(datagram, offset)) {
      yield dropped(header, 'connection-id', 'not for the connection of the packet before it');
    } else if (stray) {
      yield { kind: 'dropped', reason: 'malformed', detail: 'zeros behind the last packet', bytes };
    } else {
      first ??= header.destination;
      yield open(datagram, header, context);
    }
    offset = header.end;
  }
}

function open(datagram: Uint8Array, header: PacketHeader, context: OpenContext): Opened {
  const bytes = header.end - header.start;
  switch (header.form) {
    case 'retry':
      return { kind: 'retry', header, bytes };
    case 'version-negotiation':
      return { kind: 'version-negotiation', header, bytes };
    case 'foreign':
      return { kind: 'foreign', header, bytes };
    case 'long': {
      if (!header.fixedBit && !context.greased) return dropped(header, 'malformed', 'its fixed bit is 0');
      const keys = context.keys(header.type, header.version);
      if (keys === undefined) return dropped(header, 'no-keys', `no keys for ${header.type}`);
      return openLong(datagram, header, context, keys);
    }
    case 'short': {
      if (!header.fixedBit && !context.greased) return dropped(header, 'malformed', 'its fixed bit is 0');
      const phases = context.phases();
      if (phases === undefined) return dropped(header, 'no-keys', 'no keys for 1rtt');
      return openShort(datagram, header, context, phases);
    }
  }
}

function openLong(
  datagram: Uint8Array,
  header: Extract<ProtectedHeader, { form: 'long' }>,
  context: OpenContext,
  keys: PacketKeys,
): Opened {
  const space = spaceOf(header.type);
  const bare = unmask(datagram, header, keys, context.expected(space));
  if (bare === undefined) return tooShort(header);
  const payload = keys.aead.open(packetNonce(keys.iv, bare.number), bare.aad, bare.sealed);
  if (payload === undefined)
    return dropped(header, 'undecryptable', `it does not open as packet ${bare.number}`);
  const reservedZero = (bare.first & 0x0c) === 0;
  const bytes = header.end - header.start;
  return { kind: 'opened', header, space, number: bare.number, payload, reservedZero, bytes };
}

function openShort(
  datagram: Uint8Array,
  header: Extract<ProtectedHeader, { form: 'short' }>,
  context: OpenContext,
  phases: KeyPhases,
): Opened {
  const bare = unmask(datagram, header, phases.receive.keys, context.expected('application'));
  if (bare === undefined) return tooShort(header);
  const { number, first } = bare;
  const phase = keyPhase((first >> 2) & 1);
  const chosen = receiveKeys(phases, number, phase);
  if (chosen === undefined)
    return dropped(header, 'no-keys', `packet ${number} has keys that were discarded`);
  const payload = chosen.keys.aead.open(packetNonce(chosen.keys.iv, number), bare.aad, bare.sealed);
  if (payload === undefined) {
    noteForgery(phases);
    return dropped(header, 'undecryptable', `it does not open as packet ${number}`);
  }
  const keyUpdate = noteOpened(phases, number, chosen.which);
  const reservedZero = (first & 0x18) === 0;
  const bytes = header.end - header.start;
  const packet = { kind: 'opened', header, space: 'application', number, payload, bytes } as const;
  const opened: OpenedPacket = { ...packet, reservedZero, keyPhase: phase };
  return keyUpdate === undefined ? opened : { ...opened, keyUpdate };
}

type Bare = { first: number; number: number; aad: Uint8Array; sealed: Uint8Array };

/** Takes the header protection off (RFC 9001 §5.4). Undefined: too short to have any (§5.4.2). */
function unmask(
  datagram: Uint8Array,
  header: ProtectedHeader,
  keys: PacketKeys,
  expected: number,
): Bare | undefined {
  const { start, numberAt, end } = header;
  const sampleAt = numberAt + SAMPLE_OFFSET;
  if (sampleAt + SAMPLE_LENGTH > end) return undefined;
  const mask = keys.mask(datagram.subarray(sampleAt, sampleAt + SAMPLE_LENGTH));
  const protectedFirst = datagram[start] ?? 0;
  const first = protectedFirst ^ ((mask[0] ?? 0) & firstByteBits(protectedFirst));
  const length = (first & 3) + 1;
  const aad = datagram.slice(start, numberAt + length);
  applyMask(aad, mask, numberAt - start, length);
  let truncated = 0;
  for (const byte of aad.subarray(numberAt - start)) truncated = truncated * 256 + byte;
  const number = expandPacketNumber(truncated, length, expected);
  return { first, number, aad, sealed: datagram.subarray(numberAt + length, end) };
}

/** Some fill a datagram up with zeros outside of any packet. */
function isPadding(datagram: Uint8Array, offset: number): boolean {
  return datagram.subarray(offset).every((byte) => byte === 0);
}

function parse(
  datagram: Uint8Array,
  offset: number,
  idLength: number,
): PacketHeader | { form: 'malformed'; detail: string } {
  try {
    return parsePacket(datagram, offset, idLength);
  } catch (error) {
    if (error instanceof Malformed) return { form: 'malformed', detail: error.message };
    throw error;
  }
}

function dropped(header: PacketHeader, reason: DropReason, detail: string): DroppedPacket {
  const known = { kind: 'dropped', reason, detail, destination: header.destination } as const;
  const bytes = header.end - header.start;
  const packet = packetType(header);
  const named = packet === undefined ? { ...known, bytes } : { ...known, packet, bytes };
  return 'version' in header ? { ...named, version: header.version } : named;
}

function tooShort(header: PacketHeader): DroppedPacket {
  return dropped(header, 'malformed', 'too short for header protection');
}

function packetType(header: PacketHeader): PacketType | undefined {
  if (header.form === 'long' || header.form === 'short') return header.type;
  return header.form === 'foreign' ? undefined : header.form;
}

function spaceOf(type: 'initial' | '0rtt' | 'handshake'): Space {
  return type === '0rtt' ? 'application' : type;
}
