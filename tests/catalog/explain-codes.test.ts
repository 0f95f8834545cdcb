import { describe, expect, it } from 'vitest';
import { ALERT_CAUSES } from '../../src/catalog/causes/alerts.ts';
import { ERRNOS } from '../../src/catalog/causes/errnos.ts';
import { OPENSSL_REASONS } from '../../src/catalog/causes/openssl-reasons.ts';
import { QUIC_CODES } from '../../src/catalog/causes/quic-codes.ts';
import { explainMessage } from '../../src/catalog/explain/explain-message.ts';
import { ALERT } from '../../src/wire/alert.ts';
import { DOQ_CODES, HTTP3_CODES, QPACK_CODES, TRANSPORT_CODES } from '../../src/wire/quic-error-codes.ts';

const idsOf = (text: string): string[] => explainMessage(text).candidates.map(({ id }) => id);

describe('numbers that stand alone', () => {
  it.each<[string, ...string[]]>([
    ['40', 'tls-alert/40', 'errno/EMSGSIZE'],
    ['0', 'tls-alert/0', 'quic-transport/0x0', 'quic-application/doq/0x0', 'quic-application/moq/0x0'],
    ['104', 'errno/ECONNRESET'],
    ['54', 'errno/ECONNRESET'],
    ['10054', 'errno/ECONNRESET'],
    ['32', 'errno/EPIPE'],
    ['120', 'tls-alert/120'],
    ['376', 'quic-transport/0x178'],
    ['0x178', 'quic-transport/0x178'],
    ['0x100', 'quic-application/h3/0x100', 'quic-transport/0x100'],
    ['256', 'quic-transport/0x100', 'quic-application/h3/0x100'],
    ['0xa', 'quic-transport/0xa', 'tls-alert/10'],
    ['-110', 'gnutls-premature-termination', 'curl-56-gnutls'],
    ['-0x7280', 'mbedtls-conn-eof'],
    ['-29312', 'mbedtls-conn-eof'],
    ['-9806', 'sectransp-closed-abort'],
    ['0A000126', 'openssl-unexpected-eof', 'openssl/0A000126'],
    ['0x0A000126', 'openssl-unexpected-eof', 'openssl/0A000126'],
    ['167772454', 'openssl/0A000126'],
    ['14095126', 'openssl-111e-unexpected-eof', 'openssl/14095126'],
    ['80000068', 'openssl/80000068'],
    ['1408F10B', 'openssl/1408F10B'],
  ])('%s: all that it can be, the likeliest first', (text, ...ids) => {
    expect(idsOf(text)).toEqual(ids);
  });

  it('56 is an exit code of curl, and a number of BSD', () => {
    const ids = idsOf('56');
    expect(ids[0]).toMatch(/^curl-/);
    expect(ids).toContain('curl-56-openssl');
    expect(ids).toContain('errno/EISCONN');
  });

  it('names the space of each', () => {
    const spaces = explainMessage('0x100').candidates.map(({ space, source }) => [space, source]);
    expect(spaces).toEqual([
      ['quic-application', 'QUIC application error (0x1d), ALPN h3'],
      ['quic-transport', 'QUIC transport error (0x1c)'],
    ]);
  });
});

describe('codes with a word beside them', () => {
  it.each<[string, ...string[]]>([
    ['alert 40', 'tls-alert/40'],
    ['alert number 40', 'tls-alert/40'],
    ['alert(42)', 'tls-alert/42'],
    ['errno 110', 'errno/ETIMEDOUT'],
    ['os error 111', 'errno/ECONNREFUSED'],
    ['0x1d 0x100', 'quic-application/h3/0x100'],
    ['0x1c 0x100', 'quic-transport/0x100'],
    ['frame type 0x1c, error code 0x178', 'quic-transport/0x178'],
    ['CRYPTO_ERROR 0x28', 'quic-transport/0x128'],
    ['0x1d 0x178', 'quic-application/unknown/0x178'],
    ['reason 1048', 'openssl/reason/1048'],
  ])('%s', (text, ...ids) => {
    expect(idsOf(text)).toEqual(ids);
  });

  it('a name is enough', () => {
    expect(idsOf('close_notify')).toEqual(['tls-alert/0']);
    expect(idsOf('CloseNotify alert')).toContain('tls-alert/0');
    expect(idsOf('ECONNRESET')).toEqual(['generic-econnreset', 'errno/ECONNRESET']);
    expect(idsOf('WSAECONNABORTED')).toEqual(['errno/ECONNABORTED']);
    expect(idsOf('ewouldblock')).toEqual(['errno/EAGAIN']);
    expect(idsOf('H3_NO_ERROR')[0]).toBe('quic-application/h3/0x100');
    expect(idsOf('no_error')).toEqual(['quic-transport/0x0', 'quic-application/moq/0x0']);
  });

  it('a name that HTTP/2 has too means QUIC only where QUIC is spoken of', () => {
    const text = 'stream was not closed cleanly: PROTOCOL_VIOLATION';
    expect(explainMessage(text).matched).toBe(false);
    expect(idsOf(`QUIC ${text}`)).toContain('quic-transport/0xa');
  });
});

