import type { CryptoProvider } from '../../crypto/provider.ts';
import type { Emit, Fact, Millis } from '../../timeline/event.ts';
import type { TlsPhase } from '../core.ts';
import type { ProtocolFault } from '../fault.ts';
import type { TlsConfig } from '../handshake/config.ts';
import type { HandshakeMachine } from '../handshake/machine.ts';
import type { Session } from '../handshake/session.ts';
import type { Role } from '../role.ts';
import type { ReceiveHalf, SendHalf } from './halves.ts';
import type { Outbox } from './outbox.ts';

/** A connection. The functions of this folder take it; connection.ts makes it. */
export type TlsState = {
  readonly role: Role;
  readonly config: TlsConfig;
  readonly provider: CryptoProvider;
  readonly machine: HandshakeMachine;
  readonly clock: StepClock;
  readonly emit: (fact: Fact) => void;
  phase: TlsPhase;
  version: 0x0303 | 0x0304 | undefined;
  readonly send: SendHalf;
  readonly receive: ReceiveHalf;
  readonly outbox: Outbox;
  session: Session | undefined;
  resumed: boolean;
  /** A fault that came up outside of `step`; the next step tells it. */
  pendingFault: ProtocolFault | undefined;
};

/** Time of the step under way, and when the bytes it is about arrived. */
export type StepClock = { now: Millis; arrived: Millis | undefined };

/** Stamps facts with the arrival of what caused them, where it waited to be processed. */
export function stampedEmit(emit: Emit, clock: StepClock): (fact: Fact) => void {
  return (fact) => {
    if (clock.arrived === undefined || clock.arrived === clock.now) emit(fact);
    else emit(fact, clock.arrived);
  };
}
