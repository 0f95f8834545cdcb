import { sslError, success, wantRead } from '../results.ts';
import type { Call, CallResult } from '../types.ts';
import { connectionOf, hasNoStream, isEnding, mayChange, type QuicObject, streamOf } from './connection.ts';
import { awaitEvent, tick, tickUnlessExplicit } from './events.ts';
import { quicDoHandshake } from './handshake.ts';
import { isOver } from './over.ts';

/**
 * SSL_read for QUIC, from a stream or the connection's default stream. What has been received can be read whatever became of the
 * connection. 0 with SSL_ERROR_ZERO_RETURN: the stream ended with FIN; a connection that was closed gives SSL_ERROR_SSL.
 */
export function quicRead(object: QuicObject, max: number): Call {
  return readStream(object, max, false);
}

/** SSL_peek: the same, and the bytes stay. */
export function quicPeek(object: QuicObject, max: number): Call {
  return readStream(object, max, true);
}

/** SSL_pending: bytes that SSL_read can deliver at once. SSL_has_pending: has it anything to say at once? */
export function quicPending(object: QuicObject): { pending: number; hasPending: boolean } {
  const ssl = connectionOf(object);
  const stream = streamOf(object);
  if (stream === undefined) return { pending: 0, hasPending: false };
  const { streams } = ssl.core;
  const waiting = streams.peek(stream, Number.MAX_SAFE_INTEGER);
  return {
    pending: waiting.kind === 'data' ? waiting.data.length : 0,
    hasPending: streams.readable(stream) || isEnding(ssl),
  };
}

function* readStream(object: QuicObject, max: number, peek: boolean): Call {
  const ssl = connectionOf(object);
  if (!ssl.core.handshake().complete) {
    const shaken = yield* quicDoHandshake(ssl);
    if (shaken.ret !== 1) return { ...shaken, ret: 0 };
  }
  if (object.is === 'connection' && hasNoStream(object)) return sslError(0, 'no stream');
  const first = look(object, max, peek);
  if (first !== undefined) return first;
  if (!mayChange(ssl)) return isOver(ssl);
  if (ssl.blocking) tick(ssl);
  else tickUnlessExplicit(ssl);
  for (;;) {
    const result = look(object, max, peek);
    if (result !== undefined) return result;
    if (!mayChange(ssl)) return isOver(ssl);
    if (!ssl.blocking) return wantRead(0);
    yield awaitEvent(ssl, wantRead(0));
    tick(ssl);
  }
}

/** What the stream gives now. Undefined: nothing, or there is no stream yet. */
function look(object: QuicObject, max: number, peek: boolean): CallResult | undefined {
  const { core } = connectionOf(object);
  const stream = streamToRead(object);
  if (stream === undefined) return undefined;
  const seen = peek ? core.streams.peek(stream, max) : core.streams.read(stream, max);
  switch (seen.kind) {
    case 'data':
      return { ...success(seen.data.length), data: seen.data };
    case 'fin':
      return { ret: 0, error: 'SSL_ERROR_ZERO_RETURN', queue: [] };
    case 'reset':
      return sslError(0, 'stream reset');
    case 'none':
      return sslError(0, 'stream send only');
    case 'empty':
      return undefined;
  }
}

/** Whoever reads first takes the first stream that the peer opens. */
function streamToRead(object: QuicObject): bigint | undefined {
  if (object.is === 'connection') object.defaultStream ??= object.core.streams.accept();
  return streamOf(object);
}
