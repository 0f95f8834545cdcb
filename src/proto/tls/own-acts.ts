import { encodeEmpty } from '../../wire/exchange.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { isOpenServer } from '../handshake/connection.ts';
import { createOwnActs } from '../handshake/own-acts.ts';
import { carryOut, releaseHeld } from './actions.ts';
import { attempt } from './failure.ts';
import { createDraft, queueDraft } from './outbox.ts';
import { wearsOut } from './protection.ts';
import { addMessage, queueAlert, queueData } from './send.ts';
import type { TlsState } from './state.ts';

// What our own side does. A fault in it (no sequence number left, say) is told by the next step.

export const { start, sendTicket } = createOwnActs<TlsState>({ attempt, carryOut });

export function sendData(state: TlsState, data: Uint8Array): boolean {
  if (state.phase !== 'open') return false;
  return attempt(state, () => {
    releaseHeld(state);
    for (let at = 0; at < data.length; ) {
      const { key } = state.send;
      // RFC 9846 §5.5. TLS 1.2 cannot change keys without the renegotiation that we don't do.
      if (key?.version === 0x0304 && wearsOut(key, state.config.keyLimits))
        carryOut(state, state.machine.keyUpdate(false), 'own');
      at += queueData(state, data.subarray(at));
    }
  });
}

export function sendAlert(state: TlsState, level: number, description: number): void {
  attempt(state, () => queueAlert(state, level, description));
}

export function keyUpdate(state: TlsState, requestPeer: boolean): boolean {
  if (state.phase !== 'open' || state.version !== 0x0304) return false;
  return attempt(state, () => {
    const answers = state.send.held.some((held) => held.do === 'answer-key-update');
    releaseHeld(state);
    if (answers && !requestPeer) return;
    // One request at a time (RFC 9846 §4.7.3).
    const ask = requestPeer && !state.send.askedKeyUpdate;
    state.send.askedKeyUpdate ||= ask;
    carryOut(state, state.machine.keyUpdate(ask), 'own');
  });
}

export function sendHelloRequest(state: TlsState): boolean {
  if (!isOpenServer(state, 0x0303)) return false;
  state.send.askedRenegotiation = true;
  return attempt(state, () => {
    const draft = createDraft();
    addMessage(state, draft, 'application', encodeEmpty(HANDSHAKE.hello_request));
    queueDraft(state.outbox, draft);
  });
}
