/** What is needed of an AbortSignal, so that who has none need not load what makes one (BENCH.md). */
export type StopSignal = {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
};

export type Stopper = { readonly signal: StopSignal; stop(reason: string): void };

/** A signal and the call that sets it off, once. */
export function createStopper(): Stopper {
  const listeners = new Set<() => void>();
  let aborted = false;
  let reason: string | undefined;
  return {
    signal: {
      get aborted() {
        return aborted;
      },
      get reason() {
        return reason;
      },
      addEventListener: (_, listener) => void listeners.add(listener),
      removeEventListener: (_, listener) => void listeners.delete(listener),
    },
    stop(why) {
      if (aborted) return;
      aborted = true;
      reason = why;
      for (const listener of listeners) listener();
    },
  };
}
