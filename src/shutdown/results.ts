import { toldErrno } from './flush.ts';
import type { Ssl } from './ssl.ts';
import type { CallResult } from './types.ts';

/** Success. `queue`: errors that were queued all the same. */
export function success(ret: number, queue: readonly string[] = []): CallResult {
  return { ret, error: 'SSL_ERROR_NONE', queue };
}

/** SSL_ERROR_SSL with these reason texts, oldest first. */
export function sslError(ret: number, ...queue: readonly string[]): CallResult {
  return { ret, error: 'SSL_ERROR_SSL', queue };
}

export function wantRead(ret: number): CallResult {
  return { ret, error: 'SSL_ERROR_WANT_READ', queue: [] };
}

export function wantWrite(ret: number): CallResult {
  return { ret, error: 'SSL_ERROR_WANT_WRITE', queue: [] };
}

/**
 * What SSL_get_error makes of a call that queued nothing. It goes by what the last attempt to read or write left behind,
 * whichever call that was; else it is a clean end, or "SYSCALL, errno 0".
 */
export function ended(ssl: Ssl, ret: number): CallResult {
  if (ssl.waits !== 'nothing' && ssl.retry === 'read') return wantRead(ret);
  if (ssl.waits !== 'nothing' && ssl.retry === 'write') return wantWrite(ret);
  if (ssl.received && ssl.warning === 0) return { ret, error: 'SSL_ERROR_ZERO_RETURN', queue: [] };
  return { ret, error: 'SSL_ERROR_SYSCALL', errno: '0', queue: [] };
}

/** A write failed: OpenSSL queues the system's error too. */
export function writeFailed(ssl: Ssl, errno: string): CallResult {
  const told = toldErrno(ssl, errno);
  ssl.syscall = true;
  return { ret: -1, error: 'SSL_ERROR_SYSCALL', errno: told, queue: [`errno ${told}`] };
}

/** A read failed: only errno says why. */
export function readFailed(ssl: Ssl, errno: string): CallResult {
  ssl.syscall = true;
  return { ret: -1, error: 'SSL_ERROR_SYSCALL', errno, queue: [] };
}
