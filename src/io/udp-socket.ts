import { createSocket } from 'node:dgram';
import { addressFamily } from './address-family.ts';
import { formatAddress } from './dial.ts';

/** A UDP socket that talks to one address. */
export type UdpSocket = {
  send(unit: Uint8Array): void;
  close(): void;
  /** Largest payload that IP can carry. */
  readonly largest: number;
  readonly remote: string;
  readonly local: string;
};

/** What a socket has to tell. `failed`: an errno of a send or a receive; the socket lives on. */
export type UdpHandlers = {
  received(data: Uint8Array, from: UdpSocket): void;
  failed(errno: string, syscall: string, from: UdpSocket): void;
};

/** Opens a socket connected to that address: the kernel then passes on ICMP errors. Gives the errno when it can't. */
export function openUdpSocket(options: {
  address: string;
  port: number;
  handlers: UdpHandlers;
}): Promise<UdpSocket | string> {
  const { address, port, handlers } = options;
  const six = addressFamily(address) === 6;
  return new Promise((resolve) => {
    const socket = createSocket(six ? 'udp6' : 'udp4');
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      socket.close();
    };
    const refuse = (error: NodeJS.ErrnoException): void => {
      close();
      resolve(error.code ?? 'EIO');
    };
    const open = (): void => {
      const opened: UdpSocket = {
        send(unit) {
          if (closed) return;
          socket.send(unit, (error: NodeJS.ErrnoException | null) => {
            if (error && !closed) handlers.failed(error.code ?? 'EIO', 'send', opened);
          });
        },
        close,
        largest: six ? 65_527 : 65_507,
        remote: formatAddress(address, port),
        local: formatAddress(socket.address().address, socket.address().port),
      };
      socket.off('error', refuse);
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!closed) handlers.failed(error.code ?? 'EIO', error.syscall ?? 'socket', opened);
      });
      socket.on('message', (data) => {
        if (!closed) handlers.received(data, opened);
      });
      resolve(opened);
    };
    socket.once('error', refuse);
    socket.connect(port, address, (error?: NodeJS.ErrnoException) => {
      if (error) refuse(error);
      else open();
    });
  });
}
