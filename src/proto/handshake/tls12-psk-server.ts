import { pskPremaster } from '../../crypto/schedule12.ts';
import { ALERT } from '../../wire/alert.ts';
import { encodeEcdhParams, encodeEmpty } from '../../wire/exchange.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { decodePskClientKeyExchange, encodePskServerKeyExchange } from '../../wire/psk-exchange.ts';
import type { ClientOffer } from './client-offer.ts';
import { act, type Context, hear, type Received, send, unexpected } from './context.ts';
import { illegalParameter, peerFault } from './faults.ts';
import { chooseGroup } from './server-choice.ts';
import type { ServerShare, Tls12ServerRun, Tls12ServerState } from './server-state.ts';
import { deriveKeys12, deriveMaster } from './tls12-keys.ts';

/** ServerKeyExchange if there is a hint or a share for it, ServerHelloDone (RFC 4279 §2, RFC 5489 §2). */
export function sendPskFlight12(ctx: Context, offer: ClientOffer, run: Tls12ServerRun): Tls12ServerState {
  const hint = ctx.config.pskKeys?.hint;
  const group = run.suite.keyExchange === 'ecdhe-psk' ? chooseGroup(ctx, offer, 0x0303) : undefined;
  const share = group && ctx.deps.provider.keyShare(group.provider, ctx.deps.random);
  const params = group && share && encodeEcdhParams(group.id, share.share);
  if (hint !== undefined || params !== undefined)
    send(ctx, 'initial', encodePskServerKeyExchange(hint ?? new Uint8Array(0), params));
  send(ctx, 'initial', encodeEmpty(HANDSHAKE.server_hello_done));
  const next = group === undefined ? run : { ...run, group: group.id };
  return { version: 0x0303, name: 'WAIT_PSK_CKE', run: next, share };
}

/** The identity, and in ECDHE_PSK the client's point. A wrong key shows when its Finished does not decrypt. */
export function onPskClientKeyExchange(
  ctx: Context,
  state: { name: string; run: Tls12ServerRun; share: ServerShare | undefined },
  message: Received,
): Tls12ServerState {
  if (message.type !== HANDSHAKE.client_key_exchange) throw unexpected(state, message);
  const { run, share } = state;
  const { identity, point } = decodePskClientKeyExchange(message.body, share !== undefined);
  const key = ctx.config.pskKeys?.find(identity);
  if (key === undefined)
    throw peerFault('unknown-psk-identity', ALERT.unknown_psk_identity, 'no key for the identity');
  const shared = point && share?.agree(point);
  if (share !== undefined && shared === undefined)
    throw illegalParameter('bad-key-share', 'not a valid point in ClientKeyExchange');
  hear(ctx, message);
  const master = deriveMaster(ctx, run, pskPremaster(key, shared));
  act(ctx, deriveKeys12(ctx, run, master).peer);
  return { version: 0x0303, name: 'WAIT_CCS', run: { ...run, verified: true }, master };
}
