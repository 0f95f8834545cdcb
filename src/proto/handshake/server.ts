import { ALERT } from '../../wire/alert.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import type { CoreDeps } from '../core.ts';
import { type ClientOffer, readClientHello } from './client-offer.ts';
import type { HandshakeConfig } from './config.ts';
import { type Context, createContext, type Received, unexpected } from './context.ts';
import { peerFault } from './faults.ts';
import type { Flavor } from './flavor.ts';
import type { HandshakeMachine } from './machine.ts';
import { runMachine } from './run.ts';
import type { ServerState } from './server-state.ts';
import { issueTicket13 } from './tickets.ts';
import { onChangeCipherSpec12, onMessage12 } from './tls12-server.ts';
import { onClientHello12 } from './tls12-server-hello.ts';
import { sendKeyUpdate } from './tls13-connected.ts';
import { onMessage13 } from './tls13-server.ts';
import { onClientHello13 } from './tls13-server-hello.ts';

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
  const version = chooseVersion(ctx, offer);
  checkFallback(ctx, offer, version);
  return version === 0x0304 ? onClientHello13(ctx, offer) : onClientHello12(ctx, offer);
}

/** RFC 9846 §4.3.1: supported_versions if there is one, else everything up to legacy_version. */
function chooseVersion(ctx: Context, { hello, versions }: ClientOffer): 0x0303 | 0x0304 {
  const { config, flavor } = ctx;
  const ours = [...config.versions].sort((a, b) => b - a);
  const chosen =
    versions === undefined
      ? ours.find((version) => version === 0x0303 && atLeast12(ctx, hello.legacyVersion))
      : ours.find((version) => versions.includes(flavor.wire[version]));
  if (chosen !== undefined) return chosen;
  const shown = (versions ?? [hello.legacyVersion]).map((version) => `0x${version.toString(16)}`);
  throw peerFault('protocol-version', ALERT.protocol_version, `the client offers only ${shown.join(', ')}`);
}

/** Version numbers grow in TLS and shrink in DTLS. */
function atLeast12(ctx: Context, legacyVersion: number): boolean {
  const wire = ctx.flavor.wire[0x0303];
  return wire < 0x8000 ? legacyVersion >= wire : legacyVersion <= wire;
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
