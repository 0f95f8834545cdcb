import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { decodeAck, encodeAck } from '../../src/wire/dtls-ack.ts';
import { decodeFragments, encodeFragment, wholeMessage } from '../../src/wire/dtls-handshake.ts';
import {
  decodeDtlsRecord,
  dtlsContentName,
  encodeLongHeader,
  encodeUnifiedHeader,
} from '../../src/wire/dtls-record.ts';
import { Malformed } from '../../src/wire/reader.ts';

describe('a record with the long header (RFC 6347 §4.1)', () => {
  const bytes = fromHex('16 fefd 0001 00000000002a 0003 010203');

  it('has 16 bits of epoch and 48 of number', () => {
    expect(decodeDtlsRecord(bytes, 0, 0)).toMatchObject({
      form: 'long',
      type: 22,
      version: 0xfefd,
      epoch: 1,
      sequence: 42,
      fragment: fromHex('010203'),
    });
    const big = { type: 23, version: 0xfefd, epoch: 65535, sequence: 2 ** 48 - 1, length: 0 };
    expect(toHex(encodeLongHeader(big))).toBe('17fefdffffffffffffffff0000');
    expect(decodeDtlsRecord(encodeLongHeader(big), 0, 0)).toMatchObject({ sequence: 2 ** 48 - 1 });
  });

  it('leaves the next one of the datagram alone', () => {
    const two = concat(bytes, bytes);
    const first = decodeDtlsRecord(two, 0, 0);
    expect(first.bytes).toEqual(bytes);
    expect(decodeDtlsRecord(two, first.bytes.length, 0).bytes).toEqual(bytes);
  });

  it('has the connection ID before its length in type 25 (RFC 9146 §4)', () => {
    const cid = fromHex('aabb');
    const header = encodeLongHeader({ type: 25, version: 0xfefd, epoch: 1, sequence: 2, length: 1, cid });
    expect(toHex(header)).toBe('19fefd0001000000000002aabb0001');
    expect(decodeDtlsRecord(concat(header, fromHex('ff')), 0, 2)).toMatchObject({ cid });
  });

  it('is malformed when it is cut', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeDtlsRecord(bytes.subarray(0, length), 0, 0)).toThrow(Malformed);
  });
});

describe('a record with the unified header (RFC 9147 §4)', () => {
  it('says by its bits what it has', () => {
    expect(decodeDtlsRecord(fromHex('23 07 0102'), 0, 0)).toMatchObject({
      epochBits: 3,
      sequenceAt: 1,
      sequenceLength: 1,
      header: fromHex('2307'),
      fragment: fromHex('0102'),
    });
    expect(decodeDtlsRecord(fromHex('3e c1d0 0007 0001 ff ee'), 0, 2)).toMatchObject({
      epochBits: 2,
      cid: fromHex('c1d0'),
      sequenceAt: 3,
      sequenceLength: 2,
      fragment: fromHex('ff'),
    });
  });

  it('is written with a 16-bit number and its length', () => {
    const header = { epoch: 7, sequence: 0x12345, length: 5 };
    expect(toHex(encodeUnifiedHeader({ ...header, cid: undefined }))).toBe('2f23450005');
    expect(toHex(encodeUnifiedHeader({ ...header, cid: fromHex('aa') }))).toBe('3faa23450005');
  });
});

describe('pieces of handshake messages (RFC 6347 §4.2.2)', () => {
  const message = fromHex('0b 000005 0102030405');

  it('say where they belong', () => {
    const two = concat(encodeFragment(message, 9, 0, 2), encodeFragment(message, 9, 2, 3));
    expect(decodeFragments(two)).toEqual([
      { type: 11, length: 5, sequence: 9, offset: 0, data: fromHex('0102') },
      { type: 11, length: 5, sequence: 9, offset: 2, data: fromHex('030405') },
    ]);
    expect(wholeMessage(11, fromHex('0102030405'))).toEqual(message);
  });

  it('must lie within their message', () => {
    expect(() => decodeFragments(fromHex('0b 000005 0009 000004 000002 0102'))).toThrow(Malformed);
  });
});

describe('an ACK (RFC 9147 §7)', () => {
  it('lists epochs and numbers of 64 bits each', () => {
    const records = [
      { epoch: 2, sequence: 0 },
      { epoch: 3, sequence: 2 ** 40 },
    ];
    const bytes = encodeAck(records);
    expect(toHex(bytes)).toBe('002000000000000000020000000000000000' + '00000000000000030000010000000000');
    expect(decodeAck(bytes)).toEqual(records);
    expect(decodeAck(encodeAck([]))).toEqual([]);
  });

  it('of another length is malformed; numbers that nobody reaches are left out', () => {
    expect(() => decodeAck(fromHex('0001 00'))).toThrow(Malformed);
    expect(() => decodeAck(fromHex('0000 00'))).toThrow(Malformed);
    expect(decodeAck(concat(fromHex('0010'), new Uint8Array(16).fill(255)))).toEqual([]);
  });
});

it('content types have names', () => {
  expect([22, 25, 26, 99].map(dtlsContentName)).toEqual(['handshake', 'tls12_cid', 'ack', 'content(99)']);
});
