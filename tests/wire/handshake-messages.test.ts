import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import * as certificate from '../../src/wire/certificate.ts';
import * as exchange from '../../src/wire/exchange.ts';
import {
  decodeEmpty,
  decodeHandshake,
  encodeHandshake,
  HANDSHAKE,
  handshakeName,
} from '../../src/wire/handshake.ts';
import {
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  HELLO_RETRY_RANDOM,
  isHelloRetryRequest,
} from '../../src/wire/hello.ts';
import { Malformed } from '../../src/wire/reader.ts';

const random = new Uint8Array(32).fill(0x52);
const extensions = [{ type: 43, data: fromHex('0304') }];
const clientHello = {
  ...{ legacyVersion: 0x0303, random, sessionId: fromHex('aa') },
  ...{ cipherSuites: [0x1301, 0x0a0a], compressionMethods: fromHex('00'), extensions },
};
const serverHello = {
  ...{ legacyVersion: 0x0303, random, sessionId: fromHex('aa') },
  ...{ cipherSuite: 0x1301, compressionMethod: 0, extensions },
};
const RANDOM = '52'.repeat(32);

/** Name, whole message, the value it means, how to encode and how to decode it. */
type Case = [string, string, unknown, (value: never) => Uint8Array, (body: Uint8Array) => unknown];

const CASES: Case[] = [
  [
    'ClientHello',
    `01000034 0303${RANDOM} 01aa 0004 1301 0a0a 0100 0006 002b 0002 0304`,
    clientHello,
    encodeClientHello,
    decodeClientHello,
  ],
  [
    'ServerHello',
    `0200002f 0303${RANDOM} 01aa 1301 00 0006 002b 0002 0304`,
    serverHello,
    encodeServerHello,
    decodeServerHello,
  ],
  [
    'EncryptedExtensions',
    '08000008 0006 002b 0002 0304',
    extensions,
    exchange.encodeEncryptedExtensions,
    exchange.decodeEncryptedExtensions,
  ],
  [
    'Certificate of TLS 1.3',
    '0b000011 01 07 00000c 000001 99 0006 002b00020304',
    { context: fromHex('07'), entries: [{ data: fromHex('99'), extensions }] },
    certificate.encodeCertificate13,
    certificate.decodeCertificate13,
  ],
  [
    'Certificate of TLS 1.2',
    '0b000007 000004 000001 99',
    [fromHex('99')],
    certificate.encodeCertificate12,
    certificate.decodeCertificate12,
  ],
  [
    'CertificateRequest of TLS 1.3',
    '0d000009 00 0006 002b 0002 0304',
    { context: fromHex(''), extensions },
    certificate.encodeCertificateRequest13,
    certificate.decodeCertificateRequest13,
  ],
  [
    'CertificateRequest of TLS 1.2',
    '0d00000c 02 4001 0002 0807 0003 0001 30',
    { types: fromHex('4001'), schemes: [0x0807], authorities: [fromHex('30')] },
    certificate.encodeCertificateRequest12,
    certificate.decodeCertificateRequest12,
  ],
  [
    'CertificateVerify',
    '0f000006 0807 0002 0102',
    { scheme: 0x0807, signature: fromHex('0102') },
    certificate.encodeCertificateVerify,
    certificate.decodeCertificateVerify,
  ],
  [
    'ClientKeyExchange',
    '10000003 02 0102',
    fromHex('0102'),
    exchange.encodeClientKeyExchange,
    exchange.decodeClientKeyExchange,
  ],
  [
    'NewSessionTicket of TLS 1.3',
    '04000015 00000e10 fad6aac5 01 07 0002 0102 0005 002a 0001 09',
    {
      ...{ lifetime: 3600, ageAdd: 0xfad6aac5, nonce: fromHex('07'), ticket: fromHex('0102') },
      extensions: [{ type: 42, data: fromHex('09') }],
    },
    exchange.encodeNewSessionTicket13,
    exchange.decodeNewSessionTicket13,
  ],
  [
    'NewSessionTicket of TLS 1.2',
    '04000008 00000e10 0002 0102',
    { lifetime: 3600, ticket: fromHex('0102') },
    exchange.encodeNewSessionTicket12,
    exchange.decodeNewSessionTicket12,
  ],
];

