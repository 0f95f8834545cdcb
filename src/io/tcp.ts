import { connect as connectSocket, type Socket } from 'node:net';
import type { Clock, Connect, TransportSink } from '../driver/world.ts';
import type { Millis } from '../timeline/event.ts';
import { type DialOptions, dialFailure, formatAddress, resolveDialled } from './dial.ts';
import { createSocketTransport, type SocketTransport } from './socket-transport.ts';

/**
 * A Connect over TCP. The host's addresses are tried one after the other, each attempt a fact. When none answers, the sink
 * gets `unreachable` with the last errno: ENOTFOUND, ECONNREFUSED, EHOSTUNREACH, or ETIMEDOUT when the time was up.
 */
export function connectTcp(options: DialOptions): Connect {
  return (sink) => {
    const { emit, capture = false } = options;
    const link = createSocketTransport({ sink, emit, capture });
    void dial(options, link, sink);
    return link.transport;
  };
}

async function dial(options: DialOptions, link: SocketTransport, sink: TransportSink): Promise<void> {
  const { clock, emit, port } = options;
  const deadline = clock.now() + options.timeoutMs;
  const fail = dialFailure(options, sink);
  const addresses = await resolveDialled(options, link, fail);
  if (addresses === undefined) return;
  let errno = 'ETIMEDOUT';
  for (const [index, address] of addresses.entries()) {
    emit({ kind: 'address.attempt', address, port });
    const share = Math.max(0, deadline - clock.now()) / (addresses.length - index);
    const result = await attempt({ address, port, link, clock, until: clock.now() + share });
    if (link.closed()) return;
    if (typeof result !== 'string') {
      const remote = formatAddress(address, port);
      return link.opened(remote, formatAddress(result.localAddress, result.localPort));
    }
    errno = result;
    emit({ kind: 'address.failed', address, port, errno });
  }
  fail(
    errno,
    `${addresses.length === 1 ? '' : 'the last of '}${addresses.length} address${
      addresses.length === 1 ? '' : 'es'
    } tried`,
  );
}

/** One address: the connected socket, or the errno. */
function attempt(options: {
  address: string;
  port: number;
  link: SocketTransport;
  clock: Clock;
  until: Millis;
}): Promise<Socket | string> {
  const { address, port, link, clock, until } = options;
  return new Promise((resolve) => {
    const socket = connectSocket({
      host: address,
      port,
      allowHalfOpen: true,
      autoSelectFamily: false,
      onread: link.onread,
    });
    socket.pause();
    link.attach(socket);
    const cancel = clock.at(until, () => {
      socket.destroy();
      settle('ETIMEDOUT');
    });
    const failed = (error: NodeJS.ErrnoException): void => settle(error.code ?? 'EIO');
    // close() while connecting destroys the socket without an error.
    const closed = (): void => settle('ECANCELED');
    const connected = (): void => settle(socket);
    const settle = (result: Socket | string): void => {
      cancel();
      socket.off('connect', connected).off('error', failed).off('close', closed);
      resolve(result);
    };
    socket.on('connect', connected).on('error', failed).on('close', closed);
  });
}
