import type { DatagramCores } from '../driver/serve/datagram-core.ts';
import { createClock } from './clock.ts';
import type { Listener, ListenOptions } from './listen.ts';
import { listenUdp } from './listen-udp.ts';
import { createServer, type Server, type ServerOptions } from './serve-tcp.ts';

export type DatagramServerOptions = Omit<ServerOptions, 'createCore' | 'listen'> & {
  cores: DatagramCores;
  /** A new ClientHello from an address with an association goes to that one. */
  sticky?: boolean;
};

/** Serves DTLS on UDP, each association by the plan. Rejects with the system's error when it cannot listen. */
export function createDatagramServer(options: DatagramServerOptions): Promise<Server> {
  const { cores, sticky = false, clock = createClock(), ...rest } = options;
  const listen = async (wish: ListenOptions): Promise<Listener> => {
    const listener = await listenUdp({
      host: wish.host,
      port: wish.port,
      clock,
      sticky,
      ...(wish.limit === undefined ? {} : { limit: wish.limit }),
      ...(wish.capture === undefined ? {} : { capture: wish.capture }),
      gate: (datagram, remote) => cores.gate(datagram, remote, clock.now()),
      onAssociation: (accept, remote) =>
        wish.onConnection((sink, emit, watch = UNWATCHED) => accept(sink, emit, watch), remote),
    });
    return { ...listener, connections: listener.associations };
  };
  return createServer({ ...rest, clock, listen, createCore: cores.create });
}

const UNWATCHED = { established: () => true, dropped: () => {} };
