import { pskPremaster } from '../../crypto/schedule12.ts';
import { decodeEmpty, HANDSHAKE } from '../../wire/handshake.ts';
import { decodePskServerKeyExchange, encodePskClientKeyExchange } from '../../wire/psk-exchange.ts';
import type { Tls12ClientState } from './client-state.ts';
import { type Context, hear, type Received, send, unexpected } from './context.ts';
import { illegalParameter } from './faults.ts';
import { agree, sendFinished } from './tls12-client-flight.ts';
import { deriveMaster } from './tls12-keys.ts';
import { usableGroups } from './usable.ts';

type In<Name extends Tls12ClientState['name']> = Extract<Tls12ClientState, { name: Name }>;

/** RFC 4279 §2: the hint says nothing to us, and the message may be missing; RFC 5489 §2: it brings a share. */
export function onPskExchange(ctx: Context, state: In<'WAIT_PSK_SKE'>, message: Received): Tls12ClientState {
  const { run } = state;
  const ecdhe = run.suite.keyExchange === 'ecdhe-psk';
  if (message.type === HANDSHAKE.server_hello_done && !ecdhe)
    return onPskServerHelloDone(ctx, { ...state, name: 'WAIT_PSK_SHD', exchange: undefined }, message);
  if (message.type !== HANDSHAKE.server_key_exchange) throw unexpected(state, message);
  const { exchange } = decodePskServerKeyExchange(message.body, ecdhe);
  if (exchange !== undefined && !usableGroups(ctx, 0x0303).includes(exchange.group))
    throw illegalParameter('group-not-offered', `ServerKeyExchange in group ${exchange.group}`);
  hear(ctx, message);
  const point = exchange && { group: exchange.group, point: exchange.point.slice() };
  const group = exchange === undefined ? {} : { group: exchange.group };
  return { version: 0x0303, name: 'WAIT_PSK_SHD', run: { ...run, ...group }, exchange: point };
}

/** Our turn: ClientKeyExchange, change_cipher_spec, Finished. No certificate goes either way. */
export function onPskServerHelloDone(
  ctx: Context,
  state: In<'WAIT_PSK_SHD'>,
  message: Received,
): Tls12ClientState {
  if (message.type !== HANDSHAKE.server_hello_done) throw unexpected(state, message);
  decodeEmpty(message.body);
  hear(ctx, message);
  const { run, exchange } = state;
  const { psk } = ctx.config;
  if (psk === undefined) throw illegalParameter('suite-not-offered', run.suite.name);
  const mine = exchange && agree(ctx, exchange);
  send(ctx, 'initial', encodePskClientKeyExchange(psk.identity, mine?.share));
  const master = deriveMaster(ctx, run, pskPremaster(psk.key, mine?.secret));
  sendFinished(ctx, run, master);
  return { version: 0x0303, name: run.ticketPromised ? 'WAIT_TICKET' : 'WAIT_CCS', run, master };
}
