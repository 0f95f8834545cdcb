import { sendAside, sendUnnoticed } from './flush.ts';
import { noteDifference } from './notes.ts';
import { forbidResumption } from './session.ts';
import type { Ssl } from './ssl.ts';

/**
 * The peer's FIN came without close_notify. Undefined: it is taken for the end (SSL_OP_IGNORE_UNEXPECTED_EOF). Else the
 * connection is over, with these reasons; a decode_error alert says so to the peer, unless our close_notify has gone before.
 */
export function unexpectedEof(ssl: Ssl): readonly string[] | undefined {
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
    return undefined;
  }
  const shaking = ssl.life !== 'open';
  ssl.life = 'dead';
  if (ssl.sent) return [UNEXPECTED_EOF];
  forbidResumption(ssl);
  ssl.core.sendAlert(FATAL, DECODE_ERROR);
  if (!shaking) return [UNEXPECTED_EOF, ...sendAside(ssl)];
  sendUnnoticed(ssl);
  return [UNEXPECTED_EOF];
}

const UNEXPECTED_EOF = 'unexpected eof while reading';

const FATAL = 2;
const DECODE_ERROR = 50;
