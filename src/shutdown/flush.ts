import type { Ssl } from './ssl.ts';
import type { Flushed } from './types.ts';

/** Hands what is queued to the transport, and keeps for SSL_get_error how that went. */
export function flush(ssl: Ssl): Flushed {
  const flushed = ssl.flush();
  ssl.waits = flushed === 'blocked' ? 'write' : 'nothing';
  ssl.retry = flushed === 'blocked' ? 'write' : 'none';
  return flushed;
}

/** Something lies in OpenSSL's write buffer, so that nothing else can be sent: data to be written again, or our close_notify. */
export function writePending(ssl: Ssl): boolean {
  return ssl.pendingWrite !== undefined || ssl.alertInBuffer;
}

/**
 * Sends alerts and answers on the way of another call: if the transport does not take them now, nobody waits for it. Gives what
 * a failure adds to the error queue.
 */
export function sendAside(ssl: Ssl): readonly string[] {
  if (writePending(ssl) || ssl.core.peekTransmit() === undefined) return [];
  const flushed = flush(ssl);
  return typeof flushed === 'string' ? [] : [`errno ${toldErrno(ssl, flushed.errno)}`];
}

/** The same during a handshake, where all that is written passes a buffer: whether emptying that works goes unnoticed. */
export function sendUnnoticed(ssl: Ssl): void {
  if (!writePending(ssl)) ssl.flush();
}

/** The errno as the application sees it: a kernel tells of a reset once, to whichever call comes first. */
export function toldErrno(ssl: Ssl, errno: string): string {
  if (errno !== 'ECONNRESET') return errno;
  const told = ssl.resetTold ? 'EPIPE' : errno;
  ssl.resetTold = true;
  return told;
}
