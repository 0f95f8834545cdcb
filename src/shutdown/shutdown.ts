import { AFTER_CLOSE } from './fault-reasons.ts';
import { flush, writePending } from './flush.ts';
import { noteDifference } from './notes.ts';
import { ended, readFailed, sslError, success, wantRead, wantWrite, writeFailed } from './results.ts';
import type { Ssl } from './ssl.ts';
import { unexpectedEof } from './stream-end.ts';
import { takeIn } from './take-in.ts';
import type { Call, CallResult, ShutdownExFlag } from './types.ts';

/**
 * SSL_shutdown for TLS and DTLS. The first call sends close_notify and never reads; a later one tries to send it again if
 * it could not be sent, or reads one step to find the peer's. 0: under way · 1: both sides have closed · -1: look at
 * `error`.
 */
export function* sslShutdown(ssl: Ssl): Call {
  const refused = refusal(ssl);
  if (refused !== undefined) return refused;
  if (ssl.quiet) {
    ssl.sent = true;
    ssl.received = true;
    return success(1);
  }
  if (!ssl.sent) {
    ssl.sent = true;
    return yield* firstAlert(ssl);
  }
  if (ssl.alert !== 'none') return yield* owedAlert(ssl);
  return ssl.received ? success(1) : yield* awaitPeer(ssl);
}

/** What an application may pass to SSL_shutdown_ex. Outside of QUIC nothing in it changes anything. */
export type ShutdownExArgs = {
  flags?: readonly ShutdownExFlag[];
  code?: bigint;
  reason?: string;
  /** `args_len`, where it is not the size of the structure. */
  argsLength?: number;
};

/** SSL_shutdown_ex for TLS and DTLS. */
export function* sslShutdownEx(ssl: Ssl, args: ShutdownExArgs = {}): Call {
  const { argsLength } = args;
  if (argsLength !== undefined && argsLength !== ARGS_SIZE) {
    noteDifference(ssl, 11, {
      manual: `returns -1 for args_len ${argsLength}: it must be the size of the structure`,
      'openssl-3.5': 'does not look at args_len',
    });
    if (ssl.choices.argsLength === 'checked') return sslError(-1, 'passed invalid argument');
  }
  return yield* sslShutdown(ssl);
}

function refusal(ssl: Ssl): CallResult | undefined {
  if (ssl.role === 'none') return sslError(-1, 'uninitialized');
  if (ssl.life !== 'open') return sslError(-1, IN_INIT);
  if (!ssl.syscall) return undefined;
  noteDifference(ssl, 10, {
    manual: 'refuses SSL_shutdown after SSL_ERROR_SYSCALL: -1, nothing is sent, the flags stay',
    'openssl-3.5': 'tries to send close_notify after SSL_ERROR_SYSCALL, and sets SSL_SENT_SHUTDOWN',
  });
  return ssl.choices.afterSyscall === 'refused' ? sslError(-1, IN_INIT) : undefined;
}

function* firstAlert(ssl: Ssl): Call {
  if (!writePending(ssl) && !ssl.gaveUpWrite) {
    ssl.core.sendAlert(WARNING, CLOSE_NOTIFY);
    return yield* dispatch(ssl);
  }
  noteDifference(ssl, 1, {
    manual: 'finishes the pending SSL_write, then sends close_notify; until then SSL_shutdown returns 0',
    'openssl-3.5':
      'sends neither the rest of the pending SSL_write nor close_notify, and SSL_shutdown can still return 1',
  });
  if (ssl.choices.pendingWrite === 'finish-it-first' || ssl.datagrams) {
    // Over datagrams OpenSSL has dropped the pending one, and the alert goes out all the same.
    ssl.core.sendAlert(WARNING, CLOSE_NOTIFY);
    return yield* dispatch(ssl);
  }
  ssl.alert = 'behind-a-write';
  return ended(ssl, -1);
}

function* owedAlert(ssl: Ssl): Call {
  if (ssl.alert === 'retry') return yield* dispatch(ssl);
  ssl.alert = 'none';
  return ended(ssl, -1);
}

function* dispatch(ssl: Ssl): Call {
  for (;;) {
    const flushed = flush(ssl);
    if (flushed === 'sent') {
      ssl.alert = 'none';
      ssl.alertInBuffer = false;
      ssl.pendingWrite = undefined;
      return ssl.received ? success(1) : underWay(ssl);
    }
    ssl.alert = 'retry';
    ssl.alertInBuffer = true;
    if (flushed !== 'blocked') return writeFailed(ssl, flushed.errno);
    const otherwise = wantWrite(ssl.choices.waitingReturns);
    yield { for: 'writable', ready: ssl.writable, otherwise, taken: () => noteWaiting(ssl, 'WRITE') };
  }
}

