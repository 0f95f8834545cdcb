import { ended, readFailed, sslError, success, wantRead, wantWrite, writeFailed } from './results.ts';
import { dropUnlessClosed } from './session.ts';
import type { Ssl } from './ssl.ts';
import { toleratesEof, UNEXPECTED_EOF } from './stream-end.ts';
import { takeIn } from './take-in.ts';
import type { Call, CallResult } from './types.ts';

/** SSL_do_handshake: 1 once it is complete. */
export function* sslDoHandshake(ssl: Ssl): Call {
  if (ssl.role === 'none') return sslError(-1, 'connection type not set');
  if (ssl.life === 'dead' || ssl.life === 'cleared') return ended(ssl, -1);
  if (ssl.life === 'before') {
    ssl.life = 'handshake';
    ssl.core.start(ssl.now());
  }
  for (;;) {
    const flushed = ssl.flush();
    if (flushed === 'blocked') {
      yield { for: 'writable', ready: ssl.writable, otherwise: wantWrite(-1) };
      continue;
    }
    if (flushed !== 'sent') return writeFailed(ssl, flushed.errno);
    if (ssl.life === 'open') return success(1);
    if (ssl.core.phase() === 'open') {
      ssl.life = 'open';
      return success(1);
    }
    const taken = takeIn(ssl);
    switch (taken.kind) {
      case 'nothing':
        yield { for: 'readable', ready: () => ssl.core.ready(), otherwise: wantRead(-1) };
        continue;
      case 'moved':
      case 'data':
        continue;
      case 'closed':
        return ended(ssl, -1);
      case 'over':
        return sslError(-1, ...taken.queue);
      case 'eof':
        return toleratesEof(ssl) ? ended(ssl, -1) : sslError(-1, UNEXPECTED_EOF);
      case 'reset':
      case 'unreachable':
        return readFailed(ssl, taken.errno);
    }
  }
}

/** SSL_key_update and the SSL_do_handshake that sends it. Our close_notify does not stand in its way. */
export function* sslKeyUpdate(ssl: Ssl, requestPeer = false): Call {
  if (ssl.role === 'none') return sslError(0, 'uninitialized');
  if (ssl.core.version() !== undefined && ssl.core.version() !== 'TLSv1.3')
    return sslError(0, 'wrong ssl version');
  if (ssl.life !== 'open') return sslError(0, 'still in init');
  if (ssl.pendingWrite !== undefined) return sslError(0, 'bad write retry');
  if (!ssl.core.keyUpdate(requestPeer)) return sslError(0, 'still in init');
  return yield* sslDoHandshake(ssl);
}

/** SSL_clear: the object forgets its connection; a session that was not closed properly is lost with it. */
export function sslClear(ssl: Ssl): CallResult {
  if (dropUnlessClosed(ssl)) ssl.session = undefined;
  ssl.life = 'cleared';
  ssl.sent = false;
  ssl.received = false;
  ssl.inbox = [];
  ssl.alert = 'none';
  ssl.pendingWrite = undefined;
  ssl.warning = 0;
  ssl.canceled = false;
  ssl.cancellations = 0;
  ssl.heldClosure = false;
  ssl.syscall = false;
  return success(1);
}

/** SSL_free: the socket stays open, the session is judged. */
export function sslFree(ssl: Ssl): void {
  dropUnlessClosed(ssl);
}
