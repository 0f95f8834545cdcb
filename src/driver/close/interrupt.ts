import type { Task } from '../task.ts';

/**
 * Runs the task until it ends or `interrupted` says something; then it is abandoned where it waits (its `finally` blocks
 * run). Whoever changes the answer pokes the scheduler.
 */
export function* interruptible(
  task: Task<void>,
  interrupted: () => string | undefined,
): Task<string | undefined> {
  let step = task.next({ now: 0, timedOut: false });
  while (step.done !== true) {
    const wait = step.value;
    const wake = yield { ...wait, ready: () => interrupted() !== undefined || wait.ready() };
    const signal = interrupted();
    if (signal !== undefined) {
      task.return(undefined);
      return signal;
    }
    step = task.next(wake);
  }
  return undefined;
}
