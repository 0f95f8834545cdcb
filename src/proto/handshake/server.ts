import { ALERT } from '../../wire/alert.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { encodeHelloVerifyRequest } from '../../wire/hello.ts';
import type { CoreDeps } from '../core.ts';
import { type ClientOffer, readClientHello } from './client-offer.ts';
import type { CookieKeeper, HandshakeConfig } from './config.ts';
import { act, type Context, createContext, type Received, unexpected } from './context.ts';
import { checkVerifyCookie, verifyCookie } from './cookies.ts';
import { peerFault } from './faults.ts';
import type { Flavor } from './flavor.ts';
import type { HandshakeMachine } from './machine.ts';
import { runMachine } from './run.ts';
import { chooseVersion } from './server-choice.ts';
import type { ServerState } from './server-state.ts';
import { issueTicket13 } from './tickets.ts';
import { onChangeCipherSpec12, onMessage12 } from './tls12-server.ts';
import { onClientHello12 } from './tls12-server-hello.ts';
import { sendKeyUpdate } from './tls13-connected.ts';
import { onMessage13 } from './tls13-server.ts';
import { negotiate13, onClientHello13 } from './tls13-server-hello.ts';
import { statelessRetry, takeUpRetry } from './tls13-server-retry.ts';

/** The server's side of a handshake in the highest version both can. */
export function createServerHandshake(
  config: HandshakeConfig,
  deps: CoreDeps,
  flavor: Flavor,
): HandshakeMachine {
  const ctx = createContext('server', config, deps, flavor);
  return runMachine<ServerState>(
    ctx,
    { version: undefined, name: 'START' },
    {
      start: (_ctx, state) => state,
      message: onMessage,
      changeCipherSpec: onChangeCipherSpec,
      keyUpdate,
      ticket,
      phase,
    },
  );
}

function onMessage(ctx: Context, state: ServerState, message: Received): ServerState {
  if (state.version === 0x0304) return onMessage13(ctx, state, message);
  if (state.version === 0x0303) return onMessage12(ctx, state, message);
  if (message.type !== HANDSHAKE.client_hello || message.level !== 'initial')
    throw unexpected(state, message);
  const offer = readClientHello(message, ctx.flavor);
  ctx.clientRandom = offer.hello.random.slice();
  // Our first message has the number of the ClientHello it answers, whoever answered those before (RFC 6347 §4.2.2).
  if (message.sequence !== undefined) ctx.transcript.skip('local', message.sequence - 1);
  const version = chooseVersion(ctx, offer);
  checkFallback(ctx, offer, version);
  return version === 0x0304 ? onFirstHello13(ctx, offer) : onFirstHello12(ctx, offer);
}

/** With cookies, a server is where it was after a HelloRetryRequest: the second ClientHello brings all that it must know. */
function onFirstHello13(ctx: Context, offer: ClientOffer): ServerState {
  const keeper = keeperOf(ctx);
  if (keeper === undefined) return onClientHello13(ctx, offer);
  if (offer.cookie !== undefined)
    return onClientHello13(ctx, offer, takeUpRetry(ctx, offer, keeper, offer.cookie));
  const { suite, group } = negotiate13(ctx, offer);
  const message = statelessRetry(ctx, keeper, offer, suite, group.id);
  act(ctx, { do: 'send', level: 'initial', message });
  return { version: undefined, name: 'START' };
}

/** RFC 6347 §4.2.1: HelloVerifyRequest until the cookie is right; neither it nor its ClientHello counts for anything. */
function onFirstHello12(ctx: Context, offer: ClientOffer): ServerState {
  const keeper = keeperOf(ctx);
  if (keeper === undefined || checkVerifyCookie(ctx, keeper, offer.hello)) return onClientHello12(ctx, offer);
  const message = encodeHelloVerifyRequest(verifyCookie(ctx, keeper, offer.hello));
  act(ctx, { do: 'send', level: 'initial', message });
  ctx.transcript.skip('local');
  ctx.transcript.skip('peer', offer.message.sequence);
  return { version: undefined, name: 'START' };
}

/** A stream's other end has shown where it is before it can say anything. */
function keeperOf(ctx: Context): CookieKeeper | undefined {
  return ctx.flavor.helloCookie ? ctx.config.cookie : undefined;
}

/** RFC 7507 §3: the client came back with less than it can, and we could have done better. */
function checkFallback(ctx: Context, { hello }: ClientOffer, version: 0x0303 | 0x0304): void {
  const better = ctx.config.versions.some((ours) => ours > version);
  if (better && hello.cipherSuites.includes(FALLBACK_SCSV))
    throw peerFault('inappropriate-fallback', ALERT.inappropriate_fallback, 'TLS_FALLBACK_SCSV');
}

function onChangeCipherSpec(ctx: Context, state: ServerState): ServerState {
  if (state.version === 0x0303) return onChangeCipherSpec12(ctx, state);
  // RFC 9846 §5: dropped between the first ClientHello and the peer's Finished.
  if (state.version === 0x0304 && state.name !== 'CONNECTED') return state;
  throw peerFault('unexpected-message', ALERT.unexpected_message, `change_cipher_spec in ${state.name}`);
}

function keyUpdate(ctx: Context, state: ServerState, requestPeer: boolean): ServerState {
  if (state.version !== 0x0304 || state.name !== 'CONNECTED') return state;
  return { ...state, connected: sendKeyUpdate(ctx, state.connected, requestPeer) };
}

function ticket(ctx: Context, state: ServerState): ServerState {
  if (state.version !== 0x0304 || state.name !== 'CONNECTED') return state;
  return { ...state, ticketBase: issueTicket13(ctx, state.ticketBase) };
}

function phase(state: ServerState): 'start' | 'under-way' | 'complete' {
  if (state.name === 'START') return 'start';
  return state.name === 'CONNECTED' ? 'complete' : 'under-way';
}

const FALLBACK_SCSV = 0x5600;
