import type { Who } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { Malformed } from '../../wire/reader.ts';
import { ProtocolFault } from '../fault.ts';
import { silenced } from './halves.ts';
import { queueAlert } from './send.ts';
import type { TlsState } from './state.ts';

/** Runs what a peer's bytes can make fail; the fault ends the connection and is given back. Our own bugs pass through. */
export function guarded<T>(state: TlsState, act: () => T): T | ProtocolFault {
  try {
    return act();
  } catch (error) {
    const fault = toFault(error);
    fail(state, fault);
    return fault;
  }
}

/** The handshake cannot complete any more. Told once. */
export function failHandshake(
  state: TlsState,
  why: { blame: Who; rule: string; detail: string; alert?: number | undefined },
): void {
  if (state.phase !== 'handshake') return;
  state.phase = 'failed';
  const { blame, rule, detail, alert } = why;
  const fact = { kind: 'handshake.failed', blame, rule, detail } as const;
  state.emit(alert === undefined ? fact : { ...fact, alert });
}

function fail(state: TlsState, fault: ProtocolFault): void {
  const { blame, rule, detail } = fault;
  const alert = state.config.policy.alerts[rule] ?? fault.alert;
  const fact = { kind: 'fault', blame, rule, detail } as const;
  state.emit(alert === undefined ? fact : { ...fact, alert });
  failHandshake(state, fault);
  state.phase = 'failed';
  if (alert === undefined || silenced(state.send)) return;
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
  return new ProtocolFault({
    blame: 'peer',
    rule: 'decode-error',
    alert: ALERT.decode_error,
    detail: error.message,
  });
}
