import { encodeFinished } from '../../wire/exchange.ts';
import type { ClientOffer } from './client-offer.ts';
import { act, type Context, send } from './context.ts';
import { handshakeFailure } from './faults.ts';
import type { Tls12ServerRun, Tls12ServerState } from './server-state.ts';
import type { Session } from './session.ts';
import { openTicket } from './tickets.ts';
import { changeCipher, deriveKeys12, verifyData12 } from './tls12-keys.ts';
import { usableSuites } from './usable.ts';

/** The session that the client's ticket or session ID names, if it may be resumed. */
export function resumableSession(
  ctx: Context,
  offer: ClientOffer,
  extendedMasterSecret: boolean,
): Session | undefined {
  const { sessionId } = offer.hello;
  const byTicket = offer.ticket !== undefined && offer.ticket.length > 0;
  // RFC 5077 §3.4: with a ticket there, the ID only serves as its echo, and may be empty. A dummy ID of TLS 1.3's is no offer.
  const found = byTicket ? openTicket(ctx, offer.ticket ?? NOTHING) : findById(ctx, sessionId);
  if (!byTicket && found === undefined) return undefined;
  const why = obstacleTo(ctx, offer, found, extendedMasterSecret);
  ctx.deps.emit(
    why === undefined
      ? { kind: 'session', what: 'accepted', why: byTicket ? 'a ticket of ours' : 'a session ID of ours' }
      : { kind: 'session', what: 'refused', why },
  );
  return why === undefined ? found : undefined;
}

/** ServerHello has gone; change_cipher_spec and Finished follow at once (RFC 5246 §7.3). */
export function sendResumedFlight(ctx: Context, run: Tls12ServerRun, session: Session): Tls12ServerState {
  const keys = deriveKeys12(ctx, run, session.secret);
  changeCipher(ctx, keys);
  send(ctx, 'application', encodeFinished(verifyData12(ctx, run.suite, session.secret, 'local')));
  act(ctx, keys.peer);
  return { version: 0x0303, name: 'WAIT_CCS', run, master: session.secret };
}

function findById(ctx: Context, sessionId: Uint8Array): Session | undefined {
  return sessionId.length === 0 ? undefined : ctx.config.sessionCache?.find(sessionId);
}

function obstacleTo(
  ctx: Context,
  offer: ClientOffer,
  session: Session | undefined,
  extendedMasterSecret: boolean,
): string | undefined {
  if (session === undefined) return 'the ticket is not ours';
  if (session.version !== 0x0303) return 'the session is of TLS 1.3';
  const known = usableSuites(ctx).includes(session.suite);
  if (!known || !offer.hello.cipherSuites.includes(session.suite)) return 'its suite is not on offer';
  if (session.serverName !== offer.serverName) return 'it belongs to another server name';
  if (ctx.config.clientCertificate === 'require' && session.verified !== true)
    return 'it knows no client certificate';
  // RFC 7627 §5.3: with it before and not now: abort; the other way round: a full handshake.
  if (session.extendedMasterSecret && !extendedMasterSecret)
    throw handshakeFailure('extended-master-secret-changed', 'resumption without extended_master_secret');
  if (!session.extendedMasterSecret && extendedMasterSecret) return 'it lacks extended_master_secret';
  return undefined;
}

const NOTHING = new Uint8Array(0);
