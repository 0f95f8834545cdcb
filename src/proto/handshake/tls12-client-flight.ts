import { groupById } from '../../crypto/groups.ts';
import {
  type CertificateRequest12,
  encodeCertificate12,
  encodeCertificateVerify,
} from '../../wire/certificate.ts';
import { encodeClientKeyExchange, encodeFinished } from '../../wire/exchange.ts';
import { chooseScheme } from './certificates.ts';
import type { ServerPoint, Tls12ClientRun } from './client-state.ts';
import { act, type Context, send } from './context.ts';
import { illegalParameter } from './faults.ts';
import type { Identity } from './peer-auth.ts';
import { changeCipher, deriveKeys12, deriveMaster, verifyData12 } from './tls12-keys.ts';

/** Certificate if asked for, ClientKeyExchange, CertificateVerify, change_cipher_spec, Finished (RFC 5246 §7.3). */
export function sendClientFlight(
  ctx: Context,
  state: { run: Tls12ClientRun; group: number; point: Uint8Array },
  request: CertificateRequest12 | undefined,
): { master: Uint8Array; clientCertificate: boolean } {
  const { run } = state;
  const signer = request === undefined ? undefined : chooseSigner(ctx, request);
  if (request !== undefined) send(ctx, 'initial', encodeCertificate12(signer?.identity.chain ?? []));
  const { share, secret } = agree(ctx, state);
  send(ctx, 'initial', encodeClientKeyExchange(share));
  const master = deriveMaster(ctx, run, secret);
  if (signer !== undefined) {
    const signature = signer.identity.sign(signer.scheme, ctx.transcript.bytes());
    send(ctx, 'initial', encodeCertificateVerify({ scheme: signer.scheme, signature }));
  }
  sendFinished(ctx, run, master);
  return { master, clientCertificate: signer !== undefined };
}

/** change_cipher_spec and Finished; from the server's change_cipher_spec on its keys hold (RFC 5246 §7.3). */
export function sendFinished(ctx: Context, run: Tls12ClientRun, master: Uint8Array): void {
  const keys = deriveKeys12(ctx, run, master);
  changeCipher(ctx, keys);
  send(ctx, 'application', encodeFinished(verifyData12(ctx, run.suite, master, 'local')));
  act(ctx, keys.peer);
}

/** RFC 8422 §5.10. */
export function agree(ctx: Context, exchange: ServerPoint): { share: Uint8Array; secret: Uint8Array } {
  const group = groupById(exchange.group);
  const mine = group && ctx.deps.provider.keyShare(group.provider, ctx.deps.random);
  const secret = mine?.agree(exchange.point);
  if (mine === undefined || secret === undefined)
    throw illegalParameter('bad-key-share', `not a valid point in ServerKeyExchange`);
  return { share: mine.share, secret };
}

/** A certificate type the server takes and a scheme for it (RFC 5246 §7.4.4, RFC 8422 §5.5). */
function chooseSigner(
  ctx: Context,
  request: CertificateRequest12,
): { identity: Identity; scheme: number } | undefined {
  const { identity } = ctx.config;
  if (identity === undefined) return undefined;
  const type = identity.keyType.startsWith('rsa') ? RSA_SIGN : ECDSA_SIGN;
  const scheme = chooseScheme(identity, request.schemes, 0x0303);
  return request.types.includes(type) && scheme !== undefined ? { identity, scheme } : undefined;
}

/** ClientCertificateType; ecdsa_sign covers Ed25519 (RFC 8422 §5.5). */
export const RSA_SIGN = 1;
export const ECDSA_SIGN = 64;
