import { serveQuicConnection } from '../driver/serve/quic-connection.ts';
import type { Newcomer } from '../driver/serve/quic-core.ts';
import type { QuicServePlan } from '../driver/serve/quic-plan.ts';
import type { NewClient, QuicPortsOptions } from '../driver/serve/quic-ports.ts';
import type { Connect } from '../driver/world.ts';
import type { QuicCore } from '../proto/quic/core.ts';
import type { EndpointConfig } from '../proto/quic/endpoint/state.ts';
import type { Emit } from '../timeline/event.ts';
import { listenQuic } from './listen-quic.ts';
import { type Place, runServer, type Served, type Server, type ServerLife } from './server-life.ts';

export type QuicServerOptions = ServerLife & {
  plan: QuicServePlan;
  /** Makes the core of one connection (driver/serve/quic-core.ts). */
  createCore(emit: Emit, client: Newcomer): QuicCore;
  /** What the port decides before there is a connection. */
  endpoint(limit: number): EndpointConfig;
  deps: QuicPortsOptions['deps'];
};

/** Serves QUIC on UDP, each connection by the plan. Rejects with the system's error when it cannot listen. */
export function createQuicServer(options: QuicServerOptions): Promise<Server> {
  const { endpoint, deps } = options;
  return runServer(options, ({ limit, ...wish }, admit) =>
    listenQuic({
      ...wish,
      deps,
      config: endpoint(limit),
      onClient: (client) => admit(client.remote, (place) => serveOne(options, client, place)),
    }),
  );
}

function serveOne({ plan, createCore }: QuicServerOptions, client: NewClient, place: Place): Served {
  const { emit, scheduler, failed } = place;
  let close = (): void => {};
  let core: QuicCore | undefined;
  const watch = {
    localIds: () => core?.localIds() ?? [],
    transmitTo: () => core?.transmitTo(),
  };
  const connect: Connect = (sink) => {
    const transport = client.accept(sink, emit, watch);
    close = () => transport.close();
    return transport;
  };
  const make = (to: Emit): QuicCore => {
    core = createCore(to, client);
    return core;
  };
  const token = client.token === undefined ? {} : { token: client.token };
  const task = serveQuicConnection({ plan, connect, scheduler, emit, createCore: make, failed, ...token });
  return { task, close: () => close() };
}
