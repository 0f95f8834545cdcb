import { createFailures } from '../handshake/failure.ts';
import { endFlight } from './flight.ts';
import { queueAlert, silenced } from './send.ts';
import type { DtlsState } from './state.ts';

export const { guarded, attempt, failHandshake } = createFailures<DtlsState>({ end, silenced, queueAlert });

/** Nothing is repeated or acknowledged from here on. */
export function end(state: DtlsState): void {
  state.phase = 'failed';
  endFlight(state);
  state.acks.due = undefined;
}
