/** Offsets as half-open ranges, flat: [from, to, from, to, …], ascending, never touching. */
export type RangeSet = number[];

export function addRange(set: RangeSet, from: number, to: number): void {
  if (from >= to) return;
  const first = firstEndingAt(set, from);
  let last = first;
  let [low, high] = [from, to];
  while (last < set.length && (set[last] ?? 0) <= to) {
    low = Math.min(low, set[last] ?? low);
    high = Math.max(high, set[last + 1] ?? high);
    last += 2;
  }
  // Mostly one range grows; that needs no splice.
  if (last - first === 2) {
    set[first] = low;
    set[first + 1] = high;
  } else set.splice(first, last - first, low, high);
}

export function removeRange(set: RangeSet, from: number, to: number): void {
  if (from >= to) return;
  // A range that only touches `from` loses nothing.
  const first = firstEndingAt(set, from + 1);
  let last = first;
  const kept: number[] = [];
  while (last < set.length && (set[last] ?? 0) < to) {
    const [low, high] = [set[last] ?? 0, set[last + 1] ?? 0];
    if (low < from) kept.push(low, from);
    if (high > to) kept.push(to, high);
    last += 2;
  }
  if (last > first) set.splice(first, last - first, ...kept);
}

/** Is all of it in one range? An empty range always is. */
export function holdsRange(set: RangeSet, from: number, to: number): boolean {
  if (from >= to) return true;
  const at = firstEndingAt(set, to);
  return at < set.length && (set[at] ?? 0) <= from;
}

/** Where the range that holds `from` ends; `from` itself when none does. */
export function endOfRangeAt(set: RangeSet, from: number): number {
  const at = firstEndingAt(set, from + 1);
  return at < set.length && (set[at] ?? 0) <= from ? (set[at + 1] ?? from) : from;
}

/** How many of the offsets are not in the set yet. */
export function missingIn(set: RangeSet, from: number, to: number): number {
  if (from >= to) return 0;
  let missing = to - from;
  for (let at = firstEndingAt(set, from + 1); at < set.length && (set[at] ?? 0) < to; at += 2)
    missing -= Math.min(to, set[at + 1] ?? 0) - Math.max(from, set[at] ?? 0);
  return missing;
}

/** Index of the first range that ends at `offset` or after it. */
function firstEndingAt(set: RangeSet, offset: number): number {
  let [low, high] = [0, set.length / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((set[2 * middle + 1] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}
