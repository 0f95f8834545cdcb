import { type PacketKeys, packetNonce } from '../../../crypto/quic-keys.ts';
import { concat } from '../../../wire/bytes.ts';
import { packetNumberLength } from '../../../wire/packet-number.ts';
import { encodeHeader, type HeaderFields, headerLength } from '../../../wire/quic-packet-encode.ts';

export type PacketToSeal = {
  header: HeaderFields;
  number: number;
  /** Of its space; undefined: nothing was acknowledged yet. It decides how many bytes the number gets. */
  largestAcked: number | undefined;
  /** Frames. */
  payload: Uint8Array;
  /** The packet becomes at least so long, tag included, by PADDING behind the payload. */
  atLeast?: number;
  /** In so many bytes instead. */
  numberLength?: 1 | 2 | 3 | 4;
  /** False: RFC 9287, where the peer allows it. */
  fixedBit?: boolean;
  /** What only a faulty peer sets. */
  reservedBits?: number;
};

/** One packet under protection (RFC 9001 §5.3, §5.4). */
export function sealPacket(packet: PacketToSeal, keys: PacketKeys): Uint8Array {
  const { header, number } = packet;
  const length = packet.numberLength ?? packetNumberLength(number, packet.largestAcked);
  const payload = padded(packet, keys, length);
  const { bytes: aad, numberAt } = encodeHeader(header, {
    number,
    length,
    rest: payload.length + keys.tag,
    fixedBit: packet.fixedBit ?? true,
    reservedBits: packet.reservedBits ?? 0,
  });
  const sealed = keys.aead.seal(packetNonce(keys.iv, number), aad, payload);
  const bytes = concat(aad, sealed);
  const mask = keys.mask(bytes.subarray(numberAt + SAMPLE_OFFSET, numberAt + SAMPLE_OFFSET + SAMPLE_LENGTH));
  applyMask(bytes, mask, numberAt, length);
  return bytes;
}

/** How many bytes of frames fit into `room` bytes of datagram; 0 or less: not even an empty packet. */
export function payloadRoom(
  packet: Pick<PacketToSeal, 'header' | 'number' | 'largestAcked'>,
  tag: number,
  room: number,
): number {
  return room - headerLength(packet.header) - packetNumberLength(packet.number, packet.largestAcked) - tag;
}

/** Lays a header protection mask over the first byte and the number, or takes it off (§5.4.1). */
export function applyMask(bytes: Uint8Array, mask: Uint8Array, numberAt: number, length: number): void {
  const first = bytes[0] ?? 0;
  bytes[0] = first ^ ((mask[0] ?? 0) & firstByteBits(first));
  for (let i = 0; i < length; i++) bytes[numberAt + i] = (bytes[numberAt + i] ?? 0) ^ (mask[i + 1] ?? 0);
}

/** Which bits of the first byte are under header protection. */
export function firstByteBits(first: number): number {
  return (first & 0x80) === 0 ? 0x1f : 0x0f;
}

/** PADDING as asked for, and as much as the sample of header protection needs (§5.4.2). */
function padded(packet: PacketToSeal, keys: PacketKeys, length: number): Uint8Array {
  const { payload, atLeast = 0 } = packet;
  const forSample = SAMPLE_OFFSET + SAMPLE_LENGTH - length - keys.tag;
  const wanted = atLeast === 0 ? 0 : atLeast - headerLength(packet.header) - length - keys.tag;
  const size = Math.max(forSample, wanted);
  return payload.length >= size ? payload : concat(payload, new Uint8Array(size - payload.length));
}

/** The sample begins where the payload would if the number had four bytes. */
export const SAMPLE_OFFSET = 4;
export const SAMPLE_LENGTH = 16;
