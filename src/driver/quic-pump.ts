import type { QuicSsl } from '../shutdown/quic/connection.ts';
import { somethingToDo, tick } from '../shutdown/quic/events.ts';
import type { Scheduler } from './scheduler.ts';
import { type Task, until } from './task.ts';

/**
 * Handles the events of a QUIC connection as they come, whoever waits for what: what an application's event loop does between its
 * calls. Gives the call that ends it. `handle`: what is done each time, if more than handling them.
 */
export function startPump(ssl: QuicSsl, scheduler: Scheduler, handle = () => tick(ssl)): () => void {
  const { core } = ssl;
  function* pump(): Task<void> {
    while (core.phase() !== 'terminated') {
      const due = core.pollTimeout();
      yield* until('an event', () => somethingToDo(ssl) || core.pollTimeout() !== due, due);
      handle();
    }
  }
  return scheduler.spawn(pump());
}
