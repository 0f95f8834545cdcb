import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/sim/random.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { decodeFrames, MalformedFrame } from '../../src/wire/quic-frame-decode.ts';
import { encodeFrame, frameSize } from '../../src/wire/quic-frame-encode.ts';
import { frameNote } from '../../src/wire/quic-frame-note.ts';
import {
  FRAME_TYPES,
  frameAllowed,
  frameTypeName,
  frameTypeNumber,
  isAckEliciting,
} from '../../src/wire/quic-frame-types.ts';
import type { Frame, PacketType } from '../../src/wire/quic-types.ts';
import { VARINT_MAX } from '../../src/wire/varint.ts';
import { Writer } from '../../src/wire/writer.ts';

const ID = fromHex('0102030405060708');
const TOKEN = fromHex('101112131415161718191a1b1c1d1e1f');
const BYTES = fromHex('c0ffee');
const MOST = VARINT_MAX;

/** Every frame, with its bytes by hand, and the packets it may stand in (RFC 9000 table 3). */
const FRAMES: readonly (readonly [Frame, string, string])[] = [
  [{ type: 'padding', bytes: 3 }, '000000', 'IH01'],
  [{ type: 'ping' }, '01', 'IH01'],
  [{ type: 'ack', ranges: [{ smallest: 7n, largest: 9n }], delay: 70n }, '02 09 4046 00 02', 'IH_1'],
  [
    {
      type: 'ack',
      ranges: [
        { smallest: 9n, largest: 9n },
        { smallest: 4n, largest: 7n },
        { smallest: 0n, largest: 0n },
      ],
      delay: 0n,
      ecn: { ect0: 1n, ect1: 64n, ce: 2n },
    },
    '03 09 00 02 00 00 03 02 00 01 4040 02',
    'IH_1',
  ],
  [{ type: 'reset_stream', stream: 4n, code: 0x100n, finalSize: 5n }, '04 04 4100 05', '__01'],
  [{ type: 'stop_sending', stream: 4n, code: MOST }, '05 04 ffffffffffffffff', '__01'],
  [{ type: 'crypto', offset: 64n, data: BYTES }, '06 4040 03 c0ffee', 'IH_1'],
  [{ type: 'new_token', token: BYTES }, '07 03 c0ffee', '___1'],
  [{ type: 'stream', stream: 0n, offset: 0n, data: BYTES, fin: false }, '0a 00 03 c0ffee', '__01'],
  [{ type: 'stream', stream: 3n, offset: 5n, data: BYTES, fin: true }, '0f 03 05 03 c0ffee', '__01'],
  [{ type: 'stream', stream: 3n, offset: 5n, data: new Uint8Array(0), fin: true }, '0f 03 05 00', '__01'],
  [{ type: 'max_data', limit: MOST }, '10 ffffffffffffffff', '__01'],
  [{ type: 'max_stream_data', stream: 1n, limit: 2n }, '11 01 02', '__01'],
  [{ type: 'max_streams', direction: 'bidi', limit: 1n << 60n }, '12 d000000000000000', '__01'],
  [{ type: 'max_streams', direction: 'uni', limit: 3n }, '13 03', '__01'],
  [{ type: 'data_blocked', limit: 3n }, '14 03', '__01'],
  [{ type: 'stream_data_blocked', stream: 8n, limit: 3n }, '15 08 03', '__01'],
  [{ type: 'streams_blocked', direction: 'bidi', limit: 3n }, '16 03', '__01'],
  [{ type: 'streams_blocked', direction: 'uni', limit: 3n }, '17 03', '__01'],
  [
    { type: 'new_connection_id', sequence: 2n, retirePriorTo: 1n, id: ID, resetToken: TOKEN },
    '18 02 01 08 0102030405060708 101112131415161718191a1b1c1d1e1f',
    '__01',
  ],
  [{ type: 'retire_connection_id', sequence: 1n }, '19 01', '__01'],
  [{ type: 'path_challenge', data: ID }, '1a 0102030405060708', '__01'],
  [{ type: 'path_response', data: ID }, '1b 0102030405060708', '___1'],
  [
    { type: 'connection_close', layer: 'transport', code: 0x10an, frameType: 6n, reason: BYTES },
    '1c 410a 06 03 c0ffee',
    'IH01',
  ],
  [
    { type: 'connection_close', layer: 'application', code: 0x100n, reason: new Uint8Array(0) },
    '1d 4100 00',
    '__01',
  ],
  [{ type: 'handshake_done' }, '1e', '___1'],
  [{ type: 'datagram', data: BYTES }, '31 03 c0ffee', '__01'],
];

