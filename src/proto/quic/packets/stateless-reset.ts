import type { Random } from '../../../crypto/provider.ts';
import { concat, equalBytes } from '../../../wire/bytes.ts';

/**
 * Does a datagram end in one of these tokens (RFC 9000 §10.3.1)? All of them are compared, in the same time whichever it is. Only asked of
 * datagrams whose packets could not be opened.
 */
export function isStatelessReset(datagram: Uint8Array, tokens: readonly Uint8Array[]): boolean {
  if (datagram.length < SHORTEST_RESET) return false;
  const end = datagram.subarray(datagram.length - RESET_TOKEN_LENGTH);
  let found = false;
  for (const token of tokens) found = equalBytes(token, end) || found;
  return found;
}

/** What looks like a 1-RTT packet of `length` bytes and ends in the token (§10.3). Undefined: too short to pass for one. */
export function encodeStatelessReset(
  token: Uint8Array,
  length: number,
  random: Random,
): Uint8Array | undefined {
  if (length < SHORTEST_RESET) return undefined;
  const noise = random(length - RESET_TOKEN_LENGTH);
  noise[0] = ((noise[0] ?? 0) & 0x3f) | 0x40;
  return concat(noise, token);
}

const RESET_TOKEN_LENGTH = 16;
/** Five bytes besides the token (§10.3). */
export const SHORTEST_RESET = 21;
