import { describe, expect, it } from 'vitest';
import { ascii, fromHex, toHex } from '../../src/wire/bytes.ts';
import * as data from '../../src/wire/extension-data.ts';
import {
  decodeExtensions,
  EXTENSION,
  encodeExtensions,
  extensionName,
  findExtension,
  isGrease,
  repeatedExtension,
} from '../../src/wire/extensions.ts';
import { Malformed, Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';

describe('the extensions block', () => {
  const list = [
    { type: 0x0a0a, data: fromHex('') },
    { type: EXTENSION.server_name, data: fromHex('0102') },
  ];

  it('keeps order and unknown types', () => {
    const writer = new Writer();
    encodeExtensions(writer, list);
    expect(toHex(writer.finish())).toBe('000a' + '0a0a0000' + '000000020102');
    expect(decodeExtensions(new Reader(writer.finish()))).toEqual(list);
  });

  it('is searched by type', () => {
    expect(findExtension(list, 0)).toEqual(fromHex('0102'));
    expect(findExtension(list, 1)).toBeUndefined();
    expect(repeatedExtension(list)).toBeUndefined();
    expect(repeatedExtension([...list, list[1]!])).toBe(0);
  });

  it.each([
    [0, 'server_name'],
    [0xff01, 'renegotiation_info'],
    [0x0a0a, 'GREASE'],
    [0xfafa, 'GREASE'],
    [999, 'extension(999)'],
  ])('%i is called %s', (type, name) => {
    expect(extensionName(type)).toBe(name);
  });

  it('knows GREASE from its neighbours', () => {
    const all = Array.from({ length: 0x10000 }, (_, value) => value).filter(isGrease);
    expect(all).toHaveLength(16);
    expect(all[0]).toBe(0x0a0a);
    expect(isGrease(0x0a1a)).toBe(false);
  });
});

describe('extension data', () => {
  const cases: [
    string,
    { encode(value: never): Uint8Array; decode(bytes: Uint8Array): unknown },
    unknown,
    string,
  ][] = [
    ['supported_groups', data.u16List, [29, 23], '0004001d0017'],
    ['supported_versions', data.versionList, [0x0304, 0x0303], '0403040303'],
    ['a number', data.u16, 0x4001, '4001'],
    ['psk_key_exchange_modes', data.u8List, [1], '0101'],
    ['ALPN', data.protocolList, ['h2', 'x'], '0005026832' + '0178'],
    ['a share', data.keyShareEntry, { group: 29, share: fromHex('aabb') }, '001d0002aabb'],
    ['shares', data.keyShareList, [{ group: 29, share: fromHex('aabb') }], '0006001d0002aabb'],
    ['no shares', data.keyShareList, [], '0000'],
    ['cookie', data.cookie, fromHex('0102'), '00020102'],
    ['renegotiation_info', data.renegotiationInfo, fromHex('0102'), '020102'],
    [
      'pre_shared_key',
      data.offeredPsks,
      {
        identities: [{ identity: ascii('t'), obfuscatedAge: 0xfffffffe }],
        binders: [new Uint8Array(32).fill(1)],
      },
      `0007000174fffffffe002120${'01'.repeat(32)}`,
    ],
  ];

  it.each(cases)('%s', (_name, codec, value, hex) => {
    expect(toHex(codec.encode(value as never))).toBe(hex.replace(/\s/g, ''));
    expect(codec.decode(fromHex(hex))).toEqual(value);
  });

  it.each(cases)('%s: every truncation and every byte too many', (_name, codec, _value, hex) => {
    const bytes = fromHex(hex);
    for (let length = 0; length < bytes.length; length++)
      expect(() => codec.decode(bytes.subarray(0, length))).toThrow(Malformed);
    expect(() => codec.decode(fromHex(`${hex}00`))).toThrow(Malformed);
  });

  it.each([
    ['an empty list of groups', data.u16List, '0000'],
    ['an odd list of groups', data.u16List, '000300'.padEnd(10, '0')],
    ['an empty list of versions', data.versionList, '00'],
    ['an empty list of modes', data.u8List, '00'],
    ['an empty list of names', data.serverName, '0000'],
    ['an empty name', data.serverName, '000300' + '0000'],
    ['an empty list of protocols', data.protocolList, '0000'],
    ['an empty protocol', data.protocolList, '000100'],
    ['an empty cookie', data.cookie, '0000'],
    ['no PSK', data.offeredPsks, `0000002120${'01'.repeat(32)}`],
    ['an empty PSK', data.offeredPsks, `00060000000000000021${'20'}${'01'.repeat(32)}`],
    ['a short binder', data.offeredPsks, `000700017400000000002019${'01'.repeat(31)}`],
  ])('%s is malformed', (_name, codec, hex) => {
    expect(() => codec.decode(fromHex(hex))).toThrow(Malformed);
  });

  it('server_name: every host_name, and no name of another type', () => {
    expect(toHex(data.serverName.encode('a.b'))).toBe('0006000003612e62');
    expect(data.serverName.decode(fromHex('0006000003612e62'))).toEqual(['a.b']);
    expect(data.serverName.decode(fromHex('0008' + '00000161' + '00000162'))).toEqual(['a', 'b']);
    expect(data.serverName.decode(fromHex('0004' + '01000178'))).toEqual([]);
  });

  it('counts what a binder leaves out', () => {
    expect(data.bindersLength([new Uint8Array(32), new Uint8Array(48)])).toBe(2 + 33 + 49);
  });
});