const CASES = FRAMES.map(([frame, hex, allowed]) => ({ frame, hex, allowed, name: frame.type }));

function bytesOf(...frames: readonly Frame[]): Uint8Array {
  const writer = new Writer();
  for (const frame of frames) encodeFrame(writer, frame);
  return writer.finish();
}

function faultOf(hex: string): MalformedFrame {
  try {
    decodeFrames(fromHex(hex));
  } catch (error) {
    if (error instanceof MalformedFrame) return error;
    throw error;
  }
  throw new Error(`${hex} is taken`);
}

describe.each(CASES)('$name ($hex)', ({ frame, hex, allowed }) => {
  const bytes = fromHex(hex);

  it('is written and read', () => {
    expect(toHex(bytesOf(frame))).toBe(toHex(bytes));
    expect(frameSize(frame)).toBe(bytes.length);
    expect(decodeFrames(bytes)).toEqual([frame]);
    expect(frameTypeNumber(frame)).toBe(BigInt(bytes[0] ?? 0));
  });

  it('is no frame when cut anywhere', () => {
    if (frame.type === 'padding') return expect(decodeFrames(bytes.subarray(1))).toHaveLength(1);
    for (let end = 1; end < bytes.length; end++) {
      const cut = toHex(bytes.subarray(0, end));
      expect(faultOf(cut), cut).toMatchObject({ why: 'encoding', frameType: BigInt(bytes[0] ?? 0) });
    }
  });

  it('stands where table 3 has it', () => {
    const packets: readonly (readonly [string, PacketType])[] = [
      ['I', 'initial'],
      ['H', 'handshake'],
      ['0', '0rtt'],
      ['1', '1rtt'],
    ];
    for (const [letter, packet] of packets)
      expect(frameAllowed(frame, packet)).toBe(allowed.includes(letter));
  });

  it('has a name, and a note that names it', () => {
    expect(frameTypeName(BigInt(bytes[0] ?? 0))).toBe(FRAME_TYPES[frame.type].name);
    expect(frameNote(frame).name).toBe(FRAME_TYPES[frame.type].name);
  });
});

