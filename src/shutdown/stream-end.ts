import { noteDifference } from './notes.ts';
import { forbidResumption } from './session.ts';
import type { Ssl } from './ssl.ts';

export const UNEXPECTED_EOF = 'unexpected eof while reading';

/**
 * The peer's FIN came without close_notify. True: it is taken for the end (SSL_OP_IGNORE_UNEXPECTED_EOF). False: the
 * connection is over; a decode_error alert says so to the peer, unless our close_notify has gone before.
 */
export function toleratesEof(ssl: Ssl): boolean {
  if (ssl.ignoreUnexpectedEof) {
    if (ssl.sent) {
      noteDifference(ssl, 4, {
        manual: 'counts the FIN as close_notify: SSL_SENT_SHUTDOWN stays and SSL_shutdown returns 1',
        'openssl-3.5':
          'forgets SSL_SENT_SHUTDOWN: SSL_shutdown returns 0 and sends close_notify a second time',
      });
    }
    if (ssl.choices.ignoredEof === 'forgets-ours') ssl.sent = false;
    ssl.received = true;
    ssl.warning = 0;
    return true;
  }
  if (!ssl.sent) {
    forbidResumption(ssl);
    ssl.core.sendAlert(FATAL, DECODE_ERROR);
    ssl.flush();
  }
  ssl.life = 'dead';
  return false;
}

const FATAL = 2;
const DECODE_ERROR = 50;
