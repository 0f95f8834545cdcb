import { Reader } from '../wire/reader.ts';

/** What the timeline tells of a NewSessionTicket message, header included (RFC 9846 §4.7.1, RFC 5077 §3.3). */
export function ticketFact(
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
