import type { Session } from '../proto/handshake/session.ts';
import type { Ssl } from './ssl.ts';
import type { SavedSession } from './types.ts';

export type SessionInfo = { resumable: boolean; hasTicket: boolean; ticketsReceived: number };

/** SSL_get1_session: the session of this connection, once there is one to resume. */
export function sslSession(ssl: Ssl): SavedSession | undefined {
  const session = ssl.core.session();
  if (session !== undefined && ssl.session?.session !== session) {
    ssl.session = { session, resumable: true };
  }
  return ssl.session;
}

export function sessionInfo(ssl: Ssl): SessionInfo {
  return savedInfo(ssl, sslSession(ssl));
}

/** SSL_SESSION_is_resumable and SSL_SESSION_has_ticket of a session that was kept, and how many this connection was given. */
export function savedInfo(ssl: Ssl, saved: SavedSession | undefined): SessionInfo {
  return {
    resumable: saved !== undefined && isResumable(saved),
    hasTicket: saved?.session.ticket !== undefined,
    ticketsReceived: sessionsGiven(ssl),
  };
}

/** The session to offer, or none: a session that is not resumable is accepted by SSL_set_session and never offered. */
export function sessionToOffer(saved: SavedSession | undefined): Session | undefined {
  return saved !== undefined && isResumable(saved) ? saved.session : undefined;
}

/** A fatal alert went either way: the session must not be resumed (RFC 5246 §7.2.2). */
export function forbidResumption(ssl: Ssl): void {
  const saved = sslSession(ssl);
  if (saved !== undefined) saved.resumable = false;
}

/** SSL_free and SSL_clear: without SSL_SENT_SHUTDOWN the session is taken for badly ended. */
export function dropUnlessClosed(ssl: Ssl): boolean {
  if (ssl.sent || ssl.life !== 'open') return false;
  forbidResumption(ssl);
  return true;
}

function isResumable(saved: SavedSession): boolean {
  const { ticket, sessionId } = saved.session;
  return saved.resumable && ((ticket?.length ?? 0) > 0 || (sessionId?.length ?? 0) > 0);
}

/** How often the new-session callback was called: per ticket in TLS 1.3, once for a full handshake in TLS 1.2. */
export function sessionsGiven(ssl: Ssl): number {
  const { core } = ssl;
  if (core.version() === 'TLSv1.3') return ssl.givenBefore + core.ticketsReceived();
  const fresh = core.session() !== undefined && (!core.resumed() || core.ticketsReceived() > 0);
  return ssl.givenBefore + (fresh ? 1 : 0);
}
