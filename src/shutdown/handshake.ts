import type { Millis } from '../timeline/event.ts';
import { flush, sendUnnoticed, writePending } from './flush.ts';
import { noteDifference } from './notes.ts';
import { ended, readFailed, sslError, success, wantRead, wantWrite, writeFailed } from './results.ts';
import { dropUnlessClosed, sessionsGiven } from './session.ts';
import type { Ssl } from './ssl.ts';
import { unexpectedEof } from './stream-end.ts';
import { takeIn } from './take-in.ts';
import type { Call, CallResult, Want } from './types.ts';

/** SSL_do_handshake: 1 once it is complete. */
export function* sslDoHandshake(ssl: Ssl): Call {
  if (ssl.role === 'none') return sslError(-1, 'connection type not set');
  if (ssl.life === 'dead') return ended(ssl, -1);
  if (ssl.life === 'before') {
    forget(ssl);
    ssl.life = 'handshake';
    ssl.core.start(ssl.now());
  }
  if (cannotSend(ssl)) return ended(ssl, -1);
  for (;;) {
    if (ssl.life === 'open') return success(1);
    const stopped = yield* pushHandshake(ssl);
    if (stopped !== undefined) return stopped;
    if (ssl.core.phase() === 'open' && ssl.life !== 'renegotiating') {
      ssl.life = 'open';
      return success(1);
    }
    const taken = takeIn(ssl);
    switch (taken.kind) {
      case 'nothing':
        yield { for: 'readable', ready: () => ssl.core.ready(), otherwise: wantRead(-1) };
        continue;
      case 'moved':
      case 'lost':
        continue;
      case 'data':
        if (ssl.life === 'renegotiating') return dataInHandshake(ssl);
        continue;
      case 'closed':
        return ended(ssl, -1);
      case 'over':
        return sslError(-1, ...taken.queue);
      case 'eof': {
        const queue = unexpectedEof(ssl);
        return queue === undefined ? ended(ssl, -1) : sslError(-1, ...queue);
      }
      case 'reset':
      case 'unreachable':
        return readFailed(ssl, taken.errno);
    }
  }
}

/** OpenSSL sends no flight over datagrams whose size it does not know, and says nothing about it. */
function cannotSend(ssl: Ssl): boolean {
  if (!ssl.mtuCleared || ssl.role !== 'client') return false;
  noteDifference(ssl, 'mtu', {
    manual: 'shakes hands again after SSL_clear',
    'openssl-3.5':
      'forgets in SSL_clear the MTU that was set by hand: until it is set again no ClientHello leaves, and the call fails',
  });
  if (ssl.choices.mtuAfterClear === 'kept') return false;
  ssl.core.discardTransmit();
  ssl.waits = 'nothing';
  return true;
}

/** What is sent passes a buffer, and OpenSSL queues no error when emptying that fails. */
function notEmptied(ssl: Ssl, errno: string): CallResult {
  const failed = writeFailed(ssl, errno);
  const result = ended(ssl, -1);
  return result.error === 'SSL_ERROR_SYSCALL' ? { ...failed, queue: [] } : result;
}

/** Only SSL_read takes data while a renegotiation is under way. */
function dataInHandshake(ssl: Ssl): CallResult {
  ssl.life = 'dead';
  if (!ssl.sent) ssl.core.sendAlert(FATAL, UNEXPECTED_MESSAGE);
  sendUnnoticed(ssl);
  return sslError(-1, 'unexpected record');
}

/** Sends what the handshake has to say. Undefined: all of it has left. */
export function* pushHandshake(ssl: Ssl): Generator<Want, CallResult | undefined, Millis> {
  for (;;) {
    const flushed = flush(ssl);
    if (flushed === 'sent') return undefined;
    if (flushed !== 'blocked') return notEmptied(ssl, flushed.errno);
    yield { for: 'writable', ready: ssl.writable, otherwise: wantWrite(-1) };
  }
}

/** SSL_key_update and the SSL_do_handshake that sends it. Our close_notify does not stand in its way. */
export function* sslKeyUpdate(ssl: Ssl, requestPeer = false): Call {
  if (ssl.core.version() !== 'TLSv1.3') return sslError(0, 'wrong ssl version');
  if (ssl.life !== 'open') return sslError(0, 'still in init');
  if (writePending(ssl)) return sslError(0, 'bad write retry');
  if (!ssl.core.keyUpdate(requestPeer)) return sslError(0, 'still in init');
  ssl.life = 'updating';
  return yield* sslDoHandshake(ssl);
}

/** SSL_clear: the object forgets its connection; a session that was not closed properly is lost with it. */
export function sslClear(ssl: Ssl): CallResult {
  if (dropUnlessClosed(ssl)) ssl.session = undefined;
  if (ssl.life === 'renegotiating') {
    ssl.sent = false;
    ssl.received = false;
    return sslError(0, 'internal error');
  }
  ssl.givenBefore = sessionsGiven(ssl);
  ssl.mtuCleared ||= ssl.datagrams && ssl.core.version() !== undefined;
  ssl.core.restart?.();
  ssl.life = 'before';
  forget(ssl);
  return success(1);
}

/** What goes with a connection, or with the state before the first handshake. */
function forget(ssl: Ssl): void {
  ssl.sent = false;
  ssl.received = false;
  ssl.inbox = [];
  ssl.alert = 'none';
  ssl.pendingWrite = undefined;
  ssl.gaveUpWrite = false;
  ssl.unreleased = false;
  ssl.alertInBuffer = false;
  ssl.dropped = false;
  ssl.warning = 0;
  ssl.canceled = false;
  ssl.cancellations = 0;
  ssl.heldClosure = false;
  ssl.syscall = false;
  ssl.waits = 'nothing';
}

/** SSL_free: the socket stays open, the session is judged. */
export function sslFree(ssl: Ssl): void {
  dropUnlessClosed(ssl);
}

const FATAL = 2;
const UNEXPECTED_MESSAGE = 10;
