import type { TlsCore } from '../proto/core.ts';
import type { Scheduler } from './scheduler.ts';
import { type Task, until } from './task.ts';

/** Calls a core when its time has come, and sends what it then says. `check`: its timer may have begun to run. */
export function createTimers(core: TlsCore, scheduler: Scheduler, flush: () => unknown): { check(): void } {
  let running = false;
  function* run(): Task<void> {
    for (let due = core.pollTimeout(); due !== undefined; due = core.pollTimeout()) {
      const set = due;
      if (yield* until('a timer of the core', () => core.pollTimeout() !== set, set)) continue;
      core.handleTimeout(scheduler.clock.now());
      flush();
    }
    running = false;
  }
  return {
    check() {
      if (running || core.pollTimeout() === undefined) return;
      running = true;
      scheduler.spawn(run());
    },
  };
}
