import type { Who } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { Malformed } from '../../wire/reader.ts';
import { ProtocolFault } from '../fault.ts';
import { endFlight } from './flight.ts';
import { queueAlert, silenced } from './send.ts';
import type { DtlsState } from './state.ts';

/** Runs what a peer's bytes can make fail; the fault ends the association and is given back. Our own bugs pass through. */
export function guarded<T>(state: DtlsState, act: () => T): T | ProtocolFault {
  try {
    return act();
  } catch (error) {
    const fault = toFault(error);
    fail(state, fault);
    return fault;
  }
}

/** Acts on our own behalf; a fault in it (no sequence number left, say) is told by the next step. */
export function attempt(state: DtlsState, act: () => void): boolean {
  const outcome = guarded(state, act);
  if (!(outcome instanceof ProtocolFault)) return true;
  state.pendingFault = outcome;
  return false;
}

/** The handshake cannot complete any more. Told once. */
export function failHandshake(
  state: DtlsState,
  why: { blame: Who | 'network'; rule: string; detail: string; alert?: number | undefined },
): void {
  if (state.phase !== 'handshake') return;
  end(state);
  const { blame, rule, detail, alert } = why;
  const fact = { kind: 'handshake.failed', blame, rule, detail } as const;
  state.emit(alert === undefined ? fact : { ...fact, alert });
}

/** Nothing is repeated or acknowledged from here on. */
export function end(state: DtlsState): void {
  state.phase = 'failed';
  endFlight(state);
  state.acks.due = undefined;
}

function fail(state: DtlsState, fault: ProtocolFault): void {
  const { blame, rule, detail, alert } = fault;
  const fact = { kind: 'fault', blame, rule, detail } as const;
  state.emit(alert === undefined ? fact : { ...fact, alert });
  failHandshake(state, fault);
  end(state);
  if (alert === undefined || silenced(state)) return;
  try {
    queueAlert(state, ALERT_LEVEL.fatal, alert);
  } catch (error) {
    // No sequence number is left for it: then it ends without a word.
    if (!(error instanceof ProtocolFault)) throw error;
  }
}

function toFault(error: unknown): ProtocolFault {
  if (error instanceof ProtocolFault) return error;
  if (!(error instanceof Malformed)) throw error;
  const detail = error.message;
  return new ProtocolFault({ blame: 'peer', rule: 'decode-error', alert: ALERT.decode_error, detail });
}
