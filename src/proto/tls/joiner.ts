import { ALERT } from '../../wire/alert.ts';
import { ProtocolFault } from '../fault.ts';

/** Puts handshake messages together again that were split over records (RFC 9846 §5.1). */
export type Joiner = { filling: Uint8Array; filled: number };

/** `aligned`: nothing follows the message in its record, so that keys may change behind it. */
export type JoinedMessage = { message: Uint8Array; aligned: boolean };

export function createJoiner(): Joiner {
  return { filling: new Uint8Array(HEADER_LENGTH), filled: 0 };
}

/** Part of a message waits for its rest. */
export function midMessage(joiner: Joiner): boolean {
  return joiner.filled > 0;
}

/** The messages that this fragment completes, one by one: act on each before asking for the next. Throws ProtocolFault. */
export function* joinMessages(joiner: Joiner, fragment: Uint8Array): Generator<JoinedMessage, void> {
  for (let at = 0; at < fragment.length; ) {
    const piece = fragment.subarray(at, at + joiner.filling.length - joiner.filled);
    joiner.filling.set(piece, joiner.filled);
    joiner.filled += piece.length;
    at += piece.length;
    if (joiner.filled < joiner.filling.length) return;
    const message = finishPart(joiner);
    if (message !== undefined) yield { message, aligned: at === fragment.length };
  }
}

function finishPart(joiner: Joiner): Uint8Array | undefined {
  const part = joiner.filling;
  const [type = 0, high = 0, middle = 0, low = 0] = part;
  const length = HEADER_LENGTH + (high << 16) + (middle << 8) + low;
  if (length - HEADER_LENGTH > MAX_BODY) {
    throw new ProtocolFault({
      blame: 'peer',
      rule: 'handshake-message-too-large',
      alert: ALERT.illegal_parameter,
      detail: `handshake message of type ${type} announces ${length - HEADER_LENGTH} bytes, more than ${MAX_BODY}`,
    });
  }
  if (part.length < length) {
    joiner.filling = new Uint8Array(length);
    joiner.filling.set(part);
    return undefined;
  }
  joiner.filling = new Uint8Array(HEADER_LENGTH);
  joiner.filled = 0;
  return part;
}

const HEADER_LENGTH = 4;
/** The largest ClientHello there can be, and room for a long certificate chain; with the 16 MiB that the length field allows anybody could fill our memory. */
const MAX_BODY = 2 + 32 + (1 + 32) + (2 + 65_534) + (1 + 255) + (2 + 65_535);
