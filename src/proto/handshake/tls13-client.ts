import { ALERT } from '../../wire/alert.ts';
import {
  decodeCertificate13,
  decodeCertificateRequest13,
  decodeCertificateVerify,
  encodeCertificate13,
  encodeCertificateVerify,
} from '../../wire/certificate.ts';
import { decodeEncryptedExtensions, encodeFinished } from '../../wire/exchange.ts';
import { u16List } from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { selectedProtocol } from './alpn.ts';
import { checkSignature, chooseScheme, examinePeer, verifyContent } from './certificates.ts';
import type { Tls13ClientRun, Tls13ClientState } from './client-state.ts';
import { complete } from './completion.ts';
import { act, type Context, hear, type Received, send, unexpected } from './context.ts';
import { checkAnswers, checkNotRepeated } from './extension-rules.ts';
import { extraTypes, takeExtras } from './extra-extensions.ts';
import { illegalParameter, missingExtension, peerFault } from './faults.ts';
import { checkFinished } from './finished.ts';
import { applyRecordSizeLimit } from './record-size-limit.ts';
import { onNewSessionTicket13 } from './tickets-client.ts';
import { onKeyUpdate } from './tls13-connected.ts';
import { deriveApplicationKeys, deriveResumptionSecret, install, verifyData } from './tls13-keys.ts';

/** A TLS 1.3 client from EncryptedExtensions on (RFC 9846 appendix A.1). */
export function onMessage13(ctx: Context, state: Tls13ClientState, message: Received): Tls13ClientState {
  const level = state.name === 'CONNECTED' ? 'application' : 'handshake';
  if (message.level !== level) throw unexpected(state, message);
  switch (state.name) {
    case 'WAIT_EE':
      return onEncryptedExtensions(ctx, state, message);
    case 'WAIT_CERT_CR':
      return message.type === HANDSHAKE.certificate_request
        ? onCertificateRequest(ctx, state, message)
        : onCertificate(ctx, state, message);
    case 'WAIT_CERT':
      return onCertificate(ctx, state, message);
    case 'WAIT_CV':
      return onCertificateVerify(ctx, state, message);
    case 'WAIT_FINISHED':
      return onFinished(ctx, state, message);
    case 'CONNECTED':
      return onPostHandshake(ctx, state, message);
  }
}

type Waiting = Extract<Tls13ClientState, { run: Tls13ClientRun }>;

/** RFC 9846 §4.4.1. */
function onEncryptedExtensions(ctx: Context, state: Waiting, message: Received): Tls13ClientState {
  if (message.type !== HANDSHAKE.encrypted_extensions) throw unexpected(state, message);
  const extensions = decodeEncryptedExtensions(message.body);
  const extra = extraTypes(ctx, 0x0304, 'encrypted_extensions');
  checkAnswers('encrypted_extensions', extensions, state.run.offered, extra);
  const alpn = selectedProtocol(ctx, extensions);
  applyRecordSizeLimit(ctx, extensions, 0x0304);
  takeExtras(ctx, extensions, 0x0304, 'encrypted_extensions');
  hear(ctx, message);
  const run = { ...state.run, alpn };
  return { version: 0x0304, name: run.byPsk ? 'WAIT_FINISHED' : 'WAIT_CERT_CR', run };
}

/** RFC 9846 §4.4.2. */
function onCertificateRequest(ctx: Context, state: Waiting, message: Received): Tls13ClientState {
  const request = decodeCertificateRequest13(message.body);
  checkNotRepeated('CertificateRequest', request.extensions);
  if (request.context.length > 0)
    throw illegalParameter('request-context', 'certificate_request_context within the handshake');
  if (findExtension(request.extensions, EXTENSION.signature_algorithms) === undefined)
    throw missingExtension('signature_algorithms', 'CertificateRequest');
  hear(ctx, message);
  return { version: 0x0304, name: 'WAIT_CERT', run: { ...state.run, request } };
}

