import { describe, expect, it } from 'vitest';
import {
  type CodeSpace,
  isNoError,
  isReservedHttp3Code,
  quicErrorCode,
  quicErrorName,
  quicErrorNames,
  registeredCode,
  TRANSPORT_ERROR,
} from '../../src/wire/quic-errors.ts';

const TRANSPORT: CodeSpace = { layer: 'transport' };
const app = (alpn?: string): CodeSpace => ({ layer: 'application', alpn });

describe('error codes have a name in the space they belong to', () => {
  it('0x100 means two things', () => {
    expect(quicErrorName(0x100n, TRANSPORT)).toBe('CRYPTO_ERROR(close_notify)');
    expect(quicErrorName(0x100n, app('h3'))).toBe('H3_NO_ERROR');
    expect(quicErrorName(0x100n, app('doq'))).toBe('0x100');
    expect(quicErrorName(0x100n, app())).toBe('0x100');
  });

  it.each([
    [0x00n, TRANSPORT, 'NO_ERROR'],
    [0x0an, TRANSPORT, 'PROTOCOL_VIOLATION'],
    [0x11n, TRANSPORT, 'VERSION_NEGOTIATION_ERROR'],
    [0x128n, TRANSPORT, 'CRYPTO_ERROR(handshake_failure)'],
    [0x1ffn, TRANSPORT, 'CRYPTO_ERROR(alert(255))'],
    [0x200n, TRANSPORT, '0x200'],
    [0x33n, app('h3'), 'H3_DATAGRAM_ERROR'],
    [0x202n, app('h3'), 'QPACK_DECODER_STREAM_ERROR'],
    [0x40n, app('h3-29'), '0x40 (reserved, as H3_NO_ERROR)'],
    [0x52e4a40fa8dbn, app('h3'), 'WEBTRANSPORT_APPLICATION_ERROR(0)'],
    [0x52e5ac983162n, app('h3'), 'WEBTRANSPORT_APPLICATION_ERROR(4294967295)'],
    [0x05n, app('doq'), 'DOQ_UNSPECIFIED_ERROR'],
    [0x10n, app('moq-00'), 'GOAWAY_TIMEOUT'],
    [(1n << 62n) - 1n, app('hq-interop'), '0x3fffffffffffffff'],
  ])('0x%x', (code, space, name) => {
    expect(quicErrorName(code, space)).toBe(name);
  });

  it('and a code by their name', () => {
    for (const space of [TRANSPORT, app('h3'), app('doq'), app('moq-18')]) {
      const names = quicErrorNames(space);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) {
        const code = quicErrorCode(name.toLowerCase(), space);
        expect(code === undefined ? undefined : quicErrorName(code, space)).toBe(name);
      }
    }
    expect(quicErrorCode('H3_NO_ERROR', app('h3'))).toBe(0x100n);
    expect(quicErrorCode('H3_NO_ERROR', app('doq'))).toBeUndefined();
    expect(quicErrorCode('H3_NO_ERROR', TRANSPORT)).toBeUndefined();
    expect(quicErrorCode('crypto_error(decode_error)', TRANSPORT)).toBe(0x132n);
    expect(quicErrorCode('CRYPTO_ERROR(alert(99))', TRANSPORT)).toBe(0x163n);
    expect(quicErrorCode('CRYPTO_ERROR(alert(256))', TRANSPORT)).toBeUndefined();
    expect(quicErrorCode('CRYPTO_ERROR(nonsense)', TRANSPORT)).toBeUndefined();
    expect(quicErrorCode('CRYPTO_ERROR(decode_error)', app('h3'))).toBeUndefined();
    expect(quicErrorNames(app('hq-interop'))).toEqual([]);
  });

  it('the constants are those of the registry', () => {
    for (const [name, code] of Object.entries(TRANSPORT_ERROR))
      expect(quicErrorCode(name, TRANSPORT)).toBe(code);
    expect(Object.keys(TRANSPORT_ERROR)).toEqual(quicErrorNames(TRANSPORT));
  });

  it('the registry says what they mean, and where', () => {
    expect(registeredCode(0x0bn, TRANSPORT)).toMatchObject({
      name: 'INVALID_TOKEN',
      clause: 'RFC 9000 §20.1',
    });
    expect(registeredCode(0x0102n, app('h3'))?.meaning).toContain('HTTP');
    expect(registeredCode(0x128n, TRANSPORT)).toBeUndefined();
  });

  it('some say that nothing was wrong', () => {
    expect(isNoError(0n, TRANSPORT)).toBe(true);
    expect(isNoError(0x100n, TRANSPORT)).toBe(false);
    expect(isNoError(0x100n, app('h3'))).toBe(true);
    expect(isNoError(0x21n + 0x1fn * 7n, app('h3'))).toBe(true);
    expect(isNoError(0n, app('h3'))).toBe(false);
    expect(isNoError(0n, app('doq'))).toBe(true);
    expect(isReservedHttp3Code(0x20n)).toBe(false);
  });
});
