import type { Scheduler } from '../driver/scheduler.ts';
import { createScheduler } from '../driver/scheduler.ts';
import type { Task } from '../driver/task.ts';
import type { Clock } from '../driver/world.ts';
import type { Emit, TimelineEvent } from '../timeline/event.ts';
import { createRecorder } from '../timeline/recorder.ts';
import { createClock } from './clock.ts';

export type ServerLife = {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** End after so many connections. */
  count?: number;
  /** End after so long (ms). */
  forMs?: number;
  /** Most connections at one time; further ones are turned away. Default 256. */
  limit?: number;
  /** Puts every byte on the timelines. */
  capture?: boolean;
  clock?: Clock;
  /** Every event of every connection, as it happens. */
  onEvent?(event: TimelineEvent): void;
  /** A connection is over. */
  onConnection?(connection: ServedConnection): void;
};

/** `conn`: "conn-1", "conn-2" … in the order they came. */
export type ServedConnection = { conn: string; remote: string; events: readonly TimelineEvent[] };

export type Server = {
  readonly host: string;
  readonly port: number;
  /** Connections that are being served now. */
  open(): number;
  /** Ends it: connections that are open are cut, and reported as far as they went. */
  close(): Promise<void>;
  /** Settles when it has ended, of its own accord or by `close`. Rejects with what was thrown inside, our bug. */
  readonly done: Promise<void>;
};

/** What a life needs of whatever listens. */
export type Port = { readonly port: number; stop(): void; close(): Promise<void> };

/** What serving one connection has to work with. */
export type Place = { emit: Emit; scheduler: Scheduler; cut(): void; failed(error: unknown): void };

/** `task`: all of it. `close`: our end of it. */
export type Served = { task: Task<void>; close(): void };

/** One more connection: `serve` is called at once. */
export type Admit = (remote: string, serve: (place: Place) => Served) => void;

export type Wish = Required<Pick<ServerLife, 'host' | 'port' | 'limit' | 'capture' | 'clock'>>;

/** From listening to the end, for any protocol. Rejects with the system's error when `listen` cannot. */
export async function runServer(
  options: ServerLife,
  listen: (wish: Wish, admit: Admit) => Promise<Port>,
): Promise<Server> {
  const { host = '127.0.0.1', port = 0, limit = 256, capture = false, clock = createClock() } = options;
  const running = new Map<string, () => void>();
  let accepted = 0;
  let listener: Port | undefined;
  let finish = (): void => {};
  let fail = (_error: unknown): void => {};
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // A caller that never looks at `done` is not to be punished with an unhandled rejection.
  done.catch(() => {});
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= (async () => {
      cancel();
      for (const cut of [...running.values()]) cut();
      await listener?.close();
      finish();
    })();
    return ending;
  };
  const cancel =
    options.forMs === undefined ? () => {} : clock.at(clock.now() + options.forMs, () => void end());
  const admit: Admit = (remote, serve) => {
    accepted += 1;
    const conn = `conn-${accepted}`;
    if (accepted === options.count) listener?.stop();
    const cut = serveOne({ options, clock, conn, serve, fail }, (events) => {
      running.delete(conn);
      options.onConnection?.({ conn, remote, events });
      if (running.size === 0 && options.count !== undefined && accepted >= options.count) void end();
    });
    running.set(conn, cut);
  };
  try {
    listener = await listen({ host, port, limit, capture, clock }, admit);
  } catch (error) {
    cancel();
    throw error;
  }
  return { host, port: listener.port, open: () => running.size, close: end, done };
}

type One = {
  options: ServerLife;
  clock: Clock;
  conn: string;
  serve: (place: Place) => Served;
  fail: (error: unknown) => void;
};

/** Serves one connection; gives the call that cuts it short. `over` gets its timeline, once. */
function serveOne(one: One, over: (events: readonly TimelineEvent[]) => void): () => void {
  const { options, clock, conn, fail } = one;
  const recorder = createRecorder(clock.now, MOST_EVENTS);
  if (options.onEvent !== undefined) recorder.subscribe(options.onEvent);
  const emit = recorder.emitter(conn);
  const scheduler = createScheduler(clock);
  let finished = false;
  const finish = (): void => {
    if (finished) return;
    finished = true;
    over(recorder.events);
  };
  const failed = (error: unknown): void => {
    served.close();
    finish();
    fail(error);
  };
  const cut = (): void => {
    abandon();
    if (!finished) emit({ kind: 'transport.closed', by: 'local' });
    served.close();
    finish();
  };
  const served = one.serve({ emit, scheduler, cut: () => cut(), failed });
  const abandon = scheduler.spawn(served.task, finish, failed);
  return cut;
}

/** Many connections may be there at one time. */
const MOST_EVENTS = 2_000;
