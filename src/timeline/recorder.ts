import { compact } from './compact.ts';
import type { Emit, Fact, Millis, TimelineEvent } from './event.ts';

export type Recorder = {
  readonly events: readonly TimelineEvent[];
  /** An `Emit` that stamps the events of one connection. */
  emitter(conn: string): Emit;
  /** Called with every event from now on; returns the call that ends it. */
  subscribe(listener: (event: TimelineEvent) => void): () => void;
};

/**
 * Puts facts in order and stamps them with the given clock (ms since the start of the run). Of each connection the first
 * `most` are kept one by one; what comes without end after them is left out or added up (compact.ts).
 */
export function createRecorder(now: () => Millis, most = MOST_EVENTS): Recorder {
  const events: TimelineEvent[] = [];
  const emitters = new Map<string, Emit>();
  const listeners = new Set<(event: TimelineEvent) => void>();
  const record = (conn: string, fact: Fact, arrived?: Millis): void => {
    const seq = events.length;
    const t = now();
    // One spread in each: two cost three times the memory and show at every start (BENCH.md).
    const event: TimelineEvent =
      arrived === undefined ? { seq, t, conn, ...fact } : { seq, t, conn, arrived, ...fact };
    events.push(event);
    for (const listener of listeners) listener(event);
  };
  return {
    events,
    emitter(conn) {
      const known = emitters.get(conn);
      if (known !== undefined) return known;
      const emit = compact((fact, arrived) => record(conn, fact, arrived), most);
      emitters.set(conn, emit);
      return emit;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const MOST_EVENTS = 10_000;
