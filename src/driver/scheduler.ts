import type { Task, Wait, Wake } from './task.ts';
import type { Clock } from './world.ts';

export type Scheduler = {
  readonly clock: Clock;
  /** Starts a task at once; `done` gets its value. A thrown error goes to `failed` (default: rethrown). Returns the call that abandons it. */
  spawn<T>(task: Task<T>, done?: (value: T) => void, failed?: (error: unknown) => void): () => void;
  /** Something changed: resume every task whose wait is over. Safe to call from inside a task (it then runs after). */
  poke(): void;
};

type Running = { resume(wake: Wake): void; wait: Wait | undefined; cancelTimer: (() => void) | undefined };

/** Runs tasks over a clock, in the order they were spawned, synchronously. */
export function createScheduler(clock: Clock): Scheduler {
  const running = new Set<Running>();
  let polling = false;
  let again = false;

  const settle = (entry: Running): void => {
    entry.cancelTimer?.();
    entry.cancelTimer = undefined;
    entry.wait = undefined;
  };

  const poke = (): void => {
    again = true;
    if (polling) return;
    polling = true;
    try {
      while (again) {
        again = false;
        for (const entry of [...running]) {
          if (!running.has(entry) || entry.wait === undefined || !entry.wait.ready()) continue;
          settle(entry);
          again = true;
          entry.resume({ now: clock.now(), timedOut: false });
        }
      }
    } finally {
      polling = false;
    }
  };

  const spawn: Scheduler['spawn'] = (task, done, failed) => {
    const entry: Running = {
      wait: undefined,
      cancelTimer: undefined,
      resume: (wake) => advance(() => task.next(wake)),
    };
    const advance = (step: () => IteratorResult<Wait, unknown>): void => {
      let result: IteratorResult<Wait, unknown>;
      try {
        result = step();
      } catch (error) {
        running.delete(entry);
        if (failed === undefined) throw error;
        failed(error);
        return;
      }
      if (result.done === true) {
        running.delete(entry);
        done?.(result.value as Parameters<NonNullable<typeof done>>[0]);
        return;
      }
      entry.wait = result.value;
      const { until } = result.value;
      if (until !== undefined) entry.cancelTimer = clock.at(until, () => expire(entry));
    };
    const expire = (expired: Running): void => {
      if (!running.has(expired) || expired.wait === undefined) return;
      const timedOut = !expired.wait.ready();
      settle(expired);
      expired.resume({ now: clock.now(), timedOut });
      poke();
    };
    running.add(entry);
    // A generator ignores the value of its first next().
    advance(() => task.next({ now: clock.now(), timedOut: false }));
    poke();
    return () => {
      settle(entry);
      if (running.delete(entry)) task.return(undefined as never);
    };
  };

  return { clock, spawn, poke };
}