describe('frames of a payload', () => {
  it('come in order', () => {
    const all = FRAMES.map(([frame]) => frame);
    expect(decodeFrames(bytesOf(...all))).toEqual(all);
    expect(decodeFrames(new Uint8Array(0))).toEqual([]);
  });

  it('STREAM and DATAGRAM may go without a length, to the end', () => {
    expect(decodeFrames(fromHex('09 04 0102'))).toEqual([
      { type: 'stream', stream: 4n, offset: 0n, data: fromHex('0102'), fin: true },
    ]);
    expect(decodeFrames(fromHex('0c 04 07 0102'))).toMatchObject([{ offset: 7n, data: fromHex('0102') }]);
    expect(decodeFrames(fromHex('30 0102'))).toEqual([{ type: 'datagram', data: fromHex('0102') }]);
  });

  it('all but three kinds elicit an acknowledgement (§13.2.1)', () => {
    const silent = FRAMES.filter(([frame]) => !isAckEliciting(frame)).map(([frame]) => frame.type);
    expect(new Set(silent)).toEqual(new Set(['padding', 'ack', 'connection_close']));
  });

  it.each([
    ['1f', 'unknown', 0x1fn],
    ['2f', 'unknown', 0x2fn],
    ['4100', 'unknown', 0x100n],
    ['ffffffffffffffff', 'unknown', MOST],
    ['4001', 'not-minimal', 1n],
    ['80000000', 'not-minimal', 0n],
    ['40', 'encoding', 0n],
  ])('type %s is %s', (hex, why, frameType) => {
    expect(faultOf(hex)).toMatchObject({ why, frameType });
  });

  it.each([
    ['02 01 00 00 02', 'an ACK range below 0'],
    ['02 05 00 01 00 04 00', 'a second ACK range below 0'],
    ['02 05 00 01 00 00 04', 'the same, by its length'],
    ['02 05 00 ffffffffffffffff 00', 'more ACK ranges than bytes'],
    ['07 00', 'an empty token'],
    ['0e 00 ffffffffffffffff 01 aa', 'stream data beyond 2^62 - 1'],
    ['06 ffffffffffffffff 01 aa', 'crypto data beyond 2^62 - 1'],
    ['12 d000000000000001', 'more than 2^60 streams'],
    ['17 d000000000000001', 'blocked at more than 2^60 streams'],
    ['18 01 02 01 aa 101112131415161718191a1b1c1d1e1f', 'Retire Prior To above the sequence number'],
    ['18 01 00 00 101112131415161718191a1b1c1d1e1f', 'an empty connection ID'],
    [`18 01 00 15 ${'aa'.repeat(21)} 101112131415161718191a1b1c1d1e1f`, 'a connection ID of 21 bytes'],
    ['1d 00 ffffffffffffffff', 'a reason longer than anything'],
  ])('%s: %s', (hex) => {
    expect(faultOf(hex).why).toBe('encoding');
  });

  it('refuses to write what is none', () => {
    expect(() => bytesOf({ type: 'ack', ranges: [], delay: 0n })).toThrow(RangeError);
    expect(() => bytesOf({ type: 'max_data', limit: MOST + 1n })).toThrow(RangeError);
  });

  it('decode or fail as frames, whatever the bytes; what decodes is written and read again the same', () => {
    const random = createRandom('frames');
    const whole = bytesOf(...FRAMES.map(([frame]) => frame));
    for (let round = 0; round < 3000; round++) {
      const [length = 0, at = 0, value = 0, second = 0] = random(4);
      const bytes = round % 2 === 0 ? random(1 + (length % 40)) : Uint8Array.from(whole);
      if (round % 2 === 1) {
        bytes[at % bytes.length] = value;
        bytes[(at * 256 + second) % bytes.length] = length;
      }
      let frames: Frame[] = [];
      try {
        frames = decodeFrames(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedFrame);
      }
      expect(decodeFrames(bytesOf(...frames))).toEqual(frames);
      for (const frame of frames) expect(frameNote(frame).name).not.toBe('');
    }
  });
});

it('a note says what matters', () => {
  const note = (frame: Frame): string => `${frameNote(frame).name} ${frameNote(frame).detail ?? ''}`.trim();
  expect(note({ type: 'stream', stream: 0n, offset: 0n, data: new Uint8Array(1024), fin: true })).toBe(
    'STREAM stream 0 [0..1024) fin',
  );
  expect(
    note({
      type: 'connection_close',
      layer: 'transport',
      code: 7n,
      frameType: 8n,
      reason: fromHex('68690a'),
    }),
  ).toBe('CONNECTION_CLOSE 0x1c code 0x7 about STREAM, reason of 3 bytes');
  expect(
    note({
      type: 'ack',
      delay: 0n,
      ranges: [
        { smallest: 9n, largest: 12n },
        { smallest: 7n, largest: 7n },
      ],
    }),
  ).toBe('ACK 7, 9-12');
  const many = Array.from({ length: 10 }, (_, i) => ({
    smallest: BigInt(90 - 3 * i),
    largest: BigInt(90 - 3 * i),
  }));
  expect(note({ type: 'ack', delay: 0n, ranges: many })).toContain('(2 more) 69, 72');
  expect(frameTypeName(0x42n)).toBe('frame(0x42)');
});

it('data fields are views, not copies', () => {
  const bytes = concat(fromHex('0a 00 03'), BYTES);
  const [frame] = decodeFrames(bytes);
  if (frame?.type !== 'stream') throw new Error('no STREAM');
  expect(frame.data.buffer).toBe(bytes.buffer);
});
