import {
  encodeCertificate13,
  encodeCertificateRequest13,
  encodeCertificateVerify,
} from '../../wire/certificate.ts';
import { encodeEncryptedExtensions, encodeFinished } from '../../wire/exchange.ts';
import * as data from '../../wire/extension-data.ts';
import { EXTENSION, type Extension } from '../../wire/extensions.ts';
import { chooseProtocol } from './alpn.ts';
import { verifyContent } from './certificates.ts';
import type { ClientOffer } from './client-offer.ts';
import { type Context, send } from './context.ts';
import { answerExtras } from './extra-extensions.ts';
import { PSK_DHE_KE } from './offer.ts';
import { applyRecordSizeLimit } from './record-size-limit.ts';
import { chooseSigner } from './server-choice.ts';
import type { Tls13ServerState } from './server-state.ts';
import { deriveApplicationKeys, type HandshakeKeys, install, verifyData } from './tls13-keys.ts';
import type { AcceptedPsk } from './tls13-server-psk.ts';

/** EncryptedExtensions to Finished (RFC 9846 §4.4, §4.5). */
export function sendServerFlight(
  ctx: Context,
  offer: ClientOffer,
  agreed: { keys: HandshakeKeys; group: number; psk: AcceptedPsk | undefined; helloRetry: boolean },
): Tls13ServerState {
  const { keys, group, psk, helloRetry } = agreed;
  const alpn = chooseProtocol(ctx, offer.hello.extensions);
  send(ctx, 'handshake', encodeEncryptedExtensions(encryptedExtensions(ctx, offer, alpn)));
  const asks = ctx.config.clientCertificate !== undefined && psk === undefined;
  if (asks) send(ctx, 'handshake', certificateRequest(ctx));
  const scheme = psk === undefined ? sendCertificate(ctx, offer) : undefined;
  send(ctx, 'handshake', encodeFinished(verifyData(ctx, 'local', keys)));
  const application = deriveApplicationKeys(ctx, keys);
  install(ctx, 'local', 'application', application);
  const run = {
    ...{ keys, application, group, scheme, alpn, helloRetry },
    serverName: offer.serverName,
    resumed: psk?.session,
    takesTickets: offer.pskModes?.includes(PSK_DHE_KE) ?? false,
    clientCertificate: false,
    // Who knows an external key is who it says.
    verified: psk !== undefined && (psk.session === undefined || psk.session.verified === true),
  };
  return { version: 0x0304, name: asks ? 'WAIT_CERT' : 'WAIT_FINISHED', run };
}

/** RFC 9846 §4.4.1. */
function encryptedExtensions(ctx: Context, offer: ClientOffer, alpn: string | undefined): Extension[] {
  const out: Extension[] = [];
  const { extensions } = offer.hello;
  if (alpn !== undefined)
    out.push({
      type: EXTENSION.application_layer_protocol_negotiation,
      data: data.protocolList.encode([alpn]),
    });
  const limit = applyRecordSizeLimit(ctx, extensions, 0x0304);
  if (limit !== undefined) out.push({ type: EXTENSION.record_size_limit, data: data.u16.encode(limit) });
  return [...out, ...answerExtras(ctx, extensions, 0x0304, 'encrypted_extensions')];
}

/** RFC 9846 §4.4.2. */
function certificateRequest(ctx: Context): Uint8Array {
  const schemes = data.u16List.encode(ctx.config.signatureSchemes);
  const extensions = [{ type: EXTENSION.signature_algorithms, data: schemes }];
  return encodeCertificateRequest13({ context: new Uint8Array(0), extensions });
}

/** RFC 9846 §4.5.1, §4.5.2. Gives the scheme signed with. */
function sendCertificate(ctx: Context, offer: ClientOffer): number {
  const { identity, scheme } = chooseSigner(ctx, offer, 0x0304);
  const entries = identity.chain.map((certificate) => ({ data: certificate, extensions: [] }));
  send(ctx, 'handshake', encodeCertificate13({ context: new Uint8Array(0), entries }));
  const signature = identity.sign(scheme, verifyContent('server', ctx.transcript.digest()));
  send(ctx, 'handshake', encodeCertificateVerify({ scheme, signature }));
  return scheme;
}
