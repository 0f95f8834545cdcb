import { ALERT } from '../../wire/alert.ts';
import { fromAscii } from '../../wire/bytes.ts';
import { u16 } from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import {
  decodeHelloVerifyRequest,
  decodeServerHello,
  isHelloRetryRequest,
  type ServerHello,
} from '../../wire/hello.ts';
import { versionName } from '../../wire/versions.ts';
import type { CoreDeps } from '../core.ts';
import type { ClientState, WaitServerHello } from './client-state.ts';
import type { HandshakeConfig } from './config.ts';
import { act, type Context, createContext, type Received, unexpected } from './context.ts';
import { illegalParameter, missingExtension, peerFault } from './faults.ts';
import type { Flavor } from './flavor.ts';
import type { HandshakeMachine } from './machine.ts';
import { createOffer, sendOffer, verifiedOffer } from './offer.ts';
import { runMachine } from './run.ts';
import { onChangeCipherSpec12, onMessage12 } from './tls12-client.ts';
import { onServerHello12 } from './tls12-client-hello.ts';
import { onMessage13 } from './tls13-client.ts';
import { onHelloRetryRequest, onServerHello13 } from './tls13-client-hello.ts';
import { sendKeyUpdate } from './tls13-connected.ts';

/** The client's side of a handshake in whatever version the server picks. */
export function createClientHandshake(
  config: HandshakeConfig,
  deps: CoreDeps,
  flavor: Flavor,
): HandshakeMachine {
  const ctx = createContext('client', config, deps, flavor);
  return runMachine<ClientState>(
    ctx,
    { version: undefined, name: 'START' },
    {
      start,
      message: onMessage,
      changeCipherSpec: onChangeCipherSpec,
      keyUpdate,
      ticket: (_ctx, state) => state,
      phase,
    },
  );
}

function start(ctx: Context, state: ClientState): ClientState {
  const again = state.version === 0x0303 && state.name === 'CONNECTED';
  if (state.name !== 'START' && !again) return state;
  const offer = createOffer(ctx);
  if (again) {
    act(ctx, { do: 'send', level: 'application', message: offer.message });
    return state;
  }
  sendOffer(ctx, offer);
  return { version: undefined, name: 'WAIT_SH', offer };
}

function onMessage(ctx: Context, state: ClientState, message: Received): ClientState {
  if (state.version === 0x0304) return onMessage13(ctx, state, message);
  // RFC 5246 §7.4.1.1: a HelloRequest during a handshake is ignored, and in no transcript.
  const ignorable = ctx.config.versions.includes(0x0303) && state.name !== 'CONNECTED';
  if (message.type === HANDSHAKE.hello_request && ignorable && message.body.length === 0) {
    ctx.transcript.skip('peer', message.sequence);
    return state;
  }
  if (state.version === 0x0303) return onMessage12(ctx, state, message);
  if (message.type === HANDSHAKE.hello_verify_request && ctx.flavor.helloCookie)
    return onHelloVerifyRequest(ctx, state, message);
  if (state.name === 'START' || message.type !== HANDSHAKE.server_hello || message.level !== 'initial')
    throw unexpected(state, message);
  return onServerHello(ctx, state, message);
}

/** RFC 6347 §4.2.1: neither it nor the ClientHello before it is in the transcript. A server that asks on and on is none. */
function onHelloVerifyRequest(ctx: Context, state: ClientState, message: Received): ClientState {
  const expected =
    state.name === 'WAIT_SH' &&
    ctx.config.versions.includes(0x0303) &&
    state.offer.retried === undefined &&
    (state.offer.verified ?? 0) < MOST_COOKIES;
  if (!expected || message.level !== 'initial') throw unexpected(state, message);
  const cookie = decodeHelloVerifyRequest(message.body).slice();
  ctx.transcript.forget();
  ctx.transcript.skip('peer', message.sequence);
  const offer = verifiedOffer(ctx, state.offer, cookie);
  sendOffer(ctx, offer);
  return { version: undefined, name: 'WAIT_SH', offer };
}

/** RFC 9846 §4.2.3: one message, three meanings. */
function onServerHello(ctx: Context, state: WaitServerHello, message: Received): ClientState {
  const hello = decodeServerHello(message.body);
  const retry = isHelloRetryRequest(hello);
  if (selectedVersion(ctx, state, hello) === 0x0304)
    return retry
      ? onHelloRetryRequest(ctx, state.offer, hello, message)
      : onServerHello13(ctx, state.offer, hello, message);
  if (retry && ctx.config.versions.includes(0x0304))
    throw missingExtension('supported_versions', 'HelloRetryRequest');
  if (state.offer.retried !== undefined)
    throw illegalParameter('version-changed', 'TLS 1.2 after a HelloRetryRequest');
  checkDowngrade(ctx, hello);
  return onServerHello12(ctx, state.offer, hello, message);
}

/** RFC 9846 §4.3.1: supported_versions if there is one, else legacy_version. */
function selectedVersion(ctx: Context, state: WaitServerHello, hello: ServerHello): 0x0303 | 0x0304 {
  const { config, flavor } = ctx;
  const selected = findExtension(hello.extensions, EXTENSION.supported_versions);
  const weOffered = findExtension(state.offer.hello.extensions, EXTENSION.supported_versions) !== undefined;
  if (selected !== undefined && weOffered) {
    const version = u16.decode(selected);
    if (version === flavor.wire[0x0304] && config.versions.includes(0x0304)) return 0x0304;
    throw illegalParameter('version-not-offered', `supported_versions with ${versionName(version)}`);
  }
  if (hello.legacyVersion === flavor.wire[0x0303] && config.versions.includes(0x0303)) return 0x0303;
  throw peerFault(
    'protocol-version',
    ALERT.protocol_version,
    `the server chose ${versionName(hello.legacyVersion)}, which was not offered`,
  );
}

/** RFC 9846 §4.2.3: the mark a server leaves in its random when it could have done better. */
function checkDowngrade(ctx: Context, hello: ServerHello): void {
  const mark = fromAscii(hello.random.subarray(24));
  const below13 = mark === DOWNGRADE_TO_12 && ctx.config.versions.includes(0x0304);
  if (below13 || mark === DOWNGRADE_BELOW_12)
    throw illegalParameter('downgrade', 'the server random carries the downgrade mark');
}

function onChangeCipherSpec(ctx: Context, state: ClientState): ClientState {
  if (state.version === 0x0303) return onChangeCipherSpec12(ctx, state);
  // RFC 9846 §5: dropped from the first ClientHello to the peer's Finished.
  const dropped = state.version === 0x0304 ? state.name !== 'CONNECTED' : mayBecome13(ctx, state);
  if (dropped) return state;
  throw peerFault('unexpected-message', ALERT.unexpected_message, `change_cipher_spec in ${state.name}`);
}

function mayBecome13(ctx: Context, state: ClientState): boolean {
  return state.name === 'WAIT_SH' && ctx.config.versions.includes(0x0304);
}

function keyUpdate(ctx: Context, state: ClientState, requestPeer: boolean): ClientState {
  if (state.version !== 0x0304 || state.name !== 'CONNECTED') return state;
  return { ...state, connected: sendKeyUpdate(ctx, state.connected, requestPeer) };
}

function phase(state: ClientState): 'start' | 'under-way' | 'complete' {
  if (state.name === 'START') return 'start';
  return state.name === 'CONNECTED' ? 'complete' : 'under-way';
}

const DOWNGRADE_TO_12 = 'DOWNGRD\x01';
const DOWNGRADE_BELOW_12 = 'DOWNGRD\x00';
const MOST_COOKIES = 3;
