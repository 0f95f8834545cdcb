import type { Session } from '../../proto/handshake/session.ts';
import { sslFree } from '../../shutdown/handshake.ts';
import { savedInfo, sslSession } from '../../shutdown/session.ts';
import type { Closing } from './closing.ts';

/**
 * SSL_free, then: can the session of this connection be resumed? Says so on the timeline when `report` is set, and returns
 * the session if it can.
 */
export function freeAndKeepSession(closing: Closing, report: boolean): Session | undefined {
  const { ssl, emit, seen } = closing;
  const saved = sslSession(ssl);
  sslFree(ssl);
  const { resumable, ticketsReceived } = savedInfo(ssl, saved);
  if (report) {
    const why = resumable
      ? `${ticketsReceived === 1 ? '1 session was' : `${ticketsReceived} sessions were`} given, and the connection ended well`
      : notEligible(saved !== undefined, seen.ourClose !== undefined);
    emit({ kind: 'session', what: resumable ? 'eligible' : 'not-eligible', why });
  }
  return resumable ? saved?.session : undefined;
}

function notEligible(given: boolean, closed: boolean): string {
  if (!given) return 'no ticket and no session ID was processed';
  return closed ? 'the connection ended with an error' : 'the connection ended without our close_notify';
}
