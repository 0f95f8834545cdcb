import { sslError, success, wantWrite } from '../results.ts';
import type { Call, CallResult } from '../types.ts';
import { connectionOf, mayChange, type QuicObject } from './connection.ts';
import { awaitEvent, tick, tickUnlessExplicit } from './events.ts';
import { quicDoHandshake } from './handshake.ts';
import { isOver } from './over.ts';
import { streamToWrite, whyNotWritable } from './streams.ts';

/**
 * SSL_write for QUIC: all of `data`, or nothing counted. Where not all of it finds room, a blocking call waits; another one says
 * SSL_ERROR_WANT_WRITE and has to be made again with the same data. Refused from the first SSL_shutdown on.
 */
export function* quicWrite(object: QuicObject, data: Uint8Array): Call {
  const ssl = connectionOf(object);
  const { streams } = ssl.core;
  if (!mayChange(ssl)) return isOver(ssl);
  if (!ssl.core.handshake().complete) {
    const shaken = yield* quicDoHandshake(ssl);
    if (shaken.ret !== 1) return { ...shaken, ret: 0 };
  }
  const stream = yield* streamToWrite(object);
  if (typeof stream !== 'bigint') return stream;
  const wrong = whyNotWritable(ssl, stream);
  if (wrong !== undefined) return sslError(0, wrong);
  if (data.length === 0) return NOTHING;
  let taken = ssl.begunWrites.get(stream) ?? 0;
  if (taken > data.length) return sslError(0, 'bad write retry');
  for (;;) {
    taken += streams.write(stream, data.subarray(taken));
    if (ssl.blocking) tick(ssl);
    else tickUnlessExplicit(ssl);
    if (taken === data.length) {
      ssl.begunWrites.delete(stream);
      return success(data.length);
    }
    if (!mayChange(ssl)) return isOver(ssl);
    if (!ssl.blocking) {
      ssl.begunWrites.set(stream, taken);
      return wantWrite(0);
    }
    // Room may have come while events were handled.
    if (streams.writable(stream) === 0) yield awaitEvent(ssl, wantWrite(0));
  }
}

/** Of an SSL_write of nothing OpenSSL has nothing to say either. */
const NOTHING: CallResult = { ret: 0, error: 'SSL_ERROR_SSL', queue: [] };
