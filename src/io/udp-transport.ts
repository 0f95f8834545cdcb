import { createReceiveBuffer } from '../driver/receive-buffer.ts';
import type { Transport, TransportSink, WriteResult } from '../driver/world.ts';
import type { Input } from '../proto/core.ts';
import type { Emit } from '../timeline/event.ts';
import type { UdpHandlers, UdpSocket } from './udp-socket.ts';

export type UdpTransport = {
  readonly transport: Transport;
  readonly handlers: UdpHandlers;
  /** From now on this socket is the transport; what an earlier one sent in vain goes out again. */
  opened(socket: UdpSocket): void;
  closed(): boolean;
};

type Link = {
  readonly sink: TransportSink;
  readonly emit: Emit;
  readonly capture: boolean;
  /** The first datagrams were refused: is there another address? */
  readonly refused: () => Promise<boolean>;
  socket: UdpSocket | undefined;
  closed: boolean;
  /** Something came back: this is the address. */
  heard: boolean;
  /** Another address is being tried. */
  moving: boolean;
  /** What was sent before anything came back. */
  first: Uint8Array[];
  /** errno of a send that failed later than its write returned: told by the next one. */
  failed: string | undefined;
};

/** A Transport over a UDP socket of its own. A datagram is written at once, or refused with an errno: it never blocks. */
export function createUdpTransport(options: {
  sink: TransportSink;
  emit: Emit;
  capture: boolean;
  refused: () => Promise<boolean>;
}): UdpTransport {
  const link: Link = {
    ...options,
    socket: undefined,
    closed: false,
    heard: false,
    moving: false,
    first: [],
    failed: undefined,
  };
  const inbox = createReceiveBuffer((input) => hand(link, input));
  return {
    transport: transportOver(link, inbox),
    handlers: {
      received(data, from) {
        if (link.closed || link.socket !== from) return;
        link.heard = true;
        link.first = [];
        inbox.push({ kind: 'bytes', data });
      },
      failed(errno, syscall, from) {
        if (!link.closed && link.socket === from) failed(link, inbox.push, { errno, syscall });
      },
    },
    opened: (socket) => opened(link, socket),
    closed: () => link.closed,
  };
}

function hand(link: Link, input: Input): void {
  if (link.capture && input.kind === 'bytes') {
    const { data } = input;
    link.emit({ kind: 'transport.bytes', by: 'peer', bytes: data.length, data });
  }
  link.sink.input(input);
}

function opened(link: Link, socket: UdpSocket): void {
  link.socket?.close();
  link.socket = socket;
  link.emit({ kind: 'transport.connected', remote: socket.remote, local: socket.local, udp: true });
  for (const unit of link.first) socket.send(unit);
  link.sink.writable();
}

function failed(link: Link, push: (input: Input) => void, error: { errno: string; syscall: string }): void {
  const { errno, syscall } = error;
  if (!UNREACHABLE.has(errno)) {
    link.failed = errno;
    link.emit({ kind: 'transport.error', by: 'local', errno, detail: syscall });
    return;
  }
  if (link.moving) return;
  if (link.heard) {
    push({ kind: 'unreachable', errno });
    return;
  }
  link.moving = true;
  void link.refused().then((moved) => {
    link.moving = false;
    if (!moved && !link.closed) push({ kind: 'unreachable', errno });
  });
}

function transportOver(link: Link, inbox: { pause(): void; resume(): void; clear(): void }): Transport {
  return {
    write: (unit) => write(link, unit),
    writable: () => link.socket !== undefined && !link.closed,
    fin: () => ({ errno: link.closed ? 'EBADF' : 'EOPNOTSUPP' }),
    reset: () => 'impossible',
    close() {
      link.closed = true;
      link.first = [];
      inbox.clear();
      link.socket?.close();
    },
    pause: inbox.pause,
    resume: inbox.resume,
    get remote() {
      return link.socket?.remote ?? '';
    },
    get local() {
      return link.socket?.local ?? '';
    },
  };
}

function write(link: Link, unit: Uint8Array): WriteResult {
  const { socket } = link;
  if (link.closed) return { errno: 'EBADF' };
  if (socket === undefined) return 'blocked';
  if (unit.length > socket.largest) return { errno: 'EMSGSIZE' };
  if (link.failed !== undefined) {
    const errno = link.failed;
    link.failed = undefined;
    return { errno };
  }
  // Node may send later: what the core does with its bytes meanwhile must not show.
  const copy = unit.slice();
  if (!link.heard && link.first.length < MOST_FIRST) link.first.push(copy);
  if (!link.moving) socket.send(copy);
  if (link.capture) link.emit({ kind: 'transport.bytes', by: 'local', bytes: copy.length, data: copy });
  return 'sent';
}

/** What ICMP, or the lack of a route, says about the way to the peer; everything else is our own side's trouble. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
]);
/** More than a first flight ever has. */
const MOST_FIRST = 16;
