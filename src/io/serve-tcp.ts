import { type ChooseByName, serveByName } from '../driver/serve/by-name.ts';
import { serveConnection } from '../driver/serve/connection.ts';
import type { ServePlan } from '../driver/serve/plan.ts';
import type { Connect } from '../driver/world.ts';
import type { RecordCore } from '../proto/core.ts';
import type { Emit } from '../timeline/event.ts';
import { type Accept, type Listener, type ListenOptions, listenTcp } from './listen.ts';
import { type Place, runServer, type Served, type Server, type ServerLife } from './server-life.ts';

export type ServerOptions = ServerLife & {
  plan: ServePlan;
  /** Makes the core of one connection (driver/serve/core.ts). */
  createCore(emit: Emit, remote: string, connectionId?: Uint8Array): RecordCore;
  /** Chooses plan and core for a connection by its server name, instead of these two. */
  choose?: ChooseByName;
  /** Default: listenTcp. */
  listen?(options: ListenOptions): Promise<Listener>;
};

/** Serves TLS on TCP (or on what `listen` gives), each connection by the plan. Rejects with the system's error when it cannot listen. */
export function createServer(options: ServerOptions): Promise<Server> {
  const { listen = listenTcp } = options;
  return runServer(options, (wish, admit) =>
    listen({
      ...wish,
      onConnection: (accept, remote, connectionId) =>
        admit(remote, (place) => serveOne({ options, accept, remote, connectionId, place })),
    }),
  );
}

type One = {
  options: ServerOptions;
  accept: Accept;
  remote: string;
  connectionId: Uint8Array | undefined;
  place: Place;
};

function serveOne({ options, accept, remote, connectionId, place }: One): Served {
  const { emit, scheduler, failed } = place;
  let close = (): void => {};
  let core: RecordCore | undefined;
  const watch = {
    established: () => core?.phase() === 'open',
    peerAddress: () => core?.peerAddress?.(),
    dropped: place.cut,
  };
  const createCore = (to: Emit): RecordCore => {
    core = options.createCore(to, remote, connectionId);
    return core;
  };
  const connect: Connect = (sink) => {
    const transport = accept(sink, emit, watch);
    close = () => transport.close();
    return transport;
  };
  const parts = { connect, scheduler, emit, failed };
  const task =
    options.choose === undefined
      ? serveConnection({ ...parts, plan: options.plan, createCore })
      : serveByName(parts, options.choose);
  return { task, close: () => close() };
}
