import { pushHandshake, sslDoHandshake } from './handshake.ts';
import { ended, readFailed, sslError, success, wantRead } from './results.ts';
import type { Ssl } from './ssl.ts';
import { unexpectedEof } from './stream-end.ts';
import { takeIn } from './take-in.ts';
import type { Call, CallResult } from './types.ts';

/** SSL_read: up to `max` bytes of one record. 0 with SSL_ERROR_ZERO_RETURN: the peer has closed. */
export function* sslRead(ssl: Ssl, max: number): Call {
  return yield* readRecord(ssl, max, false);
}

/** SSL_peek: the same, and the bytes stay. */
export function* sslPeek(ssl: Ssl, max: number): Call {
  return yield* readRecord(ssl, max, true);
}

function* readRecord(ssl: Ssl, max: number, peek: boolean): Call {
  if (ssl.role === 'none') return sslError(-1, 'uninitialized');
  for (;;) {
    if (ssl.received) {
      ssl.waits = 'nothing';
      return ended(ssl, 0);
    }
    if (ssl.life === 'dead') return ended(ssl, -1);
    if (ssl.life !== 'open' && ssl.life !== 'renegotiating') {
      const shaken = yield* sslDoHandshake(ssl);
      if (shaken.ret <= 0) return { ...shaken, ret: -1 };
      continue;
    }
    if (ssl.life === 'renegotiating') {
      const stopped = yield* pushHandshake(ssl);
      if (stopped !== undefined) return stopped;
    }
    if (ssl.inbox.length > 0) return deliver(ssl, max, peek);
    // In the middle of a renegotiation it is the handshake that fails.
    const end = ssl.life === 'renegotiating' ? -1 : 0;
    const taken = takeIn(ssl);
    switch (taken.kind) {
      case 'nothing':
        yield { for: 'readable', ready: () => ssl.core.ready(), otherwise: wantRead(-1) };
        continue;
      case 'moved':
        if (taken.what === 'message' && !ssl.autoRetry && ssl.life === 'open') return wantRead(-1);
        continue;
      case 'data':
        ssl.inbox.push(taken.data);
        continue;
      case 'lost':
      case 'closed':
        return ended(ssl, end);
      case 'over':
        return sslError(taken.by === 'alert' ? end : -1, ...taken.queue);
      case 'eof': {
        const queue = unexpectedEof(ssl);
        return queue === undefined ? ended(ssl, end) : sslError(end, ...queue);
      }
      case 'reset':
      case 'unreachable':
        return readFailed(ssl, taken.errno);
    }
  }
}

function deliver(ssl: Ssl, max: number, peek: boolean): CallResult {
  const [first = new Uint8Array(0), ...rest] = ssl.inbox;
  const data = first.slice(0, max);
  if (!peek) ssl.inbox = data.length < first.length ? [first.subarray(data.length), ...rest] : rest;
  return { ...(data.length > 0 ? success(data.length) : ended(ssl, 0)), data };
}
