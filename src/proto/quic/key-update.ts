import type { Millis } from '../../timeline/event.ts';
import { keyPhase, keyUse, mayUpdateKeys, updateSendKeys } from './packets/key-phases.ts';
import { ptoOf } from './recovery/rtt.ts';
import type { QuicState } from './state.ts';

/** Ours (RFC 9001 §6.1). False: not now. */
export function updateKeys(state: QuicState): boolean {
  const { phases } = state.keys;
  if (state.phase !== 'open' || !state.handshake.confirmed || phases === undefined || !mayUpdateKeys(phases))
    return false;
  updateSendKeys(phases);
  const { generation } = phases.send;
  state.emit({ kind: 'quic-key-update', by: 'local', phase: keyPhase(generation), generation });
  return true;
}

/** Before a packet is sealed: has this key done enough (§6.6)? */
export function updateWornKeys(state: QuicState): void {
  const { phases } = state.keys;
  if (phases !== undefined && keyUse(phases).sealed >= state.config.policy.keyUpdatePackets)
    updateKeys(state);
}

/** The first packet of the peer's next keys (§6.2); the old ones are kept for what is still on the way (§6.5). */
export function tellKeyUpdate(state: QuicState, by: 'peer' | 'local', now: Millis): void {
  const { phases } = state.keys;
  if (phases === undefined) return;
  state.oldKeysUntil = now + 3 * ptoOf(state.recovery, 'application');
  if (by === 'local') return;
  const { generation } = phases.receive;
  state.emit({ kind: 'quic-key-update', by: 'peer', phase: keyPhase(generation), generation });
}
