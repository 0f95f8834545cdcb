import type { QuicStreams, ReceiveState, SendState } from '../../proto/quic/core.ts';
import type { Millis } from '../../timeline/event.ts';
import { sslError, success, wantRead } from '../results.ts';
import type { Call, CallResult, Want } from '../types.ts';
import { LARGEST_CODE } from './close.ts';
import {
  connectionOf,
  hasNoStream,
  isEnding,
  mayChange,
  type QuicObject,
  type QuicSsl,
  type QuicStream,
  streamOf,
} from './connection.ts';
import { awaitEvent, tick, tickUnlessExplicit } from './events.ts';
import { quicDoHandshake } from './handshake.ts';
import { isOver } from './over.ts';

/** SSL_new_stream: 1 with the id in `stream`. Whoever asks for streams gets no default stream any more. */
export function* quicNewStream(ssl: QuicSsl, direction: Direction): Call {
  const opened = yield* openStream(ssl, direction);
  if (opened.stream !== undefined) withoutDefault(ssl);
  return opened;
}

function* openStream(ssl: QuicSsl, direction: Direction): Call {
  for (;;) {
    if (!mayChange(ssl)) return isOver(ssl);
    const id = ssl.core.handshake().complete ? ssl.core.streams.open(direction) : undefined;
    if (id !== undefined) return { ...success(1), stream: id };
    if (!ssl.blocking) return LIMITED;
    yield awaitEvent(ssl, LIMITED);
    tick(ssl);
  }
}

/** SSL_accept_stream: 1 with the id of the next stream that the peer opened; 0 and an empty error queue: there is none. */
export function* quicAcceptStream(ssl: QuicSsl): Call {
  if (ssl.defaultStream !== undefined) return sslError(0, 'called a function you should not call');
  for (;;) {
    const id = ssl.core.streams.accept();
    if (id !== undefined) {
      withoutDefault(ssl);
      return { ...success(1), stream: id };
    }
    if (!ssl.blocking) return NO_STREAM;
    if (!mayChange(ssl)) return isOver(ssl);
    yield awaitEvent(ssl, NO_STREAM);
    tick(ssl);
  }
}

function withoutDefault(ssl: QuicSsl): void {
  ssl.defaultStreamMode = 'none';
}

type Direction = Parameters<QuicStreams['open']>[0];

/** The object of a stream that SSL_new_stream or SSL_accept_stream gave. */
export function streamObject(connection: QuicSsl, id: bigint): QuicStream {
  return { is: 'stream', connection, id };
}

/** SSL_stream_conclude: the stream ends normally, with FIN. */
export function* quicStreamConclude(object: QuicObject): Call {
  const ssl = connectionOf(object);
  if (!mayChange(ssl)) return isOver(ssl);
  const stream = yield* streamToWrite(object);
  if (typeof stream !== 'bigint') return stream;
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
  const wrong = code > LARGEST_CODE ? 'passed invalid argument' : whyNotWritable(ssl, stream);
  if (wrong !== undefined) return sslError(0, wrong);
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
  const stream = streamOf(object);
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
      return state.acknowledged ? 'FINISHED' : 'OK';
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
  if (!mayChange(object)) return isOver(object);
  const shaken = yield* quicDoHandshake(object);
  if (shaken.ret !== 1) return { ...shaken, ret: 0 };
  if (hasNoStream(object)) return sslError(0, 'no stream');
  const opened = yield* openStream(object, 'bidi');
  if (opened.stream === undefined) return opened;
  object.defaultStream = opened.stream;
  return opened.stream;
}

const LIMITED: CallResult = { ...wantRead(0), queue: ['stream count limited'] };
const NO_STREAM: CallResult = { ret: 0, error: 'SSL_ERROR_SYSCALL', errno: '0', queue: [] };
