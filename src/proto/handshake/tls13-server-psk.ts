import { type Suite, suiteById } from '../../crypto/suites.ts';
import { ALERT } from '../../wire/alert.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { bindersLength } from '../../wire/extension-data.ts';
import type { ClientOffer } from './client-offer.ts';
import type { Context } from './context.ts';
import { peerFault } from './faults.ts';
import { PSK_DHE_KE } from './offer.ts';
import { pskBinder } from './psk.ts';
import type { Session } from './session.ts';
import { openTicket } from './tickets.ts';

export type AcceptedPsk = { index: number; session: Session };

/** The first offered ticket of ours that may be resumed here (RFC 9846 §4.3.11); its binder must be right. */
export function choosePsk(ctx: Context, offer: ClientOffer, suite: Suite): AcceptedPsk | undefined {
  const { psks } = offer;
  if (psks === undefined) return undefined;
  const { emit } = ctx.deps;
  let why = 'none of the tickets is ours';
  for (const [index, { identity }] of psks.identities.slice(0, MOST_TRIED).entries()) {
    const session = openTicket(ctx, identity);
    if (session === undefined) continue;
    const obstacle = obstacleTo(ctx, offer, suite, session);
    if (obstacle !== undefined) {
      why = obstacle;
      continue;
    }
    checkBinder(ctx, offer, suite, session, psks.binders, index);
    emit({ kind: 'session', what: 'accepted', why: 'a ticket of ours as pre-shared key' });
    return { index, session };
  }
  emit({ kind: 'session', what: 'refused', why });
  return undefined;
}

function obstacleTo(ctx: Context, offer: ClientOffer, suite: Suite, session: Session): string | undefined {
  if (session.version !== 0x0304) return 'the ticket is of TLS 1.2';
  if (!offer.pskModes?.includes(PSK_DHE_KE)) return 'the client does not take psk_dhe_ke';
  if (suiteById(session.suite)?.hash !== suite.hash) return `${suite.name} does not go with the ticket`;
  if (session.serverName !== offer.serverName) return 'the ticket belongs to another server name';
  if (ctx.config.clientCertificate === 'require' && session.verified !== true)
    return 'the ticket knows no client certificate';
  return undefined;
}

/** RFC 9846 §4.3.11.2: over the ClientHello up to the binders. */
function checkBinder(
  ctx: Context,
  offer: ClientOffer,
  suite: Suite,
  session: Session,
  binders: readonly Uint8Array[],
  index: number,
): void {
  const { raw } = offer.message;
  const partial = raw.subarray(0, raw.length - bindersLength(binders));
  const expected = pskBinder(ctx, suite.hash, session.secret, partial);
  const binder = binders[index];
  if (binder === undefined || !equalBytes(expected, binder))
    throw peerFault('bad-binder', ALERT.decrypt_error, 'the PSK binder does not verify');
}

/** A ClientHello has room for thousands; opening each would be work without end. */
const MOST_TRIED = 8;
