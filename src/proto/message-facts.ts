import type { Fact, Level, Who } from '../timeline/event.ts';
import { decodeKeyUpdate } from '../wire/exchange.ts';
import { HANDSHAKE, handshakeName } from '../wire/handshake.ts';
import { Reader } from '../wire/reader.ts';

/** A whole handshake message, header included, for the timeline. */
export function messageFact(by: Who, level: Level, message: Uint8Array): Fact {
  const type = message[0] ?? 0;
  const name = handshakeName(type);
  return { kind: 'handshake.message', by, type, name, level, bytes: message.length };
}

/** What it says beside that: a ticket or a KeyUpdate has a fact of its own. Throws Malformed. */
export function contentFacts(
  by: Who,
  message: Uint8Array,
  { version, afterOurClose }: { version: 0x0303 | 0x0304 | undefined; afterOurClose: boolean },
): Fact[] {
  if (message[0] === HANDSHAKE.new_session_ticket)
    return [{ kind: 'ticket', by, ...describeTicket(version, message), afterOurClose }];
  if (message[0] !== HANDSHAKE.key_update) return [];
  const requested = decodeKeyUpdate(message.subarray(4))?.requested ?? false;
  return [{ kind: 'key-update', by, requested }];
}

/** A NewSessionTicket message (RFC 9846 §4.7.1, RFC 5077 §3.3). */
function describeTicket(
  version: 0x0303 | 0x0304 | undefined,
  message: Uint8Array,
): { lifetime: number; bytes: number } {
  const reader = new Reader(message.subarray(4));
  const lifetime = reader.u32();
  if (version === 0x0304) {
    reader.take(4);
    reader.vector(1);
  }
  return { lifetime, bytes: reader.vector(2).length };
}