describe('handshake messages', () => {
  it.each(CASES)('%s', (_name, hex, value, encode, decode) => {
    expect(toHex(encode(value as never))).toBe(hex.replace(/\s/g, ''));
    expect(decode(decodeHandshake(fromHex(hex)).body)).toEqual(value);
  });

  it.each(
    CASES,
  )('%s: every truncation of the body, and a byte too many', (name, hex, _value, _encode, decode) => {
    const { body } = decodeHandshake(fromHex(hex));
    const whole = name.endsWith('Hello') ? body.length - 8 : undefined;
    for (let length = 0; length < body.length; length++) {
      // A hello of TLS 1.2 may end before the extensions.
      if (length === whole) expect(decode(body.subarray(0, length))).toMatchObject({ extensions: [] });
      else expect(() => decode(body.subarray(0, length))).toThrow(Malformed);
    }
    expect(() => decode(Uint8Array.of(...body, 0))).toThrow(Malformed);
  });

  it('ServerKeyExchange, with what its signature covers', () => {
    const params = exchange.encodeEcdhParams(29, fromHex('aabb'));
    expect(toHex(params)).toBe('03001d02aabb');
    const message = exchange.encodeServerKeyExchange(params, 0x0807, fromHex('0102'));
    expect(toHex(message)).toBe('0c00000c03001d02aabb080700020102');
    const { body } = decodeHandshake(message);
    expect(exchange.decodeServerKeyExchange(body)).toEqual({
      ...{ group: 29, point: fromHex('aabb'), params },
      ...{ scheme: 0x0807, signature: fromHex('0102') },
    });
    for (let length = 0; length < body.length; length++)
      expect(() => exchange.decodeServerKeyExchange(body.subarray(0, length))).toThrow(Malformed);
    expect(() => exchange.decodeServerKeyExchange(body.with(0, 1))).toThrow(Malformed);
    const pointless = exchange.encodeServerKeyExchange(
      exchange.encodeEcdhParams(29, fromHex('')),
      0x0807,
      fromHex('01'),
    );
    expect(() => exchange.decodeServerKeyExchange(decodeHandshake(pointless).body)).toThrow(Malformed);
  });

  it('ClientKeyExchange has a point', () => {
    expect(() => exchange.decodeClientKeyExchange(fromHex('00'))).toThrow(Malformed);
  });

  it('KeyUpdate: 0, 1, and nothing else', () => {
    expect(toHex(exchange.encodeKeyUpdate(true))).toBe('1800000101');
    expect(exchange.decodeKeyUpdate(fromHex('00'))).toEqual({ requested: false });
    expect(exchange.decodeKeyUpdate(fromHex('01'))).toEqual({ requested: true });
    expect(exchange.decodeKeyUpdate(fromHex('02'))).toBeUndefined();
    expect(() => exchange.decodeKeyUpdate(fromHex(''))).toThrow(Malformed);
    expect(() => exchange.decodeKeyUpdate(fromHex('0100'))).toThrow(Malformed);
  });

  it('Finished is its verify_data, empty messages are their header', () => {
    expect(toHex(exchange.encodeFinished(fromHex('0102')))).toBe('140000020102');
    expect(toHex(exchange.encodeEmpty(HANDSHAKE.server_hello_done))).toBe('0e000000');
    expect(() => decodeEmpty(fromHex('00'))).toThrow(Malformed);
    expect(decodeEmpty(fromHex(''))).toBeUndefined();
  });

  it.each([
    ['no compression method', () => encodeClientHello({ ...clientHello, compressionMethods: fromHex('') })],
    ['no suite', () => encodeClientHello({ ...clientHello, cipherSuites: [] })],
    ['a session ID of 33 bytes', () => encodeClientHello({ ...clientHello, sessionId: new Uint8Array(33) })],
  ])('a ClientHello with %s is malformed', (_name, encode) => {
    expect(() => decodeClientHello(decodeHandshake(encode()).body)).toThrow(Malformed);
  });

  it('a certificate entry and a ticket of TLS 1.3 are never empty', () => {
    expect(() => certificate.decodeCertificate12(fromHex('000003000000'))).toThrow(Malformed);
    expect(() => certificate.decodeCertificate13(fromHex('000000050000000000'))).toThrow(Malformed);
    expect(() => exchange.decodeNewSessionTicket13(fromHex('00000000000000000000000000'))).toThrow(Malformed);
  });

  it('tells a HelloRetryRequest by its random', () => {
    expect(isHelloRetryRequest({ ...serverHello, random: HELLO_RETRY_RANDOM })).toBe(true);
    expect(isHelloRetryRequest(serverHello)).toBe(false);
  });
});

describe('the header', () => {
  it('has a length that must agree', () => {
    expect(decodeHandshake(fromHex('0e000000'))).toEqual({ type: 14, body: fromHex('') });
    for (const hex of ['', '0e', '0e0000', '0e000001', '0e00000000'])
      expect(() => decodeHandshake(fromHex(hex))).toThrow(Malformed);
  });

  it('cannot hold more than 24 bits', () => {
    expect(() => encodeHandshake(1, (writer) => writer.raw(new Uint8Array(2 ** 24)))).toThrow(RangeError);
  });

  it.each([
    [1, 'client_hello'],
    [24, 'key_update'],
    [99, 'handshake(99)'],
  ])('type %i is called %s', (type, name) => {
    expect(handshakeName(type)).toBe(name);
  });
});
