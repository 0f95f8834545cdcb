import type { Core } from '../proto/core.ts';
import type { Scheduler } from './scheduler.ts';
import { type Task, until } from './task.ts';
import type { Transport } from './world.ts';

/**
 * Keeps what waits in a core within bounds: beyond the limit the transport reads no more, so that the peer's window fills, until
 * half of it has been stepped. A pause asked for from outside lasts until it is ended from outside.
 */
export function createFlowControl(
  core: Core,
  bare: Transport,
  scheduler: Scheduler,
): { transport: Transport; check(): void } {
  let paused = false;
  let full = false;
  function* awaitRoom(): Task<void> {
    yield* until('room for input', () => core.unread() <= MOST_UNREAD / 2);
    full = false;
    if (!paused) bare.resume();
  }
  return {
    transport: {
      write: (unit) => bare.write(unit),
      writable: () => bare.writable(),
      fin: () => bare.fin(),
      reset: (options) => bare.reset(options),
      close: () => bare.close(),
      pause() {
        paused = true;
        bare.pause();
      },
      resume() {
        paused = false;
        if (!full) bare.resume();
      },
      get remote() {
        return bare.remote;
      },
      get local() {
        return bare.local;
      },
    },
    check() {
      if (full || core.unread() <= MOST_UNREAD) return;
      full = true;
      bare.pause();
      scheduler.spawn(awaitRoom());
    },
  };
}

/** Bytes. More than any handshake flight, and than what a well-behaved peer sends before it is read. */
const MOST_UNREAD = 256 * 1024;
