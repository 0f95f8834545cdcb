import type { Level, Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { concat } from '../../wire/bytes.ts';
import { decodeNewSessionTicket13 } from '../../wire/exchange.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { peerFault } from '../handshake/faults.ts';
import type { HandshakeAction, HandshakeInfo } from '../handshake/machine.ts';
import { contentFacts, messageFact } from '../message-facts.ts';
import { onHandshakeComplete } from './confirm.ts';
import type { Space } from './core.ts';
import { cryptoHolds, receiveCrypto, writeCrypto } from './crypto-stream.ts';
import { transportFault } from './faults.ts';
import { installSecret } from './keys.ts';
import type { QuicState } from './state.ts';

/** A CRYPTO frame: whatever messages it makes whole go to the handshake (RFC 9001 §4). Throws faults. */
export function takeCrypto(
  state: QuicState,
  space: Space,
  frame: Extract<Frame, { type: 'crypto' }>,
  now: Millis,
): void {
  const own = state.spaces[space];
  const fresh = receiveCrypto(own.crypto, frame);
  if (fresh.length === 0) return;
  own.partial = own.partial.length === 0 ? fresh : concat(own.partial, fresh);
  for (let message = nextMessage(state, space); message !== undefined; message = nextMessage(state, space)) {
    takeMessage(state, space, message, now);
  }
}

/** Does what the handshake asks for, in order. Throws faults. */
export function carryOut(state: QuicState, actions: readonly HandshakeAction[], now: Millis): void {
  for (const action of actions) perform(state, action, now);
}

function nextMessage(state: QuicState, space: Space): Uint8Array | undefined {
  const own = state.spaces[space];
  const { partial } = own;
  const [, high = 0, middle = 0, low = 0] = partial;
  if (partial.length < 4) return undefined;
  const length = 4 + high * 65_536 + middle * 256 + low;
  if (length > LONGEST_MESSAGE) {
    const detail = `a handshake message of ${length} bytes`;
    throw transportFault('CRYPTO_BUFFER_EXCEEDED', 'crypto-buffer-exceeded', detail, CRYPTO_FRAME);
  }
  if (partial.length < length) return undefined;
  own.partial = partial.slice(length);
  return partial.slice(0, length);
}

function takeMessage(state: QuicState, space: Space, message: Uint8Array, now: Millis): void {
  const [type] = message;
  const level: Level = space;
  state.emit(messageFact('peer', level, message));
  checkForQuic(state, type ?? 0, message);
  for (const fact of contentFacts('peer', message, TLS13)) state.emit(fact);
  carryOut(state, state.machine.receive(now, level, message), now);
}

/** What TLS allows and QUIC does not (RFC 9001 §4.6.1, §6, §8.4). */
function checkForQuic(state: QuicState, type: number, message: Uint8Array): void {
  if (type === HANDSHAKE.key_update)
    throw peerFault('unexpected-message', ALERT.unexpected_message, 'a KeyUpdate message in QUIC');
  const sessionIdLength = message[SESSION_ID_LENGTH_AT] ?? 0;
  if (type === HANDSHAKE.client_hello && sessionIdLength > 0) {
    const detail = `legacy_session_id of ${sessionIdLength} bytes`;
    throw transportFault('PROTOCOL_VIOLATION', 'legacy-session-id', detail, CRYPTO_FRAME);
  }
  if (type !== HANDSHAKE.new_session_ticket || state.role !== 'client') return;
  const early = findExtension(decodeNewSessionTicket13(message.subarray(4)).extensions, EXTENSION.early_data);
  if (early?.some((byte) => byte !== 0xff))
    throw transportFault('PROTOCOL_VIOLATION', 'ticket-early-data', 'max_early_data_size is not 2^32 - 1');
}

function perform(state: QuicState, action: HandshakeAction, now: Millis): void {
  switch (action.do) {
    case 'send':
      queueMessage(state, spaceOf(action.level), action.message);
      return;
    case 'secret':
      takeSecret(state, action);
      return;
    case 'complete':
      complete(state, action.info, now);
      return;
    case 'ticket':
      // Lifetime 0: to be thrown away at once (RFC 9846 §4.7.1).
      if (action.session.lifetime > 0) state.session = action.session;
      else state.session ??= action.session;
      return;
    default:
      return;
  }
}

function queueMessage(state: QuicState, space: Space, message: Uint8Array): void {
  const own = state.spaces[space];
  writeCrypto(own.crypto, message);
  own.written += message.length;
  const facts = [messageFact('local', space, message), ...contentFacts('local', message, TLS13)];
  own.messages.push({ end: own.written, facts });
}

/** RFC 9001 §4.1.3: nothing of a level may be left over when the peer goes on to the next. */
function takeSecret(state: QuicState, action: Extract<HandshakeAction, { do: 'secret' }>): void {
  const { level, suite, secret } = action;
  const before = level === 'handshake' ? state.spaces.initial : state.spaces.handshake;
  if (action.for === 'peer' && (before.partial.length > 0 || cryptoHolds(before.crypto)))
    throw transportFault(
      'PROTOCOL_VIOLATION',
      'crypto-left-over',
      `handshake bytes before ${level}`,
      CRYPTO_FRAME,
    );
  installSecret(state.keys, { level, who: action.for, version: state.versions.chosen, suite, secret });
}

function complete(state: QuicState, info: HandshakeInfo, now: Millis): void {
  state.handshake.complete = true;
  state.handshake.info = info;
  state.session = info.session ?? state.session;
  onHandshakeComplete(state, now);
}

function spaceOf(level: Level): Space {
  return level === 'early' ? 'application' : level;
}

const TLS13 = { version: 0x0304, afterOurClose: false } as const;
/** Behind type, length, version and random (RFC 9846 §4.2.2). */
const SESSION_ID_LENGTH_AT = 38;
/** A certificate chain may be large; more than this is none. */
const LONGEST_MESSAGE = 131_072;
const CRYPTO_FRAME = 0x06n;
