import { encodeEmpty } from '../../wire/exchange.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { isOpenServer } from '../handshake/connection.ts';
import { createOwnActs } from '../handshake/own-acts.ts';
import { carryOut } from './actions.ts';
import { attempt } from './failure.ts';
import { renewOwnKey } from './key-update.ts';
import { contentLimit, queueAlert, queueData } from './send.ts';
import type { DtlsState } from './state.ts';

// What our own side does. A fault in it (no sequence number left, say) is told by the next step.

export const { start, sendTicket } = createOwnActs<DtlsState>({ attempt, carryOut });

/** One record, one datagram; what does not fit is refused as a whole, and the association goes on. */
export function sendData(state: DtlsState, data: Uint8Array): boolean {
  if (state.phase !== 'open') return false;
  const most = contentLimit(state);
  if (data.length > most) {
    const detail = `${data.length} bytes do not fit one record: ${most} is the most on this path`;
    state.emit({ kind: 'fault', blame: 'local', rule: 'message-too-large', detail });
    return false;
  }
  return attempt(state, () => {
    renewOwnKey(state);
    queueData(state, data);
  });
}

export function sendAlert(state: DtlsState, level: number, description: number): void {
  attempt(state, () => queueAlert(state, level, description));
}

export function sendHelloRequest(state: DtlsState): boolean {
  if (!isOpenServer(state, 0x0303)) return false;
  state.write.askedRenegotiation = true;
  const message = encodeEmpty(HANDSHAKE.hello_request);
  // RFC 6347 §4.2.2: a handshake of its own.
  state.write.messageSequence = 0;
  return attempt(state, () => carryOut(state, [{ do: 'send', level: 'application', message }], 'own'));
}
