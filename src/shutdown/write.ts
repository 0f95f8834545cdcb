import { flush } from './flush.ts';
import { sslDoHandshake } from './handshake.ts';
import { ended, sslError, success, wantWrite, writeFailed } from './results.ts';
import type { Ssl } from './ssl.ts';
import type { Call } from './types.ts';

/**
 * SSL_write: all of `data`, or nothing counted. After SSL_ERROR_WANT_WRITE the same call has to be made again: what was
 * queued goes out first, and only what `data` has beyond it is new.
 */
export function* sslWrite(ssl: Ssl, data: Uint8Array): Call {
  if (ssl.role === 'none') return sslError(-1, 'uninitialized');
  ssl.waits = 'nothing';
  if (ssl.sent) return sslError(-1, 'protocol is shutdown');
  if (ssl.life === 'dead') return ended(ssl, -1);
  if (ssl.life !== 'open') {
    const shaken = yield* sslDoHandshake(ssl);
    if (shaken.ret <= 0) return { ...shaken, ret: -1 };
  }
  // No message is spread over datagrams.
  if (ssl.datagrams && data.length > MOST_OF_A_RECORD) return sslError(-1, 'dtls message too big');
  // A datagram that could not leave is not finished: the call starts afresh.
  if (ssl.datagrams) dropPending(ssl);
  const pending = ssl.pendingWrite ?? 0;
  if (data.length < pending || ssl.alertInBuffer) {
    ssl.life = 'dead';
    return sslError(-1, ssl.alertInBuffer ? 'bad write retry' : 'bad length');
  }
  if (data.length === 0) return ended(ssl, 0);
  if (data.length > pending) {
    // Something else has ended this direction under the call: a fault tells of it in the next step.
    if (!ssl.core.sendData(data.subarray(pending))) return ended(ssl, -1);
    ssl.pendingWrite = data.length;
  }
  for (;;) {
    const flushed = flush(ssl);
    if (flushed === 'sent') {
      ssl.alert = 'none';
      ssl.pendingWrite = undefined;
      ssl.gaveUpWrite = false;
      return success(data.length);
    }
    if (flushed !== 'blocked') {
      giveUp(ssl);
      return writeFailed(ssl, flushed.errno);
    }
    const otherwise = wantWrite(-1);
    yield { for: 'writable', ready: ssl.writable, otherwise, taken: () => giveUp(ssl) };
  }
}

/** OpenSSL keeps no datagram that could not leave. */
function giveUp(ssl: Ssl): void {
  if (!ssl.datagrams || ssl.choices.pendingWrite === 'finish-it-first') return;
  dropPending(ssl);
  ssl.gaveUpWrite = true;
}

function dropPending(ssl: Ssl): void {
  if (ssl.pendingWrite === undefined) return;
  ssl.core.discardTransmit();
  ssl.pendingWrite = undefined;
}

const MOST_OF_A_RECORD = 16_384;
