import { createServer, Socket } from 'node:net';
import type { Connect } from '../driver/world.ts';
import type { Emit } from '../timeline/event.ts';
import { createSocketTransport, type SocketTransport } from './socket-transport.ts';
import { formatAddress } from './tcp.ts';

export type ListenOptions = {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Most connections at one time; further ones are closed at once. */
  limit?: number;
  /** Makes the emitter of one connection. */
  emit: (remote: string) => Emit;
  capture?: boolean;
  /** A connection: `connect` must be called before this returns. */
  onConnection(connect: Connect, remote: string): void;
};

export type Listener = {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
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
    options.onConnection((sink) => {
      const { capture = false } = options;
      const link = createSocketTransport({ sink, emit: options.emit(remote), capture });
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
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
            open.clear();
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
