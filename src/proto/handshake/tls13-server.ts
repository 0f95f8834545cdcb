import { ALERT } from '../../wire/alert.ts';
import { decodeCertificate13, decodeCertificateVerify } from '../../wire/certificate.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { checkSignature, examinePeer, verifyContent } from './certificates.ts';
import { readClientHello } from './client-offer.ts';
import { complete } from './completion.ts';
import { type Context, hear, type Received, unexpected } from './context.ts';
import { checkAnswers } from './extension-rules.ts';
import { illegalParameter, peerFault } from './faults.ts';
import { checkFinished } from './finished.ts';
import type { TicketBase, Tls13ServerState } from './server-state.ts';
import { issueTicket13 } from './tickets.ts';
import { onKeyUpdate } from './tls13-connected.ts';
import { deriveResumptionSecret, install, verifyData } from './tls13-keys.ts';
import { onClientHello13 } from './tls13-server-hello.ts';

/** A TLS 1.3 server after its first answer (RFC 9846 appendix A.2). */
export function onMessage13(ctx: Context, state: Tls13ServerState, message: Received): Tls13ServerState {
  if (message.level !== LEVELS[state.name]) throw unexpected(state, message);
  switch (state.name) {
    case 'WAIT_CH2':
      return onSecondClientHello(ctx, state, message);
    case 'WAIT_CERT':
      return onCertificate(ctx, state, message);
    case 'WAIT_CV':
      return onCertificateVerify(ctx, state, message);
    case 'WAIT_FINISHED':
      return onFinished(ctx, state, message);
    case 'CONNECTED':
      if (message.type !== HANDSHAKE.key_update) throw unexpected(state, message);
      return { ...state, connected: onKeyUpdate(ctx, state.connected, message) };
  }
}

type In<Name extends Tls13ServerState['name']> = Extract<Tls13ServerState, { name: Name }>;
type Waiting = Extract<Tls13ServerState, { name: 'WAIT_CERT' | 'WAIT_FINISHED' }>;

/** RFC 9846 §4.2.2, §4.2.4. */
function onSecondClientHello(ctx: Context, state: In<'WAIT_CH2'>, message: Received): Tls13ServerState {
  if (message.type !== HANDSHAKE.client_hello) throw unexpected(state, message);
  const offer = readClientHello(message, ctx.flavor);
  if (!offer.versions?.includes(ctx.flavor.wire[0x0304]))
    throw illegalParameter('hello-changed', 'the second ClientHello no longer offers TLS 1.3');
  return onClientHello13(ctx, offer, state.retried);
}

/** RFC 9846 §4.5.1.3: an empty list is a refusal, which `require` does not take. */
function onCertificate(ctx: Context, state: Waiting, message: Received): Tls13ServerState {
  if (message.type !== HANDSHAKE.certificate) throw unexpected(state, message);
  const { context, entries } = decodeCertificate13(message.body);
  if (context.length > 0) throw illegalParameter('request-context', 'not the context of our request');
  for (const entry of entries) checkAnswers('certificate', entry.extensions, []);
  if (entries.length === 0) {
    if (ctx.config.clientCertificate === 'require')
      throw peerFault('certificate-required', ALERT.certificate_required, 'the client shows no certificate');
    hear(ctx, message);
    return { ...state, name: 'WAIT_FINISHED' };
  }
  const { key, verified } = examinePeer(
    ctx,
    entries.map((entry) => entry.data),
  );
  hear(ctx, message);
  const run = { ...state.run, clientCertificate: true, verified };
  return { version: 0x0304, name: 'WAIT_CV', run, key };
}

/** RFC 9846 §4.5.2. */
function onCertificateVerify(ctx: Context, state: In<'WAIT_CV'>, message: Received): Tls13ServerState {
  if (message.type !== HANDSHAKE.certificate_verify) throw unexpected(state, message);
  const { scheme, signature } = decodeCertificateVerify(message.body);
  const content = verifyContent('client', ctx.transcript.digest());
  checkSignature(ctx, 0x0304, state.key, { scheme, signature, content });
  hear(ctx, message);
  return { version: 0x0304, name: 'WAIT_FINISHED', run: state.run };
}

/** RFC 9846 §4.5.3, then the tickets of §4.7.1. */
function onFinished(ctx: Context, state: Waiting, message: Received): Tls13ServerState {
  if (message.type !== HANDSHAKE.finished) throw unexpected(state, message);
  const { run } = state;
  checkFinished(verifyData(ctx, 'peer', run.keys), message.body);
  hear(ctx, message);
  const { suite } = run.keys;
  const { group, scheme, alpn, helloRetry, clientCertificate, serverName, verified } = run;
  const resumptionSecret = deriveResumptionSecret(ctx, run.application);
  install(ctx, 'peer', 'application', run.application);
  const resumed = run.resumed !== undefined;
  complete(ctx, { version: 0x0304, suite, group, scheme, alpn, resumed, helloRetry, clientCertificate });
  const connected = { suite, local: run.application.local, peer: run.application.peer };
  let ticketBase: TicketBase = { suite, resumptionSecret, alpn, serverName, verified, issued: 0 };
  const count = run.takesTickets ? (ctx.config.tickets?.count ?? 0) : 0;
  for (let i = 0; i < count; i++) ticketBase = issueTicket13(ctx, ticketBase);
  return { version: 0x0304, name: 'CONNECTED', connected, ticketBase };
}

/** Where each state's messages must come from (RFC 9846 §4, §5.1). */
const LEVELS = {
  WAIT_CH2: 'initial',
  WAIT_CERT: 'handshake',
  WAIT_CV: 'handshake',
  WAIT_FINISHED: 'handshake',
  CONNECTED: 'application',
} as const;
