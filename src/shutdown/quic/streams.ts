import type { QuicStreams, ReceiveState, SendState } from '../../proto/quic/core.ts';
import type { Millis } from '../../timeline/event.ts';
import { sslError, success } from '../results.ts';
import type { Call, CallResult, Waiting, Want } from '../types.ts';
import {
  connectionOf,
  isEnding,
  mayChange,
  type QuicObject,
  type QuicSsl,
  type QuicStream,
} from './connection.ts';
import { awaitEvent, tick, tickUnlessExplicit } from './events.ts';
import { quicDoHandshake, SHUTDOWN } from './handshake.ts';

/** SSL_new_stream: 1 with the id in `stream`. Refused once closing has begun. */
export function* quicNewStream(ssl: QuicSsl, direction: Parameters<QuicStreams['open']>[0]): Call {
  if (isEnding(ssl)) return sslError(0, SHUTDOWN);
  const shaken = yield* shakeHands(ssl);
  if (shaken !== undefined) return shaken;
  for (;;) {
    const id = ssl.core.streams.open(direction);
    if (id !== undefined) return { ...success(1), stream: id };
    if (isEnding(ssl)) return sslError(0, SHUTDOWN);
    const limited = sslError(0, 'stream count limited');
    if (!ssl.blocking) return limited;
    yield awaitEvent(ssl, limited);
    tick(ssl);
  }
}

/** SSL_accept_stream: 1 with the id of the next stream that the peer opened; 0 without an error when there is none. */
export function* quicAcceptStream(ssl: QuicSsl): Call {
  for (;;) {
    const id = ssl.core.streams.accept();
    if (id !== undefined) return { ...success(1), stream: id };
    if (!ssl.blocking) return success(0);
    if (!mayChange(ssl)) return sslError(0, SHUTDOWN);
    yield awaitEvent(ssl, success(0));
    tick(ssl);
  }
}

/** The object of a stream that SSL_new_stream or SSL_accept_stream gave. */
export function streamObject(connection: QuicSsl, id: bigint): QuicStream {
  return { is: 'stream', connection, id };
}

/** SSL_stream_conclude: the stream ends normally, with FIN. */
export function* quicStreamConclude(object: QuicObject): Call {
  const ssl = connectionOf(object);
  if (!mayChange(ssl)) return sslError(0, SHUTDOWN);
  const stream = yield* streamToWrite(object);
  if (typeof stream !== 'bigint') return stream;
  if (ssl.core.streams.state(stream).send.is === 'concluded') return success(1);
  const wrong = whyNotWritable(ssl, stream);
  if (wrong !== undefined) return sslError(0, wrong);
  ssl.core.streams.conclude(stream);
  tickUnlessExplicit(ssl);
  return success(1);
}

/** SSL_stream_reset: gives up our direction of the stream. Not refused when the connection is ending: it then says nothing. */
export function* quicStreamReset(object: QuicObject, code: bigint): Call {
  const ssl = connectionOf(object);
  const stream = yield* streamToWrite(object);
  if (typeof stream !== 'bigint') return stream;
  const { is } = ssl.core.streams.state(stream).send;
  if (is === 'none') return sslError(0, 'stream recv only');
  if (is === 'reset-local' || is === 'stopped') return sslError(0, 'stream reset');
  ssl.core.streams.reset(stream, code);
  return success(1);
}

/** SSL_STREAM_STATE_… without its prefix. */
export type StreamStateName =
  | 'NONE'
  | 'OK'
  | 'WRONG_DIR'
  | 'FINISHED'
  | 'RESET_LOCAL'
  | 'RESET_REMOTE'
  | 'CONN_CLOSED';

/** SSL_get_stream_write_state and SSL_get_stream_read_state. */
export function quicStreamState(object: QuicObject): { write: StreamStateName; read: StreamStateName } {
  const ssl = connectionOf(object);
  const stream = object.is === 'stream' ? object.id : ssl.defaultStream;
  if (stream === undefined) return { write: 'NONE', read: 'NONE' };
  const { send, receive } = ssl.core.streams.state(stream);
  const over = isEnding(ssl);
  return { write: nameState(send, over), read: nameState(receive, over) };
}

function nameState(state: SendState | ReceiveState, over: boolean): StreamStateName {
  if (state.is === 'none') return 'WRONG_DIR';
  if (over) return 'CONN_CLOSED';
  switch (state.is) {
    case 'open':
      return 'OK';
    case 'concluded':
    case 'finished':
      return 'FINISHED';
    case 'reset-local':
      return 'RESET_LOCAL';
    case 'stopped':
    case 'reset-peer':
      return 'RESET_REMOTE';
  }
}

/** Why nothing more can be written to it. */
export function whyNotWritable(ssl: QuicSsl, stream: bigint): string | undefined {
  switch (ssl.core.streams.state(stream).send.is) {
    case 'open':
      return undefined;
    case 'none':
      return 'stream recv only';
    case 'concluded':
      return 'stream finished';
    case 'reset-local':
    case 'stopped':
      return 'stream reset';
  }
}

/** The stream behind an object: its own, or the connection's default stream, which is opened when it is first written to. */
export function* streamToWrite(object: QuicObject): Generator<Want, bigint | CallResult, Millis> {
  if (object.is === 'stream') return object.id;
  if (object.defaultStream !== undefined) return object.defaultStream;
  if (object.defaultStreamMode === 'none') return sslError(0, 'no stream');
  if (!mayChange(object)) return sslError(0, SHUTDOWN);
  const opened = yield* quicNewStream(object, 'bidi');
  if (opened.stream === undefined) return opened;
  object.defaultStream = opened.stream;
  return opened.stream;
}

/** Undefined: done. */
function* shakeHands(ssl: QuicSsl): Waiting {
  const shaken = yield* quicDoHandshake(ssl);
  return shaken.ret === 1 ? undefined : { ...shaken, ret: 0 };
}
