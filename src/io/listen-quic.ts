import { createSocket, type Socket } from 'node:dgram';
import { createQuicPorts, type QuicPortsOptions } from '../driver/serve/quic-ports.ts';
import { addressFamily } from './address-family.ts';
import { formatAddress } from './dial.ts';

export type ListenQuicOptions = Omit<QuicPortsOptions, 'send' | 'later' | 'local'> & {
  host: string;
  /** 0: any free port. */
  port: number;
};

export type QuicListener = {
  readonly host: string;
  readonly port: number;
  /** Connections that are there now. */
  connections(): number;
  /** New clients are refused; those that are there go on. */
  stop(): void;
  /** Resolves when the port is free. */
  close(): Promise<void>;
};

/** Serves QUIC on a UDP port. Rejects with the system's error (EADDRINUSE, EACCES …) when it cannot listen. */
export async function listenQuic(options: ListenQuicOptions): Promise<QuicListener> {
  const { host } = options;
  const socket = createSocket({ type: addressFamily(host) === 6 ? 'udp6' : 'udp4', recvBufferSize: BUFFER });
  await bind(socket, options);
  const { address, port } = socket.address();
  let open = true;
  const ports = createQuicPorts({
    ...options,
    local: formatAddress(address, port),
    later: (call) => void setImmediate(call),
    send(datagram, to, failed) {
      if (!open) return { errno: 'EBADF' };
      if (datagram.length > LARGEST) return { errno: 'EMSGSIZE' };
      socket.send(datagram, to.port, to.host, (error: NodeJS.ErrnoException | null) => {
        if (error && open) failed(error.code ?? 'EIO');
      });
      return 'sent';
    },
  });
  socket.on('message', (data, from) => {
    if (!open) return;
    // A Buffer's slice is no copy.
    ports.receive(new Uint8Array(data.buffer, data.byteOffset, data.length), {
      host: from.address,
      port: from.port,
      at: formatAddress(from.address, from.port),
    });
  });
  return {
    host,
    port,
    connections: ports.connections,
    stop: ports.stop,
    close: () =>
      new Promise((closed) => {
        ports.close();
        if (!open) return closed();
        open = false;
        socket.close(() => closed());
      }),
  };
}

function bind(socket: Socket, { host, port }: ListenQuicOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', refuse);
    socket.bind(port, host, () => {
      socket.off('error', refuse);
      // A failed send is told to its own callback.
      socket.on('error', () => {});
      resolve();
    });
  });
}

const LARGEST = 65_507;
/** Many clients share it; a burst of one of them is not to cost the others. */
const BUFFER = 1024 * 1024;
