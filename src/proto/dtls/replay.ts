/** Which of an epoch's record numbers have come (RFC 6347 §4.1.2.6, RFC 9147 §4.5.1). */
export type ReplayWindow = { highest: number; seen: Set<number> };

export function createReplayWindow(): ReplayWindow {
  return { highest: -1, seen: new Set() };
}

/** Came before, or is so old that nobody knows. */
export function isReplay(window: ReplayWindow, sequence: number): boolean {
  return sequence <= window.highest - WINDOW || window.seen.has(sequence);
}

/** Only for records that proved to be the peer's. */
export function markSeen(window: ReplayWindow, sequence: number): void {
  window.seen.add(sequence);
  if (sequence <= window.highest) return;
  window.highest = sequence;
  for (const old of window.seen) if (old <= sequence - WINDOW) window.seen.delete(old);
}

const WINDOW = 64;
