import type { Clock } from '../driver/world.ts';

/**
 * Real time: ms since its creation, monotonic. A wake never comes early, and a cancelled one leaves no timer behind.
 * `unref`: its timers do not keep the process alive.
 */
export function createClock(options: { unref?: boolean } = {}): Clock {
  // Not performance.now(): the first use of `performance` loads ten modules of Node's (BENCH.md).
  const start = process.hrtime.bigint();
  const now = (): number => Number(process.hrtime.bigint() - start) / 1e6;
  return {
    now,
    at(when, wake) {
      let timer: NodeJS.Timeout | undefined;
      const arm = (): void => {
        timer = setTimeout(fire, Math.min(Math.max(0, Math.ceil(when - now())), LONGEST));
        if (options.unref === true) timer.unref();
      };
      // Node's timers round: they can fire up to 1 ms before `now` gets there.
      const fire = (): void => {
        if (now() < when) arm();
        else wake();
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}

/** setTimeout takes no more than this. */
const LONGEST = 2 ** 31 - 1;