/** RFC 9846 §4.5.1. */
function onCertificate(ctx: Context, state: Waiting, message: Received): Tls13ClientState {
  if (message.type !== HANDSHAKE.certificate) throw unexpected(state, message);
  const { context, entries } = decodeCertificate13(message.body);
  if (context.length > 0)
    throw illegalParameter('request-context', 'certificate_request_context in a server certificate');
  if (entries.length === 0)
    throw peerFault('certificate-missing', ALERT.decode_error, 'the server sent no certificate');
  for (const entry of entries) checkAnswers('certificate', entry.extensions, state.run.offered);
  const { key, verified } = examinePeer(
    ctx,
    entries.map((entry) => entry.data),
  );
  hear(ctx, message);
  return { version: 0x0304, name: 'WAIT_CV', run: { ...state.run, verified }, key };
}

/** RFC 9846 §4.5.2. */
function onCertificateVerify(
  ctx: Context,
  state: Extract<Tls13ClientState, { name: 'WAIT_CV' }>,
  message: Received,
): Tls13ClientState {
  if (message.type !== HANDSHAKE.certificate_verify) throw unexpected(state, message);
  const { scheme, signature } = decodeCertificateVerify(message.body);
  const content = verifyContent('server', ctx.transcript.digest());
  checkSignature(ctx, 0x0304, state.key, { scheme, signature, content });
  hear(ctx, message);
  return { version: 0x0304, name: 'WAIT_FINISHED', run: { ...state.run, scheme } };
}

/** RFC 9846 §4.5.3; then everything that is left for us to say. */
function onFinished(ctx: Context, state: Waiting, message: Received): Tls13ClientState {
  if (message.type !== HANDSHAKE.finished) throw unexpected(state, message);
  const { run } = state;
  checkFinished(verifyData(ctx, 'peer', run.keys), message.body);
  hear(ctx, message);
  const keys = deriveApplicationKeys(ctx, run.keys);
  // Appendix E.4: right before the second flight, unless that was the second ClientHello.
  if (ctx.flavor.compatibility && !run.helloRetry) act(ctx, { do: 'change-cipher-spec' });
  const clientCertificate = run.request !== undefined && sendCertificate(ctx, run.request.extensions);
  send(ctx, 'handshake', encodeFinished(verifyData(ctx, 'local', run.keys)));
  const resumptionSecret = deriveResumptionSecret(ctx, keys);
  install(ctx, 'local', 'application', keys);
  install(ctx, 'peer', 'application', keys);
  const { suite } = keys;
  const { alpn, verified, group, scheme, helloRetry } = run;
  const resumed = run.resumed !== undefined;
  complete(ctx, { version: 0x0304, suite, group, scheme, alpn, resumed, helloRetry, clientCertificate });
  const connected = { suite, local: keys.local, peer: keys.peer };
  const ticketBase = { suite, resumptionSecret, alpn, verified };
  return { version: 0x0304, name: 'CONNECTED', connected, ticketBase };
}

/** RFC 9846 §4.5.1: an empty list when there is nothing to show. True if there was. */
function sendCertificate(ctx: Context, requested: Parameters<typeof findExtension>[0]): boolean {
  const { identity } = ctx.config;
  const algorithms = findExtension(requested, EXTENSION.signature_algorithms);
  const offered = algorithms === undefined ? [] : u16List.decode(algorithms);
  const scheme = identity === undefined ? undefined : chooseScheme(identity, offered, 0x0304);
  const context = new Uint8Array(0);
  if (identity === undefined || scheme === undefined) {
    send(ctx, 'handshake', encodeCertificate13({ context, entries: [] }));
    return false;
  }
  const entries = identity.chain.map((data) => ({ data, extensions: [] }));
  send(ctx, 'handshake', encodeCertificate13({ context, entries }));
  const signature = identity.sign(scheme, verifyContent('client', ctx.transcript.digest()));
  send(ctx, 'handshake', encodeCertificateVerify({ scheme, signature }));
  return true;
}

/** RFC 9846 §4.7: tickets and key updates; a CertificateRequest was not invited. */
function onPostHandshake(
  ctx: Context,
  state: Extract<Tls13ClientState, { name: 'CONNECTED' }>,
  message: Received,
): Tls13ClientState {
  switch (message.type) {
    case HANDSHAKE.new_session_ticket:
      onNewSessionTicket13(ctx, state.ticketBase, message);
      return state;
    case HANDSHAKE.key_update:
      return { ...state, connected: onKeyUpdate(ctx, state.connected, message) };
    default:
      throw unexpected(state, message);
  }
}
