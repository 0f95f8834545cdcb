import type { CloseRequest } from '../../proto/quic/core.ts';
import { noteDifference } from '../notes.ts';
import { sslError, success } from '../results.ts';
import { ARGS_SIZE } from '../shutdown.ts';
import type { Call, CallResult, ShutdownExFlag, Waiting } from '../types.ts';
import { beginClosing, LARGEST_CODE, noteOversize, tellFlush } from './close.ts';
import { isEnding, type QuicObject, type QuicSsl } from './connection.ts';
import { awaitEvent, tick, tickInShutdown } from './events.ts';

/** What an application may pass to SSL_shutdown_ex. */
export type QuicShutdownArgs = {
  flags?: readonly ShutdownExFlag[];
  /** quic_error_code, 64 bits as C has them; beyond 2^62 - 1 it can't be sent. Default 0. */
  code?: bigint;
  /** quic_reason, in bytes; meant to be UTF-8, which nobody checks. Default none. */
  reason?: Uint8Array;
  /** `args_len`, where it is not the size of the structure. */
  argsLength?: number;
  /** Close as the transport (0x1c) instead of the application (0x1d). No page speaks of it. */
  layer?: CloseRequest['layer'];
};

/** SSL_shutdown for QUIC. */
export function quicShutdown(object: QuicObject): Call {
  return quicShutdownEx(object);
}

/**
 * SSL_shutdown_ex for QUIC: waits until what was written has been acknowledged (or with WAIT_PEER until the peer closes), sends
 * CONNECTION_CLOSE, and waits for the end of closing or draining, which RAPID leaves out. 0: under way · 1: over · -1: on a
 * stream object, or (profile `manual`) with arguments that can't be.
 */
export function* quicShutdownEx(object: QuicObject, args: QuicShutdownArgs = {}): Call {
  if (object.is === 'stream') return sslError(-1, 'conn use only');
  const ssl = object;
  const refused = refusal(ssl, args);
  if (refused !== undefined) return refused;
  if (ssl.core.phase() === 'terminated') return success(1);
  const given = argumentsOf(args);
  ssl.firstArgs ??= given;
  const has = (flag: ShutdownExFlag): boolean => args.flags?.includes(flag) === true;
  const block = ssl.blocking && !has('NO_BLOCK');
  const stopped = yield* beforeClosing(ssl, has, block);
  if (stopped !== undefined) return stopped;
  beginClosing(ssl, chosen(ssl, ssl.firstArgs, given));
  return yield* awaitEnd(ssl, block && !has('RAPID'));
}

function refusal(ssl: QuicSsl, { argsLength, code = 0n }: QuicShutdownArgs): CallResult | undefined {
  if (argsLength !== undefined && argsLength !== ARGS_SIZE) {
    noteDifference(ssl, 11, {
      manual: `returns -1 for args_len ${argsLength}: it must be the size of the structure`,
      'openssl-3.5': 'does not look at args_len',
    });
    if (ssl.choices.argsLength === 'checked') return sslError(-1, INVALID);
  }
  // Arguments that are not looked at can't be wrong.
  if (code <= LARGEST_CODE || ssl.firstArgs !== undefined || isEnding(ssl)) return undefined;
  if (ssl.choices.oversizeCode === 'taken') return undefined;
  noteOversize(ssl);
  return sslError(-1, INVALID);
}

function argumentsOf({ layer = 'application', code = 0n, reason }: QuicShutdownArgs): CloseRequest {
  return { layer, code, reason: reason ?? new Uint8Array(0) };
}

/** Which of the two are sent. */
function chosen(ssl: QuicSsl, first: CloseRequest, given: CloseRequest): CloseRequest {
  if (!isEnding(ssl) && !alike(first, given)) {
    noteDifference(ssl, 20, {
      manual: 'closes with code and reason of the first call',
      'openssl-3.5': 'closes with code and reason of the call that sends CONNECTION_CLOSE',
    });
  }
  return ssl.choices.argumentsOf === 'the-first-call' ? first : given;
}

function alike(one: CloseRequest, { code, reason }: CloseRequest): boolean {
  const { length } = one.reason;
  return one.code === code && length === reason.length && one.reason.every((byte, at) => byte === reason[at]);
}

/** What comes before CONNECTION_CLOSE. A result: the call goes no further. */
function* beforeClosing(ssl: QuicSsl, has: (flag: ShutdownExFlag) => boolean, block: boolean): Waiting {
  if (has('WAIT_PEER')) return yield* awaitPeer(ssl, block);
  return has('NO_STREAM_FLUSH') ? undefined : yield* flushStreams(ssl, block);
}

function* flushStreams(ssl: QuicSsl, block: boolean): Waiting {
  // After a call that was not to flush there is nothing to wait for.
  ssl.flushing ||= !ssl.shutting;
  ssl.shutting = true;
  ssl.owesClose = false;
  const flushed = (): boolean => !ssl.flushing || !ssl.started || ssl.core.streams.flushed();
  if (!flushed()) yield* until(ssl, () => flushed() || isEnding(ssl), block);
  if (flushed()) return undefined;
  if (isEnding(ssl)) return unflushed(ssl, block);
  ssl.owesClose = true;
  return underWay();
}

/** The connection did not last until everything was acknowledged. */
function unflushed(ssl: QuicSsl, block: boolean): CallResult | undefined {
  tellFlush(ssl);
  if (block) {
    noteDifference(ssl, 21, {
      manual: 'waits for the end of the connection, which ended before everything was flushed, and returns 1',
      'openssl-3.5': 'returns 0 at once when the connection ends before everything is flushed',
    });
  }
  if (ssl.choices.endedFlush === 'returns-0') return underWay();
  ssl.emit?.({ kind: 'note', code: 'unflushed', text: UNFLUSHED });
  return undefined;
}

/** SSL_SHUTDOWN_FLAG_WAIT_PEER has no effect on a connection that is ending already. */
function* awaitPeer(ssl: QuicSsl, block: boolean): Waiting {
  if (!isEnding(ssl)) yield* until(ssl, () => isEnding(ssl), block);
  if (!isEnding(ssl)) return underWay();
  const cause = ssl.core.cause();
  if (block || ssl.core.phase() === 'terminated' || (cause?.kind === 'close' && cause.by === 'local')) {
    return undefined;
  }
  noteDifference(ssl, 22, {
    manual: 'returns 1 as soon as the peer has closed',
    'openssl-3.5': 'returns 0 until draining is over too',
  });
  return ssl.choices.waitPeerDone === 'with-the-close' ? success(1) : undefined;
}

function* awaitEnd(ssl: QuicSsl, block: boolean): Call {
  const over = (): boolean => ssl.core.phase() === 'terminated';
  if (!over()) yield* until(ssl, over, block);
  return over() ? success(1) : underWay();
}

/** Handles events until that is so: again and again, or once where the call may not block. */
function* until(ssl: QuicSsl, done: () => boolean, block: boolean): Waiting {
  if (!block) {
    tickInShutdown(ssl);
    return undefined;
  }
  for (tick(ssl); !done(); tick(ssl)) yield awaitEvent(ssl, underWay());
  return undefined;
}

/** 0 is no error; what SSL_get_error says of it means nothing. */
function underWay(): CallResult {
  return { ret: 0, error: 'SSL_ERROR_SYSCALL', errno: '0', queue: [] };
}

const UNFLUSHED = 'the connection ended before everything that was written had been acknowledged';
const INVALID = 'passed invalid argument';
