import type { HashName } from '../../crypto/provider.ts';
import { type Suite, suiteById } from '../../crypto/suites.ts';
import { ALERT } from '../../wire/alert.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { bindersLength } from '../../wire/extension-data.ts';
import type { ClientOffer } from './client-offer.ts';
import type { Context } from './context.ts';
import { handshakeFailure, peerFault } from './faults.ts';
import { PSK_DHE_KE } from './offer.ts';
import { EXTERNAL_HASH, type Psk, pskBinder } from './psk.ts';
import type { Session } from './session.ts';
import { openTicket } from './tickets.ts';

export type AcceptedPsk = Psk & { index: number };

/** The first offered ticket of ours, or key we know, that may serve here (RFC 9846 §4.3.11); its binder must be right. */
export function choosePsk(ctx: Context, offer: ClientOffer, suite: Suite): AcceptedPsk | undefined {
  const { psks } = offer;
  if (psks === undefined) return undefined;
  const { emit } = ctx.deps;
  let why = 'none of the tickets is ours';
  for (const [index, { identity }] of psks.identities.slice(0, MOST_TRIED).entries()) {
    const session = openTicket(ctx, identity);
    const psk = session === undefined ? externalPsk(ctx, identity) : ticketPsk(session, suite);
    if (psk === undefined) continue;
    const obstacle = obstacleTo(ctx, offer, suite, psk);
    if (obstacle !== undefined) {
      why = obstacle;
      continue;
    }
    checkBinder(ctx, offer, psk, psks.binders, index);
    if (session !== undefined)
      emit({ kind: 'session', what: 'accepted', why: 'a ticket of ours as pre-shared key' });
    return { ...psk, index };
  }
  emit({ kind: 'session', what: 'refused', why });
  return undefined;
}

/** The hash that a suite should have, for the sake of an external PSK under offer. */
export function wantedHash(ctx: Context, { psks }: ClientOffer): HashName | undefined {
  if (ctx.config.pskKeys === undefined) return undefined;
  const known = psks?.identities
    .slice(0, MOST_TRIED)
    .some(({ identity }) => externalPsk(ctx, identity) !== undefined);
  return known === true ? EXTERNAL_HASH : undefined;
}

/** A server that has only keys, no certificate, and got none it can use (RFC 9846 §6.2, unknown_psk_identity). */
export function noPsk(offer: ClientOffer): Error {
  if (offer.psks === undefined)
    return handshakeFailure('no-psk', 'the client offers no pre-shared key, and we have no certificate');
  return peerFault('unknown-psk-identity', ALERT.unknown_psk_identity, 'no key for any identity offered');
}

function externalPsk(ctx: Context, identity: Uint8Array): Psk | undefined {
  const key = ctx.config.pskKeys?.find(identity);
  return key && { key, hash: EXTERNAL_HASH };
}

function ticketPsk(session: Session, suite: Suite): Psk {
  return { key: session.secret, hash: suiteById(session.suite)?.hash ?? suite.hash, session };
}

function obstacleTo(ctx: Context, offer: ClientOffer, suite: Suite, psk: Psk): string | undefined {
  const { session } = psk;
  if (session !== undefined && session.version !== 0x0304) return 'the ticket is of TLS 1.2';
  if (!offer.pskModes?.includes(PSK_DHE_KE)) return 'the client does not take psk_dhe_ke';
  if (psk.hash !== suite.hash)
    return `${suite.name} does not go with the ${session === undefined ? 'key' : 'ticket'}`;
  if (session === undefined) return undefined;
  if (session.serverName !== offer.serverName) return 'the ticket belongs to another server name';
  if (ctx.config.clientCertificate === 'require' && session.verified !== true)
    return 'the ticket knows no client certificate';
  return undefined;
}

/** RFC 9846 §4.3.11.2: over the ClientHello up to the binders. */
function checkBinder(
  ctx: Context,
  offer: ClientOffer,
  psk: Psk,
  binders: readonly Uint8Array[],
  index: number,
): void {
  const { raw } = offer.message;
  const partial = raw.subarray(0, raw.length - bindersLength(binders));
  const binder = binders[index];
  if (binder === undefined || !equalBytes(pskBinder(ctx, psk, partial), binder))
    throw peerFault('bad-binder', ALERT.decrypt_error, 'the PSK binder does not verify');
}

/** A ClientHello has room for thousands; opening each would be work without end. */
const MOST_TRIED = 8;
