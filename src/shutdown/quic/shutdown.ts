import type { CloseRequest } from '../../proto/quic/core.ts';
import { noteDifference } from '../notes.ts';
import { sslError, success } from '../results.ts';
import { ARGS_SIZE } from '../shutdown.ts';
import type { Call, CallResult, ShutdownExFlag } from '../types.ts';
import { beginClosing, LARGEST_CODE, tellFlush } from './close.ts';
import { isEnding, type QuicObject, type QuicSsl } from './connection.ts';
import { awaitEvent, tick, tickInShutdown } from './events.ts';

/** What an application may pass to SSL_shutdown_ex. */
export type QuicShutdownArgs = {
  flags?: readonly ShutdownExFlag[];
  /** quic_error_code, 64 bits as C has them; beyond 2^62 - 1 it can't be sent. Default 0. */
  code?: bigint;
  /** quic_reason, as the bytes it was given in; meant to be UTF-8, which nobody checks. Default none. */
  reason?: Uint8Array;
  /** `args_len`, where it is not the size of the structure. */
  argsLength?: number;
  /** Close as the transport (0x1c) and not as the application (0x1d). No page speaks of it. */
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
  const request = chosenArguments(ssl, args);
  const has = (flag: ShutdownExFlag): boolean => args.flags?.includes(flag) === true;
  const way = { wait: ssl.choices, block: !has('NO_BLOCK'), rapid: has('RAPID') };
  const stopped = has('WAIT_PEER')
    ? yield* awaitPeer(ssl, way.block)
    : has('NO_STREAM_FLUSH')
      ? undefined
      : yield* flushStreams(ssl, way.block);
  if (stopped !== undefined) return stopped;
  beginClosing(ssl, request);
  return yield* awaitEnd(ssl, way.block && !way.rapid);
}

function refusal(ssl: QuicSsl, { argsLength, code = 0n }: QuicShutdownArgs): CallResult | undefined {
  if (argsLength !== undefined && argsLength !== ARGS_SIZE) {
    noteDifference(ssl, 11, {
      manual: `returns -1 for args_len ${argsLength}: it must be the size of the structure`,
      'openssl-3.5': 'does not look at args_len',
    });
    if (ssl.choices.argsLength === 'checked') return sslError(-1, INVALID);
  }
  // Arguments that are ignored can't be wrong.
  if (code <= LARGEST_CODE || ssl.firstArgs !== undefined || isEnding(ssl)) return undefined;
  if (ssl.choices.oversizeCode === 'taken') return undefined;
  noteDifference(ssl, 16, {
    manual: 'fails with -1 for an error code beyond 2^62 - 1',
    'openssl-3.5': 'takes an error code beyond 2^62 - 1, and sends no CONNECTION_CLOSE',
  });
  return sslError(-1, INVALID);
}

/** The arguments that count. */
function chosenArguments(ssl: QuicSsl, args: QuicShutdownArgs): CloseRequest {
  const { layer = 'application', code = 0n, reason = new Uint8Array(0) } = args;
  const given: CloseRequest = { layer, code, reason };
  ssl.firstArgs ??= given;
  if (!isEnding(ssl) && !same(ssl.firstArgs, given)) {
    noteDifference(ssl, 20, {
      manual: 'closes with code and reason of the first call',
      'openssl-3.5': 'closes with code and reason of the call that sends CONNECTION_CLOSE',
    });
  }
  return ssl.choices.argumentsOf === 'the-first-call' ? ssl.firstArgs : given;
}

function same(one: CloseRequest, other: CloseRequest): boolean {
  const { reason } = other;
  return (
    one.code === other.code &&
    one.reason.length === reason.length &&
    one.reason.every((byte, at) => byte === reason[at])
  );
}

/** Undefined: there is nothing left to flush, or nothing left to do it with. */
function* flushStreams(
  ssl: QuicSsl,
  block: boolean,
): Generator<ReturnType<typeof awaitEvent>, CallResult | undefined, number> {
  ssl.shutting = true;
  ssl.owesClose = false;
  const done = (): boolean => !ssl.started || ssl.core.streams.flushed();
  if (!done()) tickInShutdown(ssl);
  while (!done() && !isEnding(ssl) && block) {
    yield { ...awaitEvent(ssl, underWay()), taken: () => leaveFlushing(ssl) };
    tick(ssl);
  }
  if (done()) return undefined;
  if (!isEnding(ssl)) {
    leaveFlushing(ssl);
    return underWay();
  }
  return endedBeforeFlush(ssl);
}
