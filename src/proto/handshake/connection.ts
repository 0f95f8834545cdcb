import type { Emit, Fact, Millis } from '../../timeline/event.ts';
import type { RecordPhase } from '../core.ts';
import type { ProtocolFault } from '../fault.ts';
import type { Role } from '../role.ts';
import type { TlsConfig } from './config.ts';
import type { HandshakeAction, HandshakeMachine } from './machine.ts';
import type { Session } from './session.ts';

/** What a record layer knows of a connection, whatever its records look like. */
export type Connection = {
  readonly role: Role;
  readonly config: TlsConfig;
  readonly machine: HandshakeMachine;
  readonly clock: StepClock;
  readonly emit: (fact: Fact) => void;
  phase: RecordPhase;
  version: 0x0303 | 0x0304 | undefined;
  session: Session | undefined;
  resumed: boolean;
  /** A fault that came up outside of `step`; the next step tells it. */
  pendingFault: ProtocolFault | undefined;
};

/** Time of the step under way, and when the bytes it is about arrived. */
export type StepClock = { now: Millis; arrived: Millis | undefined };

/** Who asked for it: the peer (our answers stop at our close_notify) or our own caller (who may go on). */
export type Occasion = 'answer' | 'own';

/** Stamps facts with the arrival of what caused them, where it waited to be processed. */
export function stampedEmit(emit: Emit, clock: StepClock): (fact: Fact) => void {
  return (fact) => {
    if (clock.arrived === undefined || clock.arrived === clock.now) emit(fact);
    else emit(fact, clock.arrived);
  };
}

/** Puts the connection into its handshake; false when it has been there before. */
export function begin(connection: Connection, now: Millis): boolean {
  if (connection.phase !== 'idle') return false;
  connection.phase = 'handshake';
  connection.clock.now = now;
  const { role, config } = connection;
  const fact = { kind: 'handshake.started', role } as const;
  const { serverName } = config;
  connection.emit(role === 'server' || serverName === undefined ? fact : { ...fact, serverName });
  return true;
}

/** What the handshake has found out, of no concern to the records. */
export function learn(
  connection: Connection,
  action: Extract<HandshakeAction, { do: 'version' | 'complete' | 'ticket' }>,
): void {
  switch (action.do) {
    case 'version':
      connection.version = action.version;
      return;
    case 'complete':
      connection.phase = 'open';
      connection.version = action.info.version;
      connection.resumed = action.info.resumed;
      connection.session = action.info.session ?? connection.session;
      return;
    case 'ticket':
      // Lifetime 0: to be thrown away at once (RFC 9846 §4.7.1).
      if (action.session.lifetime > 0) connection.session = action.session;
      else connection.session ??= action.session;
      return;
  }
}

/** Is it something that we say or say it with, and not what the peer does? */
export function isOurs(action: HandshakeAction): boolean {
  switch (action.do) {
    case 'send':
    case 'change-cipher-spec':
    case 'answer-key-update':
      return true;
    case 'secret':
    case 'keys12':
      return action.for === 'local';
    default:
      return false;
  }
}

/** A server with its handshake behind it: in 1.3 it may give tickets, in 1.2 it may ask for a new handshake. */
export function isOpenServer({ phase, version, role }: Connection, wanted: 0x0303 | 0x0304): boolean {
  return phase === 'open' && version === wanted && role === 'server';
}
