import { resumptionPsk } from '../../crypto/schedule13.ts';
import { decodeNewSessionTicket13 } from '../../wire/exchange.ts';
import type { Tls13TicketBase } from './client-state.ts';
import { act, type Context, type Received } from './context.ts';
import { checkNotRepeated } from './extension-rules.ts';

/** RFC 9846 §4.7.1: a ticket becomes a session. Its extensions are only early_data's, which we never use. */
export function onNewSessionTicket13(ctx: Context, base: Tls13TicketBase, message: Received): void {
  const { lifetime, ageAdd, nonce, ticket, extensions } = decodeNewSessionTicket13(message.body);
  checkNotRepeated('NewSessionTicket', extensions);
  const { suite, resumptionSecret, alpn, verified } = base;
  const { provider } = ctx.deps;
  const secret = resumptionPsk(provider, suite.hash, resumptionSecret, nonce, ctx.flavor.labelPrefix);
  const { serverName } = ctx.config;
  const session = {
    version: 0x0304,
    suite: suite.id,
    secret,
    ticket: ticket.slice(),
    lifetime,
    ageAdd,
    receivedAt: ctx.now,
    extendedMasterSecret: false,
    verified,
    ...(serverName !== undefined && { serverName }),
    ...(alpn !== undefined && { alpn }),
  } as const;
  act(ctx, { do: 'ticket', session });
}
