import { ALERT } from '../../wire/alert.ts';
import { concat } from '../../wire/bytes.ts';
import { decodeCertificate12, decodeCertificateRequest12 } from '../../wire/certificate.ts';
import {
  decodeNewSessionTicket12,
  decodeServerKeyExchange,
  encodeFinished,
  type ServerKeyExchange,
} from '../../wire/exchange.ts';
import { decodeEmpty, HANDSHAKE } from '../../wire/handshake.ts';
import { checkSignature, examinePeer, type PeerCertificate } from './certificates.ts';
import type { Tls12ClientRun, Tls12ClientState } from './client-state.ts';
import { complete } from './completion.ts';
import { act, type Context, hear, type Received, send, unexpected } from './context.ts';
import { illegalParameter, peerFault } from './faults.ts';
import { checkFinished } from './finished.ts';
import type { Session } from './session.ts';
import { sendClientFlight } from './tls12-client-flight.ts';
import { changeCipher, deriveKeys12, verifyData12 } from './tls12-keys.ts';
import { onPskExchange, onPskServerHelloDone } from './tls12-psk-client.ts';
import { usableGroups } from './usable.ts';

/** A TLS 1.2 client from the server's Certificate on (RFC 5246 §7.3). */
export function onMessage12(ctx: Context, state: Tls12ClientState, message: Received): Tls12ClientState {
  switch (state.name) {
    case 'WAIT_CERT':
      return onCertificate(ctx, state, message);
    case 'WAIT_PSK_SKE':
      return onPskExchange(ctx, state, message);
    case 'WAIT_PSK_SHD':
      return onPskServerHelloDone(ctx, state, message);
    case 'WAIT_SKE':
      return onServerKeyExchange(ctx, state, message);
    case 'WAIT_CR_SHD':
      return message.type === HANDSHAKE.certificate_request
        ? onCertificateRequest(ctx, state, message)
        : onServerHelloDone(ctx, state, message);
    case 'WAIT_SHD':
      return onServerHelloDone(ctx, state, message);
    case 'WAIT_TICKET':
      return onNewSessionTicket(ctx, state, message);
    case 'WAIT_CCS':
      throw unexpected(state, message);
    case 'WAIT_FINISHED':
      return onFinished(ctx, state, message);
    case 'CONNECTED':
      return onHelloRequest(ctx, state, message);
  }
}

/** The server's change_cipher_spec: right before its Finished, nowhere else (RFC 5246 §7.1). */
export function onChangeCipherSpec12(_ctx: Context, state: Tls12ClientState): Tls12ClientState {
  if (state.name === 'WAIT_CCS') return { ...state, name: 'WAIT_FINISHED' };
  throw peerFault('unexpected-message', ALERT.unexpected_message, `change_cipher_spec in ${state.name}`);
}

type In<Name extends Tls12ClientState['name']> = Extract<Tls12ClientState, { name: Name }>;
type Finishing = In<'WAIT_TICKET' | 'WAIT_CCS' | 'WAIT_FINISHED'>;

/** RFC 5246 §7.4.2. */
function onCertificate(
  ctx: Context,
  state: { name: string; run: Tls12ClientRun },
  message: Received,
): Tls12ClientState {
  if (message.type !== HANDSHAKE.certificate) throw unexpected(state, message);
  const chain = decodeCertificate12(message.body);
  if (chain.length === 0)
    throw peerFault('certificate-missing', ALERT.decode_error, 'the server sent no certificate');
  const peer = examinePeer(ctx, chain);
  const wanted = state.run.suite.auth;
  const fits = wanted === 'rsa' ? RSA_KEYS.includes(peer.key.type) : !RSA_KEYS.includes(peer.key.type);
  if (!fits)
    throw illegalParameter(
      'certificate-unfit',
      `${state.run.suite.name} with a key of type ${peer.key.type}`,
    );
  hear(ctx, message);
  return { version: 0x0303, name: 'WAIT_SKE', run: { ...state.run, verified: peer.verified }, peer };
}

/** RFC 8422 §5.4. */
function onServerKeyExchange(ctx: Context, state: In<'WAIT_SKE'>, message: Received): Tls12ClientState {
  if (message.type !== HANDSHAKE.server_key_exchange) throw unexpected(state, message);
  const exchange = decodeServerKeyExchange(message.body);
  checkExchange(ctx, state.run, state.peer, exchange);
  hear(ctx, message);
  const { group, scheme } = exchange;
  const run = { ...state.run, group, scheme };
  return { version: 0x0303, name: 'WAIT_CR_SHD', run, group, point: exchange.point.slice() };
}

