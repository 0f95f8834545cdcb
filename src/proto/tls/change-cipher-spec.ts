import { ALERT } from '../../wire/alert.ts';
import { ProtocolFault } from '../fault.ts';
import { carryOut } from './actions.ts';
import type { OpenedRecord } from './open-record.ts';
import type { TlsState } from './state.ts';

/** Throws ProtocolFault where the message does not belong. */
export function changeCipherSpec(state: TlsState, record: OpenedRecord): void {
  if (isDummy(state)) {
    if (record.protected || !isOne(record.content)) throw unexpected('change_cipher_spec of an odd kind');
    return;
  }
  if (state.version !== 0x0303 || state.phase !== 'handshake') {
    throw unexpected(`change_cipher_spec ${state.phase === 'open' ? 'after the handshake' : 'too early'}`);
  }
  if (!isOne(record.content)) {
    const detail = `change_cipher_spec of ${record.content.length} bytes that is not the single byte 1`;
    throw new ProtocolFault({ blame: 'peer', rule: 'decode-error', alert: ALERT.decode_error, detail });
  }
  carryOut(state, state.machine.changeCipherSpec(state.clock.now), 'answer');
  const { nextKey } = state.receive;
  if (nextKey === undefined) throw unexpected('change_cipher_spec before the keys are agreed');
  state.receive.key = nextKey;
  state.receive.nextKey = undefined;
  state.receive.level = 'application';
}

/**
 * TLS 1.3 sends it for the middleboxes: between the first ClientHello and the peer's Finished it is dropped
 * (RFC 9846 §5). A client that offered 1.3 may meet it before it knows the version.
 */
function isDummy(state: TlsState): boolean {
  if (state.phase !== 'handshake') return false;
  if (state.version !== undefined) return state.version === 0x0304;
  return state.role === 'client' && state.config.versions.includes(0x0304);
}

function isOne(content: Uint8Array): boolean {
  return content.length === 1 && content[0] === 1;
}

function unexpected(detail: string): ProtocolFault {
  return new ProtocolFault({
    blame: 'peer',
    rule: 'unexpected-change-cipher-spec',
    alert: ALERT.unexpected_message,
    detail,
  });
}
