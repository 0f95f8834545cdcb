import { concat } from '../../wire/bytes.ts';
import { encodeCertificate12, encodeCertificateRequest12 } from '../../wire/certificate.ts';
import { encodeEcdhParams, encodeEmpty, encodeServerKeyExchange } from '../../wire/exchange.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import type { ClientOffer } from './client-offer.ts';
import { type Context, send } from './context.ts';
import { chooseGroup, chooseSigner } from './server-choice.ts';
import type { Tls12ServerRun, Tls12ServerState } from './server-state.ts';
import { ECDSA_SIGN, RSA_SIGN } from './tls12-client-flight.ts';

/** Certificate, ServerKeyExchange, CertificateRequest if wanted, ServerHelloDone (RFC 5246 §7.3). */
export function sendServerFlight12(ctx: Context, offer: ClientOffer, run: Tls12ServerRun): Tls12ServerState {
  const { identity, scheme } = chooseSigner(ctx, offer, 0x0303);
  const group = chooseGroup(ctx, offer, 0x0303);
  send(ctx, 'initial', encodeCertificate12(identity.chain));
  const share = ctx.deps.provider.keyShare(group.provider, ctx.deps.random);
  const params = encodeEcdhParams(group.id, share.share);
  const signature = identity.sign(scheme, concat(ctx.clientRandom, run.serverRandom, params));
  send(ctx, 'initial', encodeServerKeyExchange(params, scheme, signature));
  const asks = ctx.config.clientCertificate !== undefined;
  if (asks) send(ctx, 'initial', certificateRequest(ctx));
  send(ctx, 'initial', encodeEmpty(HANDSHAKE.server_hello_done));
  const next = { ...run, group: group.id, scheme };
  return { version: 0x0303, name: asks ? 'WAIT_CERT' : 'WAIT_CKE', run: next, share };
}

/** RFC 5246 §7.4.4; no names: any authority will do. */
function certificateRequest(ctx: Context): Uint8Array {
  return encodeCertificateRequest12({
    types: Uint8Array.of(ECDSA_SIGN, RSA_SIGN),
    schemes: ctx.config.signatureSchemes,
    authorities: [],
  });
}