describe('OpenSSL packs', () => {
  it.each([
    // As `openssl errstr` of 3.0 and the headers of 1.1.1 and BoringSSL have it.
    [
      'error:0A000086:SSL routines::certificate verify failed',
      'openssl/0A000086',
      'certificate verify failed',
    ],
    ['error:0A000410:SSL routines', 'openssl/0A000410', 'the peer sent alert handshake_failure (40)'],
    ['error:80000020:system library::Broken pipe', 'openssl/80000020', 'EPIPE (32 Linux, 32 BSD and macOS)'],
    [
      'error:05880080:x509 certificate routines',
      'openssl/05880080',
      'reason 524416 of x509 certificate routines',
    ],
    [
      'error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version',
      'openssl/1409442E',
      'the peer sent alert protocol_version (70)',
    ],
    [
      'error:1000042e:SSL routines:OPENSSL_internal:TLSV1_ALERT_PROTOCOL_VERSION',
      'openssl/1000042E',
      'the peer sent alert protocol_version (70)',
    ],
  ])('%s', (text, id, title) => {
    const found = explainMessage(text).candidates.find((one) => one.id === id);
    expect(found?.title).toBe(title);
  });

  it('an empty queue is no code', () => {
    expect(idsOf('error:00000000:lib(0):func(0):reason(0)')).toEqual(['openssl-lib0-errno']);
  });
});

describe('the tables', () => {
  it('explain every alert of the registry, by number and by name', () => {
    for (const [name, number] of Object.entries(ALERT)) {
      expect(ALERT_CAUSES[number]?.meaning, name).toBeTruthy();
      expect(idsOf(`alert ${number}`), name).toContain(`tls-alert/${number}`);
      expect(idsOf(name), name).toContain(`tls-alert/${number}`);
      expect(idsOf((0x100 + number).toString()), name).toContain(
        `quic-transport/0x${(0x100 + number).toString(16)}`,
      );
    }
    expect(Object.keys(ALERT_CAUSES).length).toBe(Object.keys(ALERT).length);
  });

  it('explain every registered code of QUIC', () => {
    for (const { code, name } of TRANSPORT_CODES) {
      expect(idsOf(`0x1c 0x${code.toString(16)}`), name).toEqual([`quic-transport/0x${code.toString(16)}`]);
    }
    for (const { code, name } of [...HTTP3_CODES, ...QPACK_CODES, ...DOQ_CODES]) {
      const alpn = name.startsWith('DOQ') ? 'doq' : 'h3';
      const { candidates } = explainMessage(`0x1d 0x${code.toString(16)}`, { alpn });
      expect(candidates[0]?.id, name).toBe(`quic-application/${alpn}/0x${code.toString(16)}`);
      expect(idsOf(name), name).toContain(`quic-application/${alpn}/0x${code.toString(16)}`);
    }
  });

  it('advise on codes that exist', () => {
    const registered = [...TRANSPORT_CODES, ...HTTP3_CODES, ...QPACK_CODES, ...DOQ_CODES].map(
      ({ name }) => name,
    );
    const other = Object.keys(QUIC_CODES).filter((name) => !registered.includes(name));
    expect(other).toEqual(['WEBTRANSPORT_SESSION_GONE']);
  });

  it('know the numbers of each system', () => {
    for (const [name, { linux, bsd, windows }] of Object.entries(ERRNOS)) {
      for (const number of [linux, bsd, windows].filter((one) => one !== undefined)) {
        expect(idsOf(`errno ${number}`).join(), `${name} ${number}`).toMatch(/errno\//);
      }
      if (windows !== undefined) expect(windows, name).toBeGreaterThan(10_000);
    }
  });

  it('name reasons as OpenSSL does, in small letters', () => {
    for (const { name } of Object.values(OPENSSL_REASONS)) expect(name).toMatch(/^[a-z0-9 ]+$/);
  });
});
