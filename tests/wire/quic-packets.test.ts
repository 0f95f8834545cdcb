import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/sim/random.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { parsePacket } from '../../src/wire/quic-packet.ts';
import {
  encodeHeader,
  encodeRetry,
  encodeVersionNegotiation,
  type HeaderFields,
  headerLength,
} from '../../src/wire/quic-packet-encode.ts';
import {
  isKnownVersion,
  isReservedVersion,
  QUIC_VERSION,
  quicVersionName,
  reservedVersion,
} from '../../src/wire/quic-versions.ts';
import { Malformed } from '../../src/wire/reader.ts';
import { vectorCases } from '../crypto/support.ts';

type Vector = { clientInitial: { packet: string }; serverInitial: { packet: string }; retry: string };
const VECTORS = vectorCases<Vector>('quic');
const DESTINATION = fromHex('0102030405');
const SOURCE = fromHex('a0a1a2');

const HEADERS: readonly HeaderFields[] = [QUIC_VERSION.v1, QUIC_VERSION.v2].flatMap((version) => [
  { type: 'initial', version, destination: DESTINATION, source: SOURCE, token: new Uint8Array(70).fill(7) },
  { type: 'initial', version, destination: DESTINATION, source: new Uint8Array(0) },
  { type: '0rtt', version, destination: DESTINATION, source: SOURCE },
  { type: 'handshake', version, destination: new Uint8Array(0), source: SOURCE },
]);

describe.each(HEADERS.map((header) => ({ header, type: header.type })))('a long header: $type', ({
  header,
}) => {
  const packet = { number: 0x1234, length: 2, rest: 20, fixedBit: true, reservedBits: 0 } as const;
  const { bytes, numberAt } = encodeHeader(header, packet);
  const whole = concat(bytes, new Uint8Array(20));

  it('comes back', () => {
    const { token, ...rest } = { token: new Uint8Array(0), ...header };
    expect(parsePacket(concat(whole, fromHex('ffff')), 0, 8)).toEqual({
      form: 'long',
      ...rest,
      token,
      fixedBit: true,
      start: 0,
      numberAt,
      end: whole.length,
    });
    expect(numberAt).toBe(headerLength(header));
    expect(toHex(bytes.subarray(numberAt))).toBe('1234');
  });

  it('is none when cut anywhere', () => {
    for (let end = 0; end < whole.length; end++) {
      expect(() => parsePacket(whole.subarray(0, end), 0, 8)).toThrow(Malformed);
    }
  });

  it('may stand behind another packet', () => {
    const parsed = parsePacket(concat(fromHex('00000000'), whole), 4, 8);
    expect(parsed).toMatchObject({ start: 4, numberAt: numberAt + 4, end: whole.length + 4 });
  });
});

describe('packets without keys', () => {
  it('every prefix of the RFCs’ samples is a packet or malformed', () => {
    for (const { clientInitial, serverInitial, retry } of VECTORS) {
      for (const hex of [clientInitial.packet, serverInitial.packet, retry]) {
        const bytes = fromHex(hex);
        expect(parsePacket(bytes, 0, 0).end).toBe(bytes.length);
        for (let end = 0; end < bytes.length; end++) {
          const part = bytes.subarray(0, end);
          if (hex === retry && end >= 31) expect(parsePacket(part, 0, 0)).toMatchObject({ form: 'retry' });
          else expect(() => parsePacket(part, 0, 0)).toThrow(Malformed);
        }
      }
    }
  });

  it('a short header has a connection ID of the length that we give out', () => {
    const bytes = fromHex('40 0102030405 aabbcc');
    expect(parsePacket(bytes, 0, 5)).toEqual({
      form: 'short',
      type: '1rtt',
      destination: DESTINATION,
      fixedBit: true,
      start: 0,
      numberAt: 6,
      end: 9,
    });
    expect(parsePacket(fromHex('00 0102'), 0, 2)).toMatchObject({ fixedBit: false });
    expect(() => parsePacket(bytes.subarray(0, 5), 0, 5)).toThrow(Malformed);
  });

  it('a short header is written with its bits', () => {
    const header = { type: '1rtt', destination: SOURCE, keyPhase: 1, spin: 1 } as const;
    const packet = { number: 0x123456789, length: 4, rest: 0, fixedBit: true, reservedBits: 0 } as const;
    expect(toHex(encodeHeader(header, packet).bytes)).toBe('67a0a1a223456789');
    expect(headerLength(header)).toBe(4);
  });

  it('Version Negotiation (RFC 9000 §17.2.1)', () => {
    const ids = { destination: SOURCE, source: DESTINATION };
    const bytes = encodeVersionNegotiation({ ...ids, supported: [1, 0x0a0a0a0a], chance: 0xff });
    expect(toHex(bytes)).toBe('ff0000000003a0a1a2050102030405000000010a0a0a0a');
    expect(parsePacket(bytes, 0, 8)).toEqual({
      form: 'version-negotiation',
      ...ids,
      supported: [1, 0x0a0a0a0a],
      start: 0,
      end: bytes.length,
    });
    expect(() => parsePacket(bytes.subarray(0, bytes.length - 1), 0, 8)).toThrow(Malformed);
    expect(() => parsePacket(bytes.subarray(0, bytes.length - 8), 0, 8)).toThrow(Malformed);
  });

  it('Retry in both versions', () => {
    for (const version of [QUIC_VERSION.v1, QUIC_VERSION.v2]) {
      const token = fromHex('c0ffee');
      const bare = encodeRetry({ version, destination: SOURCE, source: DESTINATION, token, chance: 5 });
      const tag = new Uint8Array(16).fill(9);
      expect(parsePacket(concat(bare, tag), 0, 8)).toMatchObject({ form: 'retry', version, token, tag });
    }
  });

  it('a version we do not speak tells its connection IDs, however long (RFC 8999)', () => {
    const long = new Uint8Array(200).fill(1);
    const bytes = concat(fromHex('80 1a2a3a4a c8'), long, fromHex('02 aabb ff'));
    const parsed = parsePacket(bytes, 0, 8);
    expect(parsed).toMatchObject({
      form: 'foreign',
      version: 0x1a2a3a4a,
      destination: long,
      end: bytes.length,
    });
    expect(() => parsePacket(concat(fromHex('c0 00000001 15'), long), 0, 8)).toThrow(Malformed);
  });

  it('any bytes are a packet or malformed', () => {
    const random = createRandom('headers');
    for (let round = 0; round < 3000; round++) {
      const bytes = random(1 + ((random(1)[0] ?? 0) % 60));
      if (round % 2 === 0) bytes.set(fromHex('00000001').subarray(0, bytes.length - 1), 1);
      try {
        const { start, end } = parsePacket(bytes, 0, 8);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }
  });
});

it('versions have names; reserved ones can be made and told', () => {
  expect([1, 0x6b3343cf, 0x709a50c4].map(quicVersionName)).toEqual([
    'QUIC v1',
    'QUIC v2',
    'version 0x709a50c4',
  ]);
  const reserved = reservedVersion(fromHex('12345678'));
  expect(reserved).toBe(0x1a3a5a7a);
  expect(isReservedVersion(reserved)).toBe(true);
  expect(reservedVersion(fromHex('ffffffff'))).toBe(0xfafafafa);
  expect(isReservedVersion(0xfafafafa)).toBe(true);
  expect(quicVersionName(reserved)).toBe('version 0x1a3a5a7a (reserved)');
  expect([1, 0x6b3343cf, 2, 0].map(isKnownVersion)).toEqual([true, true, false, false]);
});
