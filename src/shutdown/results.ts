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

/** What SSL_get_error makes of a call that queued nothing and waits for nothing: a clean end, or "SYSCALL, errno 0". */
export function ended(ssl: Ssl, ret: number): CallResult {
  if (ssl.received && ssl.warning === 0) return { ret, error: 'SSL_ERROR_ZERO_RETURN', queue: [] };
  return { ret, error: 'SSL_ERROR_SYSCALL', errno: '0', queue: [] };
}

/** A write failed: OpenSSL queues the system's error too. */
export function writeFailed(ssl: Ssl, errno: string): CallResult {
  // A kernel tells of a reset once, to whichever call comes first.
  const told = errno === 'ECONNRESET' && ssl.resetTold ? 'EPIPE' : errno;
  if (errno === 'ECONNRESET') ssl.resetTold = true;
  ssl.syscall = true;
  return { ret: -1, error: 'SSL_ERROR_SYSCALL', errno: told, queue: [`errno ${told}`] };
}

/** A read failed: only errno says why. */
export function readFailed(ssl: Ssl, errno: string): CallResult {
  ssl.syscall = true;
  return { ret: -1, error: 'SSL_ERROR_SYSCALL', errno, queue: [] };
}
