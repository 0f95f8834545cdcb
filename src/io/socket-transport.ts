import type { Socket } from 'node:net';
import type { Transport, TransportSink, WriteResult } from '../driver/world.ts';
import type { Certainty, Emit } from '../timeline/event.ts';
import { readOutBeforeDestroy } from './read-out.ts';

/** How a socket hands over what it reads: `onread` of net.Socket's constructor. */
export type OnRead = { buffer: () => Uint8Array; callback: (bytes: number, buffer: Uint8Array) => boolean };

export type SocketTransport = {
  readonly transport: Transport;
  /** For the constructor of the socket that will be attached. */
  readonly onread: OnRead;
  /** From now on this socket is the transport. It must have been made with `onread` and allowHalfOpen. */
  attach(socket: Socket): void;
  /** The attached socket is connected: reading begins, unless it was paused before. */
  opened(remote: string, local: string): void;
  /** It was closed, perhaps before there was a socket. */
  closed(): boolean;
};

type Link = {
  readonly sink: TransportSink;
  readonly emit: Emit;
  readonly capture: boolean;
  socket: Socket | undefined;
  connected: boolean;
  paused: boolean;
  finSent: boolean;
  closed: boolean;
  /** The end of the peer's direction was reported. */
  ended: boolean;
  /** errno of the write that failed; the connection is dead. */
  failed: string | undefined;
  /** A resume is under way (after a read that did not fill its buffer). */
  resuming: boolean;
  remote: string;
  local: string;
};

/**
 * A Transport over net.Socket that can tell a reset from a FIN (ARCHITECTURE.md, "What sockets hide"). libuv reports an end of
 * stream without reading when a read did not fill its buffer and the socket has hung up: that is how a reset gets lost. Hence
 * buffers of exactly the size that is wanted next; after a read that did not fill one, reading stops for a turn of the event
 * loop, so that the next thing learnt is read from the socket; and at the end a write of nothing asks for a pending error.
 */
export function createSocketTransport(options: {
  sink: TransportSink;
  emit: Emit;
  /** Puts every byte on the timeline. */
  capture?: boolean;
}): SocketTransport {
  const link: Link = {
    sink: options.sink,
    emit: options.emit,
    capture: options.capture === true,
    socket: undefined,
    connected: false,
    paused: false,
    finSent: false,
    closed: false,
    ended: false,
    failed: undefined,
    resuming: false,
    remote: '',
    local: '',
  };
  return {
    transport: transportOver(link),
    onread: {
      buffer: () => Buffer.allocUnsafe(Math.min(Math.max(1, link.sink.wants()), LARGEST_READ)),
      callback: (bytes, buffer) => received(link, bytes, buffer),
    },
    attach: (socket) => attach(link, socket),
    opened(remote, local) {
      link.remote = remote;
      link.local = local;
      link.connected = true;
      link.emit({ kind: 'transport.connected', remote, local });
      if (!link.paused) link.socket?.resume();
      link.sink.writable();
    },
    closed: () => link.closed,
  };
}

function attach(link: Link, socket: Socket): void {
  link.socket = socket;
  socket.setNoDelay(true);
  readOutBeforeDestroy(socket, () => link.connected && !link.ended && !link.paused && !link.closed);
  // An attempt that failed is followed by another socket.
  const current = (): boolean => link.socket === socket;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (current()) socketFailed(link, error);
  });
  socket.on('end', () => {
    if (current()) atEnd(link, socket);
  });
}

function received(link: Link, bytes: number, buffer: Uint8Array): boolean {
  if (link.closed) return false;
  const data = new Uint8Array(buffer.buffer, buffer.byteOffset, bytes);
  if (link.capture) link.emit({ kind: 'transport.bytes', by: 'peer', bytes, data });
  link.sink.input({ kind: 'bytes', data });
  if (bytes === buffer.length) return !link.paused;
  readOnSoon(link);
  return false;
}

function readOnSoon(link: Link): void {
  if (link.resuming) return;
  link.resuming = true;
  setImmediate(() => {
    link.resuming = false;
    if (!link.paused && !link.closed) link.socket?.resume();
  });
}

/** The stream ended. A write of nothing sends nothing, and fails when it was a reset after all. */
function atEnd(link: Link, socket: Socket): void {
  if (link.ended || link.closed) return;
  if (link.failed === undefined && !link.finSent && socket.writableLength === 0 && !socket.destroyed) {
    socket.write(NOTHING);
    // Node writes at once: when the kernel refuses, the stream knows before its events tell.
    if (socket.errored !== null) link.failed = codeOf(socket.errored);
  }
  ended(link);
}

