import { createServer, Socket } from 'node:net';
import type { Transport, TransportSink } from '../driver/world.ts';
import type { PeerAddress } from '../proto/core.ts';
import type { Emit } from '../timeline/event.ts';
import { formatAddress } from './dial.ts';
import { createSocketTransport, type SocketTransport } from './socket-transport.ts';

export type ListenOptions = {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Most connections at one time; further ones are closed at once. */
  limit?: number;
  capture?: boolean;
  /** A connection: `accept` must be called before this returns. `connectionId`: ours in it, over UDP. */
  onConnection(accept: Accept, remote: string, connectionId?: Uint8Array): void;
};

/** Opens our end of an accepted connection; what its socket has to report goes to `emit`. */
export type Accept = (sink: TransportSink, emit: Emit, watch?: AcceptWatch) => Transport;

/** What datagrams have to know of a connection (associations.ts); TCP needs nothing of it. */
export type AcceptWatch = {
  established(): boolean;
  /** Where the newest of the peer came from. */
  peerAddress?(): PeerAddress | undefined;
  /** It was dropped: nothing will come any more. */
  dropped(): void;
};

export type Listener = {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
  /** Stops listening; what is open goes on. */
  stop(): void;
  /** Stops listening, and destroys what is still open. Resolves when the port is free. */
  close(): Promise<void>;
};

/** Listens on TCP. Rejects with the system's error (EADDRINUSE, EACCES …) when that is not possible. */
export function listenTcp(options: ListenOptions): Promise<Listener> {
  const open = new Set<Socket>();
  const limit = options.limit ?? 256;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (accepted) => {
    accepted.on('error', () => {});
    if (open.size >= limit) {
      accepted.destroy();
      return;
    }
    const remote = formatAddress(accepted.remoteAddress, accepted.remotePort);
    const local = formatAddress(accepted.localAddress, accepted.localPort);
    options.onConnection((sink, emit) => {
      const { capture = false } = options;
      const link = createSocketTransport({ sink, emit, capture });
      const socket = adopt(accepted, link);
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      setImmediate(() => {
        if (!link.closed()) link.opened(remote, local);
      });
      return link.transport;
    }, remote);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      server.on('error', () => {});
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : options.port;
      resolve({
        host: options.host,
        port,
        connections: () => open.size,
        stop: () => void server.close(),
        close: () =>
          new Promise((closed) => {
            for (const socket of open) socket.destroy();
            open.clear();
            if (server.listening) server.close(() => closed());
            else closed();
          }),
      });
    });
  });
}

/**
 * net.Server takes no `onread`, so the accepted socket's handle moves to a socket of our own. `_handle` and the `handle` option
 * are not documented, though as old as net itself; the raw-peer test fails on a Node where this no longer works.
 */
function adopt(accepted: Socket, link: SocketTransport): Socket {
  const shell = accepted as unknown as { _handle: unknown };
  const handle = shell._handle;
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: link.onread };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  shell._handle = null;
  accepted.destroy();
  link.attach(socket);
  return socket;
}
