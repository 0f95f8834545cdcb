import { type KeyLimits, keyLimits, nearly } from '../../crypto/aead-limits.ts';
import { ALERT } from '../../wire/alert.ts';
import { ProtocolFault } from '../fault.ts';
import { carryOut } from './actions.ts';
import type { EpochKey } from './epoch-key.ts';
import { attempt } from './failure.ts';
import { silenced } from './send.ts';
import type { DtlsState, ReadEpoch } from './state.ts';

export function keyUpdate(state: DtlsState, requestPeer: boolean): boolean {
  if (!mayUpdate(state)) return false;
  return attempt(state, () => sendKeyUpdate(state, requestPeer));
}

/** Before anything is sealed that there can be much of (RFC 9846 §5.5, RFC 9147 §4.5.3). Throws ProtocolFault when the key is used up. */
export function renewOwnKey(state: DtlsState): void {
  const { epochs, current } = state.write;
  const half = epochs.get(current);
  if (half?.key === undefined) return;
  const { records } = limitsOf(state, half.key);
  // DTLS 1.2 has no change of keys but the renegotiation that we don't do.
  if (half.sequence >= nearly(records) && mayUpdate(state) && !silenced(state)) sendKeyUpdate(state, false);
  if (half.sequence < records) return;
  const detail = `the key of epoch ${current} has sealed ${half.sequence} records`;
  throw new ProtocolFault({ blame: 'local', rule: 'key-used-up', alert: ALERT.internal_error, detail });
}

/**
 * A record that does not open may be a forger's attempt, and each has its chance (RFC 9147 §4.5.3): half-way to the limit the peer is
 * asked for new keys; at the limit, keys with a successor are dropped, with any other the association ends. Throws ProtocolFault.
 */
export function countForgery(state: DtlsState, half: ReadEpoch): void {
  const { key, epoch } = half;
  if (key === undefined) return;
  half.forgeries++;
  const { forgeries } = limitsOf(state, key);
  const newest = epoch === state.read.current;
  if (half.forgeries >= forgeries) {
    if (!newest) state.read.epochs.delete(epoch);
    else throw tooManyForgeries(half);
  } else if (half.forgeries >= nearly(forgeries) && newest && !state.write.askedKeyUpdate) {
    if (mayUpdate(state) && !silenced(state)) sendKeyUpdate(state, true);
  }
}

function limitsOf({ config }: DtlsState, { aeadName }: EpochKey): KeyLimits {
  return keyLimits(aeadName, config.keyLimits);
}

/** The one before has an ACK (RFC 9147 §8). */
function mayUpdate({ phase, version, write }: DtlsState): boolean {
  return phase === 'open' && version === 0x0304 && write.nextKey === undefined;
}

function sendKeyUpdate(state: DtlsState, requestPeer: boolean): void {
  // One request at a time (RFC 9846 §4.7.3).
  const ask = requestPeer && !state.write.askedKeyUpdate;
  state.write.askedKeyUpdate ||= ask;
  carryOut(state, state.machine.keyUpdate(ask), 'own');
}

function tooManyForgeries({ epoch, forgeries }: ReadEpoch): ProtocolFault {
  const detail = `${forgeries} records did not open with the key of epoch ${epoch}`;
  // Anybody's records, so the peer is not to blame; an alert for such a record is this one (RFC 6347 §4.1.2.7).
  return new ProtocolFault({
    blame: 'local',
    rule: 'too-many-forgeries',
    alert: ALERT.bad_record_mac,
    detail,
  });
}
