import { success, wantRead } from '../results.ts';
import type { Call } from '../types.ts';
import { isEnding, mayChange, type QuicSsl } from './connection.ts';
import { awaitEvent, tick, tickUnlessExplicit } from './events.ts';
import { isOver } from './over.ts';

/** SSL_do_handshake for QUIC: 1 once it is complete, 0 when the connection is over, -1 while it goes on. */
export function* quicDoHandshake(ssl: QuicSsl): Call {
  const { core } = ssl;
  if (core.handshake().complete) return success(1);
  if (!mayChange(ssl)) return isOver(ssl);
  if (!ssl.started) {
    ssl.started = true;
    core.start(ssl.now());
  }
  if (ssl.blocking) tick(ssl);
  else tickUnlessExplicit(ssl);
  for (;;) {
    if (core.handshake().complete) return success(1);
    if (isEnding(ssl)) return isOver(ssl);
    if (!ssl.blocking) return wantRead(-1);
    yield awaitEvent(ssl, wantRead(-1));
    tick(ssl);
  }
}
