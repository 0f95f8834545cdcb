import { createScheduler } from '../driver/scheduler.ts';
import { serveConnection } from '../driver/serve/connection.ts';
import type { ServePlan } from '../driver/serve/plan.ts';
import type { Clock, Connect } from '../driver/world.ts';
import type { TlsCore } from '../proto/core.ts';
import type { Emit, TimelineEvent } from '../timeline/event.ts';
import { createRecorder } from '../timeline/recorder.ts';
import { createClock } from './clock.ts';
import { type Accept, type Listener, type ListenOptions, listenTcp } from './listen.ts';

export type ServerOptions = {
  plan: ServePlan;
  /** Makes the core of one connection (driver/serve/core.ts). */
  createCore(emit: Emit, remote: string, connectionId?: Uint8Array): TlsCore;
  /** Default: listenTcp. */
  listen?(options: ListenOptions): Promise<Listener>;
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
  /** Ends it: connections that are open are cut, and reported as far as they went. */
  close(): Promise<void>;
  /** Settles when it has ended, of its own accord or by `close`. Rejects with what was thrown inside, our bug. */
  readonly done: Promise<void>;
};

/** Serves TLS on TCP (or on what `listen` gives), each connection by the plan. Rejects with the system's error when it cannot listen. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const clock = options.clock ?? createClock();
  const running = new Map<string, () => void>();
  let accepted = 0;
  let listener: Listener | undefined;
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
  const onConnection = (accept: Accept, remote: string, connectionId?: Uint8Array): void => {
    accepted += 1;
    const conn = `conn-${accepted}`;
    if (accepted === options.count) listener?.stop();
    const cut = serveOne({ options, clock, accept, conn, remote, connectionId, fail }, (events) => {
      running.delete(conn);
      options.onConnection?.({ conn, remote, events });
      if (running.size === 0 && options.count !== undefined && accepted >= options.count) void end();
    });
    running.set(conn, cut);
  };
  const { host = '127.0.0.1', port = 0, limit = 256, capture = false } = options;
  try {
    listener = await (options.listen ?? listenTcp)({ host, port, limit, capture, onConnection });
  } catch (error) {
    cancel();
    throw error;
  }
  return { host, port: listener.port, close: end, done };
}

type One = {
  options: ServerOptions;
  clock: Clock;
  accept: Accept;
  conn: string;
  remote: string;
  connectionId: Uint8Array | undefined;
  fail: (error: unknown) => void;
};

/** Serves one connection; gives the call that cuts it short. `over` gets its timeline, once. */
function serveOne(one: One, over: (events: readonly TimelineEvent[]) => void): () => void {
  const { options, clock, conn, fail } = one;
  const recorder = createRecorder(clock.now, MOST_EVENTS);
  if (options.onEvent !== undefined) recorder.subscribe(options.onEvent);
  const emit = recorder.emitter(conn);
  let close = (): void => {};
  let core: TlsCore | undefined;
  const watch = {
    established: () => core?.phase() === 'open',
    peerAddress: () => core?.peerAddress?.(),
    dropped: () => cut(),
  };
  const createCore = (to: Emit): TlsCore => {
    core = options.createCore(to, one.remote, one.connectionId);
    return core;
  };
  const connect: Connect = (sink) => {
    const transport = one.accept(sink, emit, watch);
    close = () => transport.close();
    return transport;
  };
  let finished = false;
  const finish = (): void => {
    if (finished) return;
    finished = true;
    over(recorder.events);
  };
  const failed = (error: unknown): void => {
    close();
    finish();
    fail(error);
  };
  const { plan } = options;
  const scheduler = createScheduler(clock);
  const task = serveConnection({ plan, connect, scheduler, emit, createCore, failed });
  const abandon = scheduler.spawn(task, finish, failed);
  const cut = (): void => {
    abandon();
    if (!finished) emit({ kind: 'transport.closed', by: 'local' });
    close();
    finish();
  };
  return cut;
}

/** Many connections may be there at one time. */
const MOST_EVENTS = 2_000;
