import { connectionId } from '../../wire/extension-data.ts';
import { EXTENSION } from '../../wire/extensions.ts';
import type { ExtraExtension } from './flavor.ts';

/**
 * connection_id (RFC 9146 §3, RFC 9147 §9). `own`: what the peer's records to us are to carry, 0 to 255 bytes; empty
 * asks for none and allows the peer one. `agreed` hears, once both sides have spoken, what ours to the peer are to carry
 * (may be empty); undefined: the extension was not negotiated, no record carries any.
 */
export function connectionIdExtension(
  own: Uint8Array,
  agreed: (peer: Uint8Array | undefined) => void,
): ExtraExtension {
  let offered = false;
  return {
    type: EXTENSION.connection_id,
    answeredIn: 'server_hello',
    data: (role) => (role === 'client' || offered ? connectionId.encode(own) : undefined),
    received(data) {
      offered = data !== undefined;
      agreed(data && connectionId.decode(data).slice());
    },
  };
}
