import type { Who } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { Malformed } from '../../wire/reader.ts';
import { ProtocolFault } from '../fault.ts';
import type { Connection } from './connection.ts';

/** How a record layer ends. */
export type Ending<C extends Connection> = {
  /** The phase is `failed` from here on, and whatever was still owed is not done. */
  end(connection: C): void;
  /** Nothing of our own may follow (RFC 9846 §6.1, §6.2). */
  silenced(connection: C): boolean;
  queueAlert(connection: C, level: number, description: number): void;
};

export type Failures<C extends Connection> = {
  /** Runs what a peer's bytes can make fail; the fault ends the connection and is given back. Our own bugs pass through. */
  guarded<T>(connection: C, act: () => T): T | ProtocolFault;
  /** Acts on our own behalf; a fault in it (no sequence number left, say) is told by the next step. False: that, or `act` gave false. */
  attempt(connection: C, act: () => unknown): boolean;
  /** The handshake cannot complete any more. Told once. */
  failHandshake(connection: C, why: Reason): void;
};

type Reason = { blame: Who | 'network'; rule: string; detail: string; alert?: number | undefined };

/** What becomes of a connection when somebody breaks a rule. */
export function createFailures<C extends Connection>(layer: Ending<C>): Failures<C> {
  function guarded<T>(connection: C, act: () => T): T | ProtocolFault {
    try {
      return act();
    } catch (error) {
      const fault = toFault(error);
      fail(connection, fault);
      return fault;
    }
  }

  function attempt(connection: C, act: () => unknown): boolean {
    const outcome = guarded(connection, act);
    if (!(outcome instanceof ProtocolFault)) return outcome !== false;
    connection.pendingFault = outcome;
    return false;
  }

  function failHandshake(connection: C, { blame, rule, detail, alert }: Reason): void {
    if (connection.phase !== 'handshake') return;
    layer.end(connection);
    const fact = { kind: 'handshake.failed', blame, rule, detail } as const;
    connection.emit(alert === undefined ? fact : { ...fact, alert });
  }

  function fail(connection: C, fault: ProtocolFault): void {
    const { blame, rule, detail } = fault;
    const alert = connection.config.policy.alerts[rule] ?? fault.alert;
    const fact = { kind: 'fault', blame, rule, detail } as const;
    connection.emit(alert === undefined ? fact : { ...fact, alert });
    failHandshake(connection, fault);
    layer.end(connection);
    if (alert === undefined || layer.silenced(connection)) return;
    try {
      layer.queueAlert(connection, ALERT_LEVEL.fatal, alert);
    } catch (error) {
      // No sequence number is left for it: then it ends without a word.
      if (!(error instanceof ProtocolFault)) throw error;
    }
  }

  return { guarded, attempt, failHandshake };
}

function toFault(error: unknown): ProtocolFault {
  if (error instanceof ProtocolFault) return error;
  if (!(error instanceof Malformed)) throw error;
  const detail = error.message;
  return new ProtocolFault({ blame: 'peer', rule: 'decode-error', alert: ALERT.decode_error, detail });
}
