import type { Clock, Connect, TransportSink } from '../driver/world.ts';
import type { Emit, Millis } from '../timeline/event.ts';
import { resolveHost } from './resolve.ts';
import { withDeadline } from './tcp.ts';
import { openUdpSocket, type UdpSocket } from './udp-socket.ts';
import { createUdpTransport, type UdpTransport } from './udp-transport.ts';

export type UdpOptions = {
  host: string;
  port: number;
  family?: 4 | 6;
  /** Send to this address (or name) instead; `host` is then only what the peer is called. */
  connectTo?: string;
  /** For resolving the host. */
  timeoutMs: Millis;
  emit: Emit;
  clock: Clock;
  /** Puts every byte on the timeline. */
  capture?: boolean;
};

/**
 * A Connect over a connected UDP socket. Each datagram is one input; an ICMP error that the kernel tells of is
 * `unreachable`. A port that refuses the first datagrams, before anything came back, is left for the host's next address,
 * and what was sent goes there again: each attempt is a fact, as over TCP.
 */
export function connectUdp(options: UdpOptions): Connect {
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
  options: UdpOptions,
  link: UdpTransport,
  sink: TransportSink,
  onRefused: (next: () => Promise<boolean>) => void,
): Promise<void> {
  const { clock, emit, port } = options;
  const host = options.connectTo ?? options.host;
  const deadline = clock.now() + options.timeoutMs;
  const resolved = await withDeadline(clock, deadline, resolveHost(host, options.family));
  if (link.closed()) return;
  const fail = (errno: string, detail: string): void => {
    emit({ kind: 'transport.unreachable', errno, detail });
    sink.input({ kind: 'unreachable', errno });
  };
  if (!resolved.ok) return fail(resolved.errno, `${host} could not be resolved`);
  const { addresses } = resolved;
  emit({ kind: 'address.resolved', host, addresses });
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
