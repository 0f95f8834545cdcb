import type { PacketType } from './quic-types.ts';
import { isKnownVersion, QUIC_VERSION } from './quic-versions.ts';
import { Malformed, Reader } from './reader.ts';
import { readVarint } from './varint.ts';

/** What can be read of a packet without keys. Offsets count from the beginning of the datagram; byte fields are views of it. */
export type PacketHeader = ProtectedHeader | RetryHeader | NegotiationHeader | ForeignHeader;

/** Initial, 0-RTT, Handshake and 1-RTT (RFC 9000 §17.2, §17.3): up to where the packet number begins. */
export type ProtectedHeader = LongHeader | ShortHeader;

export type LongHeader = {
  form: 'long';
  type: 'initial' | '0rtt' | 'handshake';
  version: number;
  destination: Uint8Array;
  source: Uint8Array;
  /** Initial; else empty. */
  token: Uint8Array;
} & Place;

export type ShortHeader = { form: 'short'; type: '1rtt'; destination: Uint8Array } & Place;

type Place = {
  /** False: the bit that tells QUIC from other protocols is 0, which only RFC 9287 allows. */
  fixedBit: boolean;
  start: number;
  /** Of the packet number. */
  numberAt: number;
  /** Where the packet is over, and the next one of the datagram may begin. */
  end: number;
};

export type RetryHeader = {
  form: 'retry';
  version: number;
  destination: Uint8Array;
  source: Uint8Array;
  token: Uint8Array;
  /** 16 bytes: the Retry Integrity Tag. */
  tag: Uint8Array;
  start: number;
  end: number;
};

export type NegotiationHeader = {
  form: 'version-negotiation';
  destination: Uint8Array;
  source: Uint8Array;
  supported: readonly number[];
  start: number;
  end: number;
};

/** Of a version that we do not speak: only what RFC 8999 says of all of them. */
export type ForeignHeader = {
  form: 'foreign';
  version: number;
  destination: Uint8Array;
  source: Uint8Array;
  start: number;
  end: number;
};

/**
 * The packet that begins at `start`. `idLength`: of the connection IDs that we gave out, which a short header does not tell. Throws
 * `Malformed` where there is none: then the rest of the datagram says nothing either.
 */
export function parsePacket(datagram: Uint8Array, start: number, idLength: number): PacketHeader {
  const reader = new Reader(datagram);
  reader.offset = start;
  const first = reader.u8();
  if ((first & 0x80) !== 0) return parseLong(reader, start, first);
  const destination = reader.take(idLength);
  return {
    form: 'short',
    type: '1rtt',
    destination,
    fixedBit: (first & FIXED_BIT) !== 0,
    start,
    numberAt: reader.offset,
    end: datagram.length,
  };
}

function parseLong(reader: Reader, start: number, first: number): PacketHeader {
  const version = reader.u32();
  const destination = reader.vector(1);
  const source = reader.vector(1);
  const ids = { destination, source, start };
  if (version === 0) return { form: 'version-negotiation', ...ids, ...supportedVersions(reader) };
  if (!isKnownVersion(version)) return { form: 'foreign', version, ...ids, end: reader.bytes.length };
  if (destination.length > LONGEST_ID || source.length > LONGEST_ID) {
    throw new Malformed(reader.offset, 'a connection ID of more than 20 bytes');
  }
  const type = longType(version, (first >> 4) & 3);
  if (type === 'retry') return parseRetry(reader, version, ids);
  const token = type === 'initial' ? reader.take(smallVarint(reader)) : NOTHING;
  const length = smallVarint(reader);
  const numberAt = reader.offset;
  reader.take(length);
  const fixedBit = (first & FIXED_BIT) !== 0;
  return { form: 'long', type, version, ...ids, token, fixedBit, numberAt, end: reader.offset };
}

function parseRetry(
  reader: Reader,
  version: number,
  ids: { destination: Uint8Array; source: Uint8Array; start: number },
): RetryHeader {
  const length = reader.remaining() - RETRY_TAG_LENGTH;
  const token = reader.take(Math.max(length, 0));
  const tag = reader.take(RETRY_TAG_LENGTH);
  return { form: 'retry', version, ...ids, token, tag, end: reader.offset };
}

/** At least one version, and nothing but versions (§17.2.1). */
function supportedVersions(reader: Reader): { supported: number[]; end: number } {
  const supported: number[] = [reader.u32()];
  while (!reader.done()) supported.push(reader.u32());
  return { supported, end: reader.offset };
}

/** A length: none that fits a datagram needs more than a number can hold. */
function smallVarint(reader: Reader): number {
  const value = readVarint(reader);
  return value > 0xffffffffn ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** The two type bits of a long header (RFC 9000 §17.2, RFC 9369 §3.2). */
function longType(version: number, bits: number): 'initial' | '0rtt' | 'handshake' | 'retry' {
  return LONG_TYPES[(version === QUIC_VERSION.v2 ? bits + 3 : bits) & 3] ?? 'retry';
}

export function longTypeBits(version: number, type: 'initial' | '0rtt' | 'handshake' | 'retry'): number {
  const bits = LONG_TYPES.indexOf(type);
  return version === QUIC_VERSION.v2 ? (bits + 1) & 3 : bits;
}

/** Packet types in the order of their bits in version 1. */
const LONG_TYPES = ['initial', '0rtt', 'handshake', 'retry'] as const satisfies readonly PacketType[];
const NOTHING = new Uint8Array(0);

export const FIXED_BIT = 0x40;
/** Of a connection ID in versions 1 and 2 (RFC 9000 §17.2). */
export const LONGEST_ID = 20;
const RETRY_TAG_LENGTH = 16;
