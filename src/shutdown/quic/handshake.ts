import { sslError, success, wantRead } from '../results.ts';
import type { Call, CallResult } from '../types.ts';
import { isEnding, mayChange, type QuicSsl } from './connection.ts';
import { awaitEvent, tick, tickUnlessExplicit } from './events.ts';

/** SSL_do_handshake for QUIC: 1 once it is complete, 0 when the connection is over, -1 while it goes on. */
export function* quicDoHandshake(ssl: QuicSsl): Call {
  const { core } = ssl;
  if (core.handshake().complete) return success(1);
  if (!mayChange(ssl)) return sslError(0, SHUTDOWN);
  if (!ssl.started) {
    ssl.started = true;
    core.start(ssl.now());
  }
  if (ssl.blocking) tick(ssl);
  else tickUnlessExplicit(ssl);
  for (;;) {
    if (core.handshake().complete) return success(1);
    if (isEnding(ssl)) return failed(ssl);
    if (!ssl.blocking) return wantRead(-1);
    yield awaitEvent(ssl, wantRead(-1));
    tick(ssl);
  }
}

/** What we did not like of the peer has a name; what it did not like of us is in SSL_get_conn_close_info. */
function failed({ core }: QuicSsl): CallResult {
  const cause = core.cause();
  const ours = cause?.kind === 'close' && cause.by === 'local' && cause.layer === 'transport';
  return sslError(0, ours && CERTIFICATE_ALERTS.has(cause.code) ? 'certificate verify failed' : SHUTDOWN);
}

export const SHUTDOWN = 'protocol is shutdown';
/** CRYPTO_ERROR (RFC 9001 §4.8) with bad_certificate (42) to unknown_ca (48). */
const CERTIFICATE_ALERTS: ReadonlySet<bigint> = new Set(
  [42n, 43n, 44n, 45n, 46n, 48n].map((alert) => 0x100n + alert),
);