/** 0: our close_notify is out. The page says SSL_get_error then tells what is waited for; OpenSSL's says something odd. */
function underWay(ssl: Ssl): CallResult {
  return ssl.choices.waitingReturns === 0 ? wantRead(0) : ended(ssl, 0);
}

function* awaitPeer(ssl: Ssl): Call {
  for (;;) {
    if (ssl.inbox.length > 0) return unread(ssl);
    const taken = takeIn(ssl);
    switch (taken.kind) {
      case 'nothing': {
        const otherwise = wantRead(ssl.choices.waitingReturns);
        yield {
          for: 'readable',
          ready: () => ssl.core.ready(),
          otherwise,
          taken: () => noteWaiting(ssl, 'READ'),
        };
        continue;
      }
      case 'moved':
        if (taken.what === 'message' && !ssl.autoRetry) {
          noteWaiting(ssl, 'READ');
          return wantRead(ssl.choices.waitingReturns);
        }
        if (taken.what !== 'empty' || ssl.datagrams) continue;
        if (endsOverData(ssl)) return unread(ssl);
        noteUnread(ssl, 6, ENDS);
        continue;
      case 'data':
        if (ssl.datagrams && ssl.choices.unreadDatagram === 'is-lost') return lostDatagram(ssl);
        ssl.inbox.push(taken.data);
        continue;
      case 'lost':
        return ended(ssl, -1);
      case 'closed':
        return success(1);
      case 'over':
        return taken.by === 'alert' ? fatalAnswer(ssl, taken.queue) : sslError(-1, ...taken.queue);
      case 'eof': {
        const queue = unexpectedEof(ssl);
        if (queue !== undefined) return sslError(-1, ...queue);
        return ssl.sent ? success(1) : ended(ssl, 0);
      }
      case 'reset':
      case 'unreachable':
        return readFailed(ssl, taken.errno);
    }
  }
}

/** TLS: over any record of data, one without data included. */
function endsOverData(ssl: Ssl): boolean {
  return ssl.choices.unreadData === 'ends-the-connection' && !ssl.datagrams;
}

function lostDatagram(ssl: Ssl): CallResult {
  noteUnread(ssl, 7, 'throws the unread datagram away: -1 with SSL_ERROR_SYSCALL, errno 0, and goes on');
  return ended(ssl, -1);
}

/** Application data that nobody has read stands before the peer's close_notify. */
function unread(ssl: Ssl): CallResult {
  if (ssl.datagrams) {
    if (ssl.choices.unreadDatagram === 'is-lost') {
      ssl.inbox = [];
      return lostDatagram(ssl);
    }
    noteUnread(ssl, 7, 'throws the unread datagram away');
  } else noteUnread(ssl, 6, ENDS);
  if (endsOverData(ssl)) {
    ssl.life = 'dead';
    ssl.inbox = [];
  }
  return sslError(-1, AFTER_CLOSE);
}

function noteUnread(ssl: Ssl, number: number, openssl: string): void {
  noteDifference(ssl, number, {
    manual: 'keeps the unread data for SSL_read: once it is read, SSL_shutdown can return 1',
    'openssl-3.5': openssl,
  });
}

function fatalAnswer(ssl: Ssl, queue: readonly string[]): CallResult {
  noteDifference(ssl, 2, {
    manual: 'returns -1 when a fatal alert answers our close_notify',
    'openssl-3.5': 'returns 1 when a fatal alert answers our close_notify',
  });
  return ssl.choices.fatalAnswer === 'completes' ? success(1, queue) : sslError(-1, ...queue);
}

function noteWaiting(ssl: Ssl, direction: 'READ' | 'WRITE'): void {
  noteDifference(ssl, 5, {
    manual: `returns 0 here, with SSL_ERROR_WANT_${direction}: the shutdown goes on`,
    'openssl-3.5': `returns -1 here, with SSL_ERROR_WANT_${direction}`,
  });
}

const ENDS = 'ends the connection over unread data: the data is lost and every later call fails';
const IN_INIT = 'shutdown while in init';
const WARNING = 1;
const CLOSE_NOTIFY = 0;
/** sizeof(SSL_SHUTDOWN_EX_ARGS) where pointers have 8 bytes. */
export const ARGS_SIZE = 16;
