/**
 * How many bytes a packet number needs so that the peer can tell it from all that it may take for it (RFC 9000 appendix A.2).
 * `largestAcked`: undefined while nothing in its space was acknowledged.
 */
export function packetNumberLength(number: number, largestAcked: number | undefined): 1 | 2 | 3 | 4 {
  const unacked = largestAcked === undefined ? number + 1 : number - largestAcked;
  if (unacked <= 0x80) return 1;
  if (unacked <= 0x8000) return 2;
  return unacked <= 0x800000 ? 3 : 4;
}

/** The low `length` bytes, as they go into the header. */
export function truncatePacketNumber(number: number, length: number): number {
  return number % 256 ** length;
}

/** The number nearest to `expected` (one above the largest that came) that ends in these bytes (RFC 9000 appendix A.3). */
export function expandPacketNumber(truncated: number, length: number, expected: number): number {
  const window = 256 ** length;
  const candidate = expected - (expected % window) + truncated;
  if (candidate <= expected - window / 2 && candidate < LARGEST - window) return candidate + window;
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window;
  return candidate;
}

/** Numbers end at 2^62; ours where counting in doubles does, which no connection reaches. */
const LARGEST = Number.MAX_SAFE_INTEGER;
