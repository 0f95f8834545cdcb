import type { Level, Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { toHex } from '../../wire/bytes.ts';
import { handshakeName } from '../../wire/handshake.ts';
import type { CoreDeps } from '../core.ts';
import type { ProtocolFault } from '../fault.ts';
import type { Role } from '../role.ts';
import type { HandshakeConfig } from './config.ts';
import { peerFault } from './faults.ts';
import type { Flavor } from './flavor.ts';
import type { HandshakeAction } from './machine.ts';
import { createTranscript, type Transcript } from './transcript.ts';

/** What every state of a handshake shares. `now` and `actions` are those of the call under way. */
export type Context = {
  readonly role: Role;
  readonly config: HandshakeConfig;
  readonly deps: CoreDeps;
  readonly flavor: Flavor;
  readonly transcript: Transcript;
  now: Millis;
  actions: HandshakeAction[];
  /** Names the connection in key logs; empty until there is a ClientHello. */
  clientRandom: Uint8Array;
};

/** A message that came, taken apart. `raw` is the whole of it, with the header of TLS; `sequence` its message_seq in DTLS. */
export type Received = {
  level: Level;
  type: number;
  body: Uint8Array;
  raw: Uint8Array;
  sequence?: number | undefined;
};

export function createContext(role: Role, config: HandshakeConfig, deps: CoreDeps, flavor: Flavor): Context {
  const transcript = createTranscript(deps.provider, flavor);
  return {
    role,
    config,
    deps,
    flavor,
    transcript,
    now: 0,
    actions: [],
    clientRandom: new Uint8Array(0),
  };
}

export function act(ctx: Context, ...actions: readonly HandshakeAction[]): void {
  ctx.actions.push(...actions);
}

/** Puts one of our messages on its way and into the transcript. */
export function send(ctx: Context, level: Level, message: Uint8Array): void {
  ctx.transcript.add('local', message);
  act(ctx, { do: 'send', level, message });
}

/** Takes a message of the peer into the transcript. */
export function hear(ctx: Context, message: Received): void {
  ctx.transcript.add('peer', message.raw, message.sequence);
}

/** One line of an NSS key log. */
export function logSecret(ctx: Context, label: string, secret: Uint8Array): void {
  ctx.deps.emit({
    kind: 'secret',
    label,
    clientRandom: toHex(ctx.clientRandom),
    secret: toHex(secret),
  });
}

/** "no certificate_verify in WAIT_FINISHED" (RFC 9846 §4, RFC 5246 §7.4). */
export function unexpected(state: { name: string }, message: { type: number }): ProtocolFault {
  return peerFault(
    'unexpected-message',
    ALERT.unexpected_message,
    `${handshakeName(message.type)} in ${state.name}`,
  );
}
