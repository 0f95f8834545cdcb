import type { DatagramCores } from '../driver/serve/datagram-core.ts';
import { toHex } from '../wire/bytes.ts';
import { createClock } from './clock.ts';
import type { Accept, Listener, ListenOptions } from './listen.ts';
import { listenUdp } from './listen-udp.ts';
import { createServer, type ServerOptions } from './serve-tcp.ts';
import type { Server } from './server-life.ts';

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
      connectionIdOf(datagram) {
        const id = cores.connectionIdOf(datagram);
        return id && toHex(id);
      },
      onAssociation(accept, remote) {
        const id = cores.newConnectionId();
        const named = id === undefined ? {} : { connectionId: toHex(id) };
        const accepted: Accept = (sink, emit, watch = UNWATCHED) =>
          accept(sink, emit, { ...watch, ...named });
        wish.onConnection(accepted, remote, id);
      },
    });
    return { ...listener, connections: listener.associations };
  };
  return createServer({ ...rest, clock, listen, createCore: cores.create });
}

const UNWATCHED = { established: () => true, dropped: () => {} };
