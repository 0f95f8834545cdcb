import { ALERT } from '../../wire/alert.ts';
import {
  decodeNewConnectionId,
  decodeRequestConnectionId,
  encodeNewConnectionId,
} from '../../wire/dtls-connection-ids.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { ProtocolFault } from '../fault.ts';
import { carryOut } from './actions.ts';
import type { DtlsState } from './state.ts';

/**
 * RequestConnectionId and NewConnectionId (RFC 9147 §9), which the handshake knows nothing of. True: it was one. We take up new
 * IDs when we have to, and have none to spare ourselves. Throws ProtocolFault, `Malformed`.
 */
export function receiveConnectionIds(state: DtlsState, message: Uint8Array): boolean {
  const type = message[0];
  if (type !== HANDSHAKE.new_connection_id && type !== HANDSHAKE.request_connection_id) return false;
  if (state.version !== 0x0304 || state.phase !== 'open') return false;
  const body = message.subarray(4);
  if (type === HANDSHAKE.new_connection_id) {
    if (state.cids.peer === undefined) throw unexpected('NewConnectionId');
    const { cids, immediate } = decodeNewConnectionId(body);
    const [first] = cids;
    if (immediate && first !== undefined) state.cids.peer = first.slice();
    return true;
  }
  if (state.cids.own === undefined) throw unexpected('RequestConnectionId');
  decodeRequestConnectionId(body);
  const answer = encodeNewConnectionId({ cids: [], immediate: false });
  carryOut(state, [{ do: 'send', level: 'application', message: answer }], 'answer');
  return true;
}

/** RFC 9147 §9: from a peer with whom no connection ID was agreed on. */
function unexpected(name: string): ProtocolFault {
  const detail = `${name} without connection IDs`;
  return new ProtocolFault({
    blame: 'peer',
    rule: 'unexpected-message',
    alert: ALERT.unexpected_message,
    detail,
  });
}
