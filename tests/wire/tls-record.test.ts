import { expect, it } from 'vitest';
import { contentTypeName, decodeRecordHeader, encodeRecordHeader } from '../../src/wire/tls-record.ts';

it('a record header goes both ways', () => {
  const bytes = Uint8Array.of(22, 3, 1, 0x12, 0x34);
  const header = { type: 22, version: 0x0301, length: 0x1234 };
  expect(decodeRecordHeader(bytes)).toEqual(header);
  expect(encodeRecordHeader(header)).toEqual(bytes);
});

it('a record longer than its length field is refused', () => {
  expect(() => encodeRecordHeader({ type: 23, version: 0x0303, length: 0x10000 })).toThrow(RangeError);
});

it('content types have names, or a number', () => {
  expect([20, 21, 22, 23, 99].map(contentTypeName)).toEqual([
    'change_cipher_spec',
    'alert',
    'handshake',
    'application_data',
    'content(99)',
  ]);
});
