import type { Connect, TransportSink } from '../driver/world.ts';
import { type DialOptions, dialFailure, resolveDialled } from './dial.ts';
import { openUdpSocket, type UdpSocket } from './udp-socket.ts';
import { createUdpTransport, type UdpTransport } from './udp-transport.ts';

/**
 * A Connect over a connected UDP socket. Each datagram is one input; an ICMP error that the kernel tells of is
 * `unreachable`. A port that refuses the first datagrams, before anything came back, is left for the host's next address,
 * and what was sent goes there again: each attempt is a fact, as over TCP.
 */
export function connectUdp(options: DialOptions): Connect {
  return (sink) => {
    const { emit, capture = false } = options;
    let next: () => Promise<boolean> = async () => false;
    const link = createUdpTransport({ sink, emit, capture, refused: () => next() });
    void dial(options, link, sink, (more) => {
      next = more;
    });
    return link.transport;
  };
}

async function dial(
  options: DialOptions,
  link: UdpTransport,
  sink: TransportSink,
  onRefused: (next: () => Promise<boolean>) => void,
): Promise<void> {
  const { emit, port } = options;
  const fail = dialFailure(options, sink);
  const addresses = await resolveDialled(options, link, fail);
  if (addresses === undefined) return;
  const left = [...addresses];
  let current = '';
  let errno = 'EADDRNOTAVAIL';
  const tryNext = async (): Promise<boolean> => {
    for (let address = left.shift(); address !== undefined; address = left.shift()) {
      current = address;
      emit({ kind: 'address.attempt', address, port, udp: true });
      const socket = await openUdpSocket({ address, port, handlers: link.handlers });
      if (typeof socket !== 'string') {
        settle(socket, link);
        return true;
      }
      errno = socket;
      emit({ kind: 'address.failed', address, port, errno, udp: true });
    }
    return false;
  };
  onRefused(async () => {
    if (left.length === 0) return false;
    emit({ kind: 'address.failed', address: current, port, errno: 'ECONNREFUSED', udp: true });
    return await tryNext();
  });
  if (!(await tryNext()) && !link.closed()) {
    fail(
      errno,
      addresses.length === 1 ? '1 address tried' : `the last of ${addresses.length} addresses tried`,
    );
  }
}

function settle(socket: UdpSocket, link: UdpTransport): void {
  if (link.closed()) socket.close();
  else link.opened(socket);
}
