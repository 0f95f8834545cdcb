import { ALERT } from '../../wire/alert.ts';
import { decodeCertificate12, decodeCertificateVerify } from '../../wire/certificate.ts';
import { decodeClientKeyExchange, encodeFinished } from '../../wire/exchange.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { checkSignature, examinePeer } from './certificates.ts';
import { complete } from './completion.ts';
import { act, type Context, hear, type Received, send, unexpected } from './context.ts';
import { handshakeFailure, illegalParameter, peerFault } from './faults.ts';
import { checkFinished } from './finished.ts';
import type { Tls12ServerRun, Tls12ServerState } from './server-state.ts';
import type { Session } from './session.ts';
import { newSessionTicket12 } from './tickets.ts';
import { changeCipher, deriveKeys12, deriveMaster, verifyData12 } from './tls12-keys.ts';
import { onPskClientKeyExchange } from './tls12-psk-server.ts';

/** A TLS 1.2 server after its first flight (RFC 5246 §7.3). */
export function onMessage12(ctx: Context, state: Tls12ServerState, message: Received): Tls12ServerState {
  switch (state.name) {
    case 'WAIT_CERT':
      return onCertificate(ctx, state, message);
    case 'WAIT_CKE':
      return onClientKeyExchange(ctx, state, message);
    case 'WAIT_PSK_CKE':
      return onPskClientKeyExchange(ctx, state, message);
    case 'WAIT_CV':
      return onCertificateVerify(ctx, state, message);
    case 'WAIT_CCS':
      throw unexpected(state, message);
    case 'WAIT_FINISHED':
      return onFinished(ctx, state, message);
    case 'CONNECTED':
      // A client that wants to renegotiate is refused as a server is: by the record layer, with no_renegotiation.
      if (message.type !== HANDSHAKE.client_hello) throw unexpected(state, message);
      act(ctx, { do: 'seen', what: 'hello-request' });
      return state;
  }
}

/** The client's change_cipher_spec: right before its Finished, nowhere else (RFC 5246 §7.1). */
export function onChangeCipherSpec12(_ctx: Context, state: Tls12ServerState): Tls12ServerState {
  if (state.name === 'WAIT_CCS') return { ...state, name: 'WAIT_FINISHED' };
  throw peerFault('unexpected-message', ALERT.unexpected_message, `change_cipher_spec in ${state.name}`);
}

type In<Name extends Tls12ServerState['name']> = Extract<Tls12ServerState, { name: Name }>;
type Finishing = In<'WAIT_CCS' | 'WAIT_FINISHED'>;

/** RFC 5246 §7.4.6: an empty chain is a refusal; `require` answers handshake_failure, TLS 1.2 has nothing better. */
function onCertificate(ctx: Context, state: In<'WAIT_CERT'>, message: Received): Tls12ServerState {
  if (message.type !== HANDSHAKE.certificate) throw unexpected(state, message);
  const chain = decodeCertificate12(message.body);
  if (chain.length === 0) {
    if (ctx.config.clientCertificate === 'require')
      throw handshakeFailure('certificate-required', 'the client shows no certificate');
    hear(ctx, message);
    return { version: 0x0303, name: 'WAIT_CKE', run: state.run, share: state.share };
  }
  const { key, verified } = examinePeer(ctx, chain);
  hear(ctx, message);
  const run = { ...state.run, clientCertificate: true, verified };
  return { version: 0x0303, name: 'WAIT_CKE', run, share: state.share, key };
}

/** RFC 8422 §5.7. */
function onClientKeyExchange(ctx: Context, state: In<'WAIT_CKE'>, message: Received): Tls12ServerState {
  if (message.type !== HANDSHAKE.client_key_exchange) throw unexpected(state, message);
  const { run, key, share } = state;
  const secret = share.agree(decodeClientKeyExchange(message.body));
  if (secret === undefined) throw illegalParameter('bad-key-share', 'not a valid point in ClientKeyExchange');
  hear(ctx, message);
  const master = deriveMaster(ctx, run, secret);
  act(ctx, deriveKeys12(ctx, run, master).peer);
  return key === undefined
    ? { version: 0x0303, name: 'WAIT_CCS', run, master }
    : { version: 0x0303, name: 'WAIT_CV', run, master, key };
}

/** RFC 5246 §7.4.8: over the messages themselves. */
function onCertificateVerify(ctx: Context, state: In<'WAIT_CV'>, message: Received): Tls12ServerState {
  if (message.type !== HANDSHAKE.certificate_verify) throw unexpected(state, message);
  const { scheme, signature } = decodeCertificateVerify(message.body);
  checkSignature(ctx, 0x0303, state.key, { scheme, signature, content: ctx.transcript.bytes() });
  hear(ctx, message);
  return { version: 0x0303, name: 'WAIT_CCS', run: state.run, master: state.master };
}

/** RFC 5246 §7.4.9; in a full handshake the ticket, change_cipher_spec and our Finished come after it. */
function onFinished(ctx: Context, state: Finishing, message: Received): Tls12ServerState {
  if (message.type !== HANDSHAKE.finished) throw unexpected(state, message);
  const { run, master } = state;
  checkFinished(verifyData12(ctx, run.suite, master, 'peer'), message.body);
  hear(ctx, message);
  const session = run.resumed ?? newSession(ctx, run, master);
  if (run.resumed === undefined) {
    if (run.ticketPromised) send(ctx, 'initial', newSessionTicket12(ctx, session));
    changeCipher(ctx, deriveKeys12(ctx, run, master));
    send(ctx, 'application', encodeFinished(verifyData12(ctx, run.suite, master, 'local')));
    if (run.sessionId.length > 0) ctx.config.sessionCache?.store(run.sessionId, session);
  }
  const { suite, group, scheme, alpn, clientCertificate, extendedMasterSecret } = run;
  complete(ctx, {
    ...{ version: 0x0303, suite, group, scheme, alpn, resumed: run.resumed !== undefined },
    ...{ helloRetry: false, clientCertificate, extendedMasterSecret, session },
  });
  return { version: 0x0303, name: 'CONNECTED' };
}

function newSession(ctx: Context, run: Tls12ServerRun, master: Uint8Array): Session {
  return {
    version: 0x0303,
    suite: run.suite.id,
    secret: master,
    ...(run.sessionId.length > 0 && { sessionId: run.sessionId }),
    lifetime: ctx.config.tickets?.lifetime ?? 0,
    ageAdd: 0,
    receivedAt: ctx.now,
    extendedMasterSecret: run.extendedMasterSecret,
    verified: run.verified,
    ...(run.serverName !== undefined && { serverName: run.serverName }),
    ...(run.alpn !== undefined && { alpn: run.alpn }),
  };
}
