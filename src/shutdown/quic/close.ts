import type { CloseRequest } from '../../proto/quic/core.ts';
import { noteDifference } from '../notes.ts';
import { isEnding, type QuicSsl } from './connection.ts';
import { updateFlags } from './flags.ts';

/** Sends CONNECTION_CLOSE, unless the connection is ending already: then nothing happens. */
export function beginClosing(ssl: QuicSsl, request: CloseRequest): void {
  ssl.owesClose = false;
  ssl.shutting = true;
  if (isEnding(ssl)) return;
  noteArguments(ssl, request);
  if (!ssl.flushTold) noteWindow(ssl);
  tellFlush(ssl);
  ssl.core.close(ssl.now(), request);
  // It leaves before anything is read: the peer's own close, if it lies there already, would keep it back.
  if (!ssl.explicitEvents || ssl.choices.shutdownHandlesEvents) ssl.stuck = !ssl.flush();
  updateFlags(ssl);
}

/** Puts on the timeline, once, how much of what was written has been acknowledged when closing begins, or when it is too late. */
export function tellFlush(ssl: QuicSsl): void {
  if (ssl.flushTold || !ssl.started) return;
  ssl.flushTold = true;
  const { written, acknowledged } = ssl.core.streams.counts();
  ssl.emit?.({ kind: 'flush', complete: ssl.core.streams.flushed(), written, acknowledged });
}

function noteWindow(ssl: QuicSsl): void {
  const { written, sent } = ssl.core.streams.counts();
  if (!ssl.started || written === sent) return;
  noteDifference(ssl, 17, {
    manual: 'sends CONNECTION_CLOSE whether the congestion window is full or not',
    'openssl-3.5': 'sends no CONNECTION_CLOSE at all while the congestion window is full',
  });
}

export function noteOversize(ssl: QuicSsl): void {
  noteDifference(ssl, 16, {
    manual: 'fails with -1 for an error code beyond 2^62 - 1',
    'openssl-3.5': 'takes an error code beyond 2^62 - 1, and sends no CONNECTION_CLOSE',
  });
}

/** What a code can be at most: the largest varint (RFC 9000 §16). */
export const LARGEST_CODE = 2n ** 62n - 1n;

function noteArguments(ssl: QuicSsl, { code, reason }: CloseRequest): void {
  if (code > LARGEST_CODE) noteOversize(ssl);
  if (reason.length <= OPENSSL_REASON) return;
  noteDifference(ssl, 29, {
    manual: 'cuts a reason to what fits the packet, between two characters',
    'openssl-3.5': `cuts a reason at ${OPENSSL_REASON} bytes, be it inside a character`,
  });
}

const OPENSSL_REASON = 600;
