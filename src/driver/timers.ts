import type { Core } from '../proto/core.ts';
import type { Scheduler } from './scheduler.ts';
import { type Task, until } from './task.ts';

export type Timers = {
  /** The core's timer may have begun to run. */
  check(): void;
  /** There is nothing left to send on. */
  stop(): void;
};

/** Calls a core when its time has come, and sends what it then says. */
export function createTimers(core: Core, scheduler: Scheduler, flush: () => unknown): Timers {
  let running = false;
  let stopped = false;
  function* run(): Task<void> {
    for (let due = core.pollTimeout(); due !== undefined && !stopped; due = core.pollTimeout()) {
      const set = due;
      const changed = (): boolean => stopped || core.pollTimeout() !== set;
      if (yield* until('a timer of the core', changed, set)) continue;
      core.handleTimeout(scheduler.clock.now());
      flush();
    }
    running = false;
  }
  return {
    check() {
      if (running || stopped || core.pollTimeout() === undefined) return;
      running = true;
      scheduler.spawn(run());
    },
    stop() {
      stopped = true;
      scheduler.poke();
    },
  };
}
