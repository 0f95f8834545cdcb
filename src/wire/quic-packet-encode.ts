import { concat } from './bytes.ts';
import { truncatePacketNumber } from './packet-number.ts';
import { FIXED_BIT, longTypeBits } from './quic-packet.ts';
import { writeVarint } from './varint.ts';
import { Writer } from './writer.ts';

/** What stands in front of a packet's payload. */
export type HeaderFields =
  | {
      type: 'initial' | '0rtt' | 'handshake';
      version: number;
      destination: Uint8Array;
      source: Uint8Array;
      /** Initial. */
      token?: Uint8Array | undefined;
    }
  | { type: '1rtt'; destination: Uint8Array; keyPhase: 0 | 1; spin?: 0 | 1 };

/** `number` in `length` bytes; `rest`: bytes behind it, tag included. `numberAt`: where in the bytes the number begins. */
export function encodeHeader(
  fields: HeaderFields,
  packet: { number: number; length: 1 | 2 | 3 | 4; rest: number; fixedBit: boolean; reservedBits: number },
): { bytes: Uint8Array; numberAt: number } {
  const { number, length, rest } = packet;
  const base = (packet.fixedBit ? FIXED_BIT : 0) | (length - 1);
  const writer = new Writer();
  if (fields.type === '1rtt') {
    const flags = ((fields.spin ?? 0) << 5) | (packet.reservedBits << 3) | (fields.keyPhase << 2);
    writer.u8(base | flags).raw(fields.destination);
  } else {
    writer.u8(0x80 | base | (longTypeBits(fields.version, fields.type) << 4) | (packet.reservedBits << 2));
    writer.u32(fields.version).vector(1, fields.destination).vector(1, fields.source);
    if (fields.type === 'initial') {
      const token = fields.token ?? new Uint8Array(0);
      writeVarint(writer, token.length);
      writer.raw(token);
    }
    const behind = length + rest;
    writeVarint(writer, behind, behind < 0x4000 ? 2 : 4);
  }
  const cut = truncatePacketNumber(number, length);
  for (let i = length - 1; i >= 0; i--) writer.u8(Math.floor(cut / 256 ** i) % 256);
  const bytes = writer.finish();
  return { bytes, numberAt: bytes.length - length };
}

/** Bytes of `encodeHeader` without the packet number. */
export function headerLength(fields: HeaderFields): number {
  if (fields.type === '1rtt') return 1 + fields.destination.length;
  const token = fields.type === 'initial' ? (fields.token?.length ?? 0) : undefined;
  const tokenPart = token === undefined ? 0 : (token < 0x40 ? 1 : token < 0x4000 ? 2 : 4) + token;
  return 7 + fields.destination.length + fields.source.length + tokenPart + 2;
}

/** Version Negotiation (RFC 9000 §17.2.1): the client's connection IDs the other way round. `chance`: the unused bits of its first byte. */
export function encodeVersionNegotiation(packet: {
  destination: Uint8Array;
  source: Uint8Array;
  supported: readonly number[];
  chance: number;
}): Uint8Array {
  const writer = new Writer().u8(0x80 | FIXED_BIT | (packet.chance & 0x3f)).u32(0);
  writer.vector(1, packet.destination).vector(1, packet.source);
  for (const version of packet.supported) writer.u32(version);
  return writer.finish();
}

/** A Retry packet up to its tag (§17.2.5), which `retryTag` makes. */
export function encodeRetry(packet: {
  version: number;
  destination: Uint8Array;
  source: Uint8Array;
  token: Uint8Array;
  chance: number;
}): Uint8Array {
  const type = longTypeBits(packet.version, 'retry') << 4;
  return concat(
    new Writer()
      .u8(0x80 | FIXED_BIT | type | (packet.chance & 0x0f))
      .u32(packet.version)
      .vector(1, packet.destination)
      .vector(1, packet.source)
      .finish(),
    packet.token,
  );
}