function checkExchange(
  ctx: Context,
  run: Tls12ClientRun,
  peer: PeerCertificate,
  { group, scheme, signature, params }: ServerKeyExchange,
): void {
  if (!usableGroups(ctx, 0x0303).includes(group))
    throw illegalParameter('group-not-offered', `ServerKeyExchange in group ${group}`);
  const content = concat(ctx.clientRandom, run.serverRandom, params);
  checkSignature(ctx, 0x0303, peer.key, { scheme, signature, content });
}

/** RFC 5246 §7.4.4. */
function onCertificateRequest(ctx: Context, state: In<'WAIT_CR_SHD'>, message: Received): Tls12ClientState {
  const request = decodeCertificateRequest12(message.body);
  hear(ctx, message);
  return { ...state, name: 'WAIT_SHD', request };
}

/** RFC 5246 §7.4.5: our turn. */
function onServerHelloDone(
  ctx: Context,
  state: In<'WAIT_CR_SHD' | 'WAIT_SHD'>,
  message: Received,
): Tls12ClientState {
  if (message.type !== HANDSHAKE.server_hello_done) throw unexpected(state, message);
  decodeEmpty(message.body);
  hear(ctx, message);
  const request = state.name === 'WAIT_SHD' ? state.request : undefined;
  const { master, clientCertificate } = sendClientFlight(ctx, state, request);
  const run = { ...state.run, clientCertificate };
  return { version: 0x0303, name: run.ticketPromised ? 'WAIT_TICKET' : 'WAIT_CCS', run, master };
}

/** RFC 5077 §3.3: before the server's change_cipher_spec. An empty one: no ticket after all. */
function onNewSessionTicket(ctx: Context, state: Finishing, message: Received): Tls12ClientState {
  if (message.type !== HANDSHAKE.new_session_ticket) throw unexpected(state, message);
  const { lifetime, ticket } = decodeNewSessionTicket12(message.body);
  hear(ctx, message);
  const run =
    ticket.length === 0 ? state.run : { ...state.run, ticket: { lifetime, ticket: ticket.slice() } };
  return { version: 0x0303, name: 'WAIT_CCS', run, master: state.master };
}

/** RFC 5246 §7.4.9: the end, and in a resumption our own Finished after it. */
function onFinished(ctx: Context, state: Finishing, message: Received): Tls12ClientState {
  if (message.type !== HANDSHAKE.finished) throw unexpected(state, message);
  const { run, master } = state;
  checkFinished(verifyData12(ctx, run.suite, master, 'peer'), message.body);
  hear(ctx, message);
  if (run.resumed !== undefined) {
    changeCipher(ctx, deriveKeys12(ctx, run, master));
    send(ctx, 'application', encodeFinished(verifyData12(ctx, run.suite, master, 'local')));
  }
  const { suite, group, scheme, alpn, clientCertificate, extendedMasterSecret } = run;
  complete(ctx, {
    ...{ version: 0x0303, suite, group, scheme, alpn, resumed: run.resumed !== undefined },
    ...{ helloRetry: false, clientCertificate, extendedMasterSecret },
    session: establishedSession(ctx, run, master),
  });
  return { version: 0x0303, name: 'CONNECTED' };
}

/** What this connection leaves for later: nothing when the server gave neither ID nor ticket. */
function establishedSession(ctx: Context, run: Tls12ClientRun, master: Uint8Array): Session | undefined {
  if (run.ticket === undefined && run.resumed !== undefined) return run.resumed;
  if (run.ticket === undefined && run.sessionId.length === 0) return undefined;
  const { serverName } = ctx.config;
  return {
    version: 0x0303,
    suite: run.suite.id,
    secret: master,
    ...(run.ticket !== undefined && { ticket: run.ticket.ticket }),
    ...(run.sessionId.length > 0 && { sessionId: run.sessionId }),
    lifetime: run.ticket?.lifetime ?? 0,
    ageAdd: 0,
    receivedAt: ctx.now,
    extendedMasterSecret: run.extendedMasterSecret,
    verified: run.verified,
    ...(serverName !== undefined && { serverName }),
    ...(run.alpn !== undefined && { alpn: run.alpn }),
  };
}

/** After the handshake a server may only ask for another one: refused by the record layer with no_renegotiation. */
function onHelloRequest(ctx: Context, state: In<'CONNECTED'>, message: Received): Tls12ClientState {
  if (message.type !== HANDSHAKE.hello_request) throw unexpected(state, message);
  decodeEmpty(message.body);
  act(ctx, { do: 'seen', what: 'hello-request' });
  return state;
}

const RSA_KEYS: readonly string[] = ['rsa', 'rsa-pss'];
