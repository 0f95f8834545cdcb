import type { Millis } from '../timeline/event.ts';

/** What a task waits for: a condition, a time, or whichever comes first. */
export type Wait = { for: string; ready(): boolean; until?: Millis };

export type Wake = { now: Millis; timedOut: boolean };

/** Work that waits: the same generator runs on real sockets and on the simulator, with no promise inside. */
export type Task<T> = Generator<Wait, T, Wake>;

/** Waits for the condition; false when `until` (absolute, ms) came first. */
export function* until(what: string, ready: () => boolean, deadline?: Millis): Task<boolean> {
  if (ready()) return true;
  const wake = yield deadline === undefined ? { for: what, ready } : { for: what, ready, until: deadline };
  return !wake.timedOut;
}

/** Waits until that time. */
export function* sleepUntil(when: Millis): Task<void> {
  yield { for: 'time', ready: () => false, until: when };
}
