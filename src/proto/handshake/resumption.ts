import { suiteById } from '../../crypto/suites.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';
import { usableSuites } from './usable.ts';

/** Client: the configured session if it may be offered now; else a fact says why not. */
export function offerable(ctx: Context): Session | undefined {
  const { session } = ctx.config;
  if (session === undefined) return undefined;
  const why = obstacle(ctx, session);
  if (why === undefined) return session;
  ctx.deps.emit({ kind: 'session', what: 'not-eligible', why });
  return undefined;
}

/** A literal address has no place in server_name (RFC 6066 §3). */
export function isIpAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** Seconds a session may be used: tickets of TLS 1.3 at most seven days (RFC 9846 §4.7.1). */
function expired(session: Session, now: number): boolean {
  const seconds = Math.max(0, now - session.receivedAt) / 1000;
  if (session.version === 0x0304) return seconds >= Math.min(session.lifetime, SEVEN_DAYS);
  return session.lifetime > 0 && seconds >= session.lifetime;
}

function obstacle(ctx: Context, session: Session): string | undefined {
  const { config } = ctx;
  const suite = suiteById(session.suite);
  if (!config.versions.includes(session.version)) return 'its version is not on offer';
  if (suite === undefined || suite.version !== session.version) return 'its suite is unknown';
  if (!suiteOnOffer(ctx, session)) return 'its suite is not on offer';
  if (session.serverName !== config.serverName) return 'it belongs to another server name';
  if (session.verified === false && config.verify === 'require') return 'its certificate was not verified';
  if (expired(session, ctx.now)) return 'its lifetime is over';
  if (session.ticket === undefined && (session.version === 0x0304 || session.sessionId === undefined))
    return 'it has neither ticket nor session ID';
  if ((session.ticket?.length ?? 0) > LARGEST_TICKET) return 'its ticket does not fit a ClientHello';
  return undefined;
}

/** TLS 1.3 asks only for the same hash (RFC 9846 §4.3.11), TLS 1.2 for the same suite. */
function suiteOnOffer(ctx: Context, session: Session): boolean {
  if (session.version === 0x0303) return usableSuites(ctx).includes(session.suite);
  const hash = suiteById(session.suite)?.hash;
  return ctx.config.suites.some((id) => {
    const suite = suiteById(id);
    return suite?.version === 0x0304 && suite.hash === hash;
  });
}

const SEVEN_DAYS = 604_800;
const LARGEST_TICKET = 60_000;
