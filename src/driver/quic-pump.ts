import type { QuicSsl } from '../shutdown/quic/connection.ts';
import { tick } from '../shutdown/quic/events.ts';
import type { Scheduler } from './scheduler.ts';
import { type Task, until } from './task.ts';

/**
 * Handles the events of a QUIC connection as they come, whoever waits for what: what an application's event loop does between its
 * calls. Gives the call that ends it.
 */
export function startPump(ssl: QuicSsl, scheduler: Scheduler): () => void {
  const { core } = ssl;
  function* pump(): Task<void> {
    while (core.phase() !== 'terminated') {
      const due = core.pollTimeout();
      yield* until('an event', () => core.ready() || core.pollTimeout() !== due, due);
      tick(ssl);
    }
  }
  return scheduler.spawn(pump());
}