/** EPIPE, while we have not sent FIN: a FIN came and then a reset (Linux: RST in CLOSE_WAIT). The FIN was the end. */
function ended(link: Link): void {
  if (link.ended || link.closed) return;
  link.ended = true;
  const { failed } = link;
  if (failed === undefined || (failed === 'EPIPE' && !link.finSent)) {
    link.sink.input({ kind: 'fin', certainty: CERTAINTY });
  } else {
    link.sink.input({ kind: 'reset', errno: failed, certainty: CERTAINTY });
  }
}

function socketFailed(link: Link, error: NodeJS.ErrnoException): void {
  if (!link.connected || link.closed) return;
  fail(link, error.code ?? 'EIO', error.syscall ?? 'socket');
  ended(link);
}

function fail(link: Link, errno: string, detail: string): void {
  if (link.failed !== undefined) return;
  link.failed = errno;
  // A reset that a read meets is told by the input that follows.
  if (detail !== 'read' || errno !== 'ECONNRESET') {
    link.emit({ kind: 'transport.error', by: detail === 'read' ? 'peer' : 'local', errno, detail });
  }
}

function transportOver(link: Link): Transport {
  return {
    write: (unit) => write(link, unit),
    writable: () => usable(link) && link.socket?.writableLength === 0,
    fin() {
      if (link.closed) return { errno: 'EBADF' };
      if (link.failed !== undefined) return { errno: 'ENOTCONN' };
      if (!link.connected || link.socket === undefined) return 'blocked';
      link.finSent = true;
      link.socket.end();
      return 'sent';
    },
    reset: ({ dropPending }) => reset(link, dropPending),
    close: () => close(link),
    pause() {
      link.paused = true;
      link.socket?.pause();
    },
    resume() {
      link.paused = false;
      if (link.connected && !link.closed && !link.resuming) link.socket?.resume();
    },
    get remote() {
      return link.remote;
    },
    get local() {
      return link.local;
    },
  };
}

function usable(link: Link): boolean {
  return link.connected && !link.closed && !link.finSent && link.failed === undefined;
}

function write(link: Link, unit: Uint8Array): WriteResult {
  if (link.closed) return { errno: 'EBADF' };
  // The kernel tells of a reset once; from then on the pipe is simply broken, as it is after our own FIN.
  if (link.failed !== undefined || link.finSent) return { errno: 'EPIPE' };
  const { socket } = link;
  if (!link.connected || socket === undefined || socket.writableLength > 0) return 'blocked';
  let waits = false;
  socket.write(unit, (error) => {
    if (error) fail(link, codeOf(error), 'write');
    else if (waits) link.sink.writable();
  });
  if (socket.errored !== null) {
    const errno = codeOf(socket.errored);
    fail(link, errno, 'write');
    return { errno };
  }
  waits = socket.writableLength > 0;
  if (link.capture) link.emit({ kind: 'transport.bytes', by: 'local', bytes: unit.length, data: unit });
  return 'sent';
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? 'EIO';
}

function reset(link: Link, dropPending: boolean): 'done' | 'pending' | 'impossible' {
  const { socket } = link;
  if (socket === undefined || !link.connected || link.closed || socket.destroyed) return 'impossible';
  if (socket.writableLength > 0 && !dropPending) return 'pending';
  // Node can't reset while its FIN is on the way: EINVAL, and an ordinary close.
  if (link.finSent && !socket.writableFinished) return dropPending ? 'impossible' : 'pending';
  let refused = false;
  const onRefused = (): void => {
    refused = true;
  };
  socket.once('error', onRefused);
  link.closed = true;
  socket.resetAndDestroy();
  socket.removeListener('error', onRefused);
  return refused ? 'impossible' : 'done';
}

function close(link: Link): void {
  if (link.closed) return;
  link.closed = true;
  const { socket } = link;
  if (socket === undefined) return;
  if (link.connected && !socket.destroyed && socket.writableLength > 0 && link.failed === undefined) {
    // close(2) leaves to the kernel what was written; what Node still holds has to get there first.
    const giveUp = setTimeout(() => socket.destroy(), FLUSH_AT_CLOSE);
    socket.once('close', () => clearTimeout(giveUp));
    socket.destroySoon();
    return;
  }
  // Node makes process.stderr when it destroys a socket, and an error for what was to be written: 1.5 ms that a program
  // which ends now need not pay (BENCH.md). What is unread stays in the kernel, which answers it as after close(2).
  socket.pause();
  setImmediate(() => socket.destroy());
}

const NOTHING = new Uint8Array(0);
const LARGEST_READ = 65_536;
const FLUSH_AT_CLOSE = 5_000;
/** Windows drops what has arrived when a reset comes, and reports ends its own way: nothing of this was proved there. */
const CERTAINTY: Certainty = process.platform === 'win32' ? 'unknown' : 'sure';
