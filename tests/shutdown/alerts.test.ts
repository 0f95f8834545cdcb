import { describe, expect, it } from 'vitest';
import { alertReason } from '../../src/shutdown/alert-reasons.ts';
import { type Protocol, peer, play, read } from './play.ts';

/** What ERR_reason_error_string says of 1000 + n in OpenSSL 3.5, by alert number. */
const TEXTS: Readonly<Record<number, string>> = {
  10: 'ssl/tls alert unexpected message',
  20: 'ssl/tls alert bad record mac',
  21: 'tlsv1 alert decryption failed',
  22: 'tlsv1 alert record overflow',
  40: 'ssl/tls alert handshake failure',
  41: 'ssl/tls alert no certificate',
  42: 'ssl/tls alert bad certificate',
  45: 'ssl/tls alert certificate expired',
  47: 'ssl/tls alert illegal parameter',
  48: 'tlsv1 alert unknown ca',
  50: 'tlsv1 alert decode error',
  51: 'tlsv1 alert decrypt error',
  70: 'tlsv1 alert protocol version',
  71: 'tlsv1 alert insufficient security',
  80: 'tlsv1 alert internal error',
  86: 'tlsv1 alert inappropriate fallback',
  109: 'tlsv13 alert missing extension',
  110: 'tlsv1 unsupported extension',
  112: 'tlsv1 unrecognized name',
  115: 'tlsv1 alert unknown psk identity',
  116: 'tlsv13 alert certificate required',
  117: 'reason(1117)',
  120: 'tlsv1 alert no application protocol',
  200: 'reason(1200)',
  255: 'reason(1255)',
};
const NUMBERS = Object.keys(TEXTS).map(Number);

function meet(protocol: Protocol, level: number, description: number): string[] {
  return play(protocol, 'openssl-3.5', [peer('raw_alert', { level, description }), read]).calls;
}

describe('the reason text of an alert that was received', () => {
  it.each(NUMBERS)('%i, fatal, in both versions', (description) => {
    const expected = [`read 0 SSL "${TEXTS[description]}" [R]`];
    expect(meet('tls1.2', 2, description)).toEqual(expected);
    expect(meet('tls1.3', 2, description)).toEqual(expected);
  });

  it.each([40, 112, 200])('%i as a warning: ignored in 1.2, the end in 1.3', (description) => {
    expect(meet('tls1.2', 1, description)).toEqual(['read -1 WANT_READ [-]']);
    expect(meet('tls1.3', 1, description)).toEqual([`read 0 SSL "${TEXTS[description]}" [R]`]);
  });

  it('user_canceled, fatal: an end in 1.2, nothing in 1.3', () => {
    expect(meet('tls1.2', 2, 90)).toEqual(['read 0 SSL "tlsv1 alert user cancelled" [R]']);
    expect(meet('tls1.3', 2, 90)).toEqual(['read -1 WANT_READ [-]']);
  });

  it('knows every number, by its text or by the number', () => {
    for (let description = 0; description < 256; description++) {
      expect(alertReason(description)).toMatch(/^(ssl\/tls|tlsv1|tlsv13) [a-z ]+$|^reason\(1\d\d\d\)$/);
    }
  });
});
