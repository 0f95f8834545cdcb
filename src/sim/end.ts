import type { Transport, TransportSink, WriteResult } from '../driver/world.ts';
import type { Input } from '../proto/core.ts';
import type { Millis } from '../timeline/event.ts';
import type { SimClock } from './clock.ts';
import type { Network } from './network.ts';

/** What both ends share. */
export type LinkWorld = {
  clock: SimClock;
  network: Network;
  path: { dead: boolean };
  segmentSize(): number;
  delay(): Millis;
};

type Parcel = { kind: 'bytes'; data: Uint8Array } | { kind: 'fin' } | { kind: 'reset' };

/** One socket: what it has to send, what it has received and nobody has read. */
export type End = {
  readonly side: 'left' | 'right';
  readonly sink: TransportSink;
  other: End | undefined;
  established: boolean;
  unsent: Uint8Array[];
  unsentBytes: number;
  /** Sent, and not yet read by the other end. */
  outstanding: number;
  sentBytes: number;
  finQueued: boolean;
  finSent: boolean;
  closed: boolean;
  /** The peer's FIN came: a reset after it shows as EPIPE at once. */
  finMet: boolean;
  /** The peer's RST came. `told`: a write has reported it. */
  reset: 'no' | 'met' | 'told';
  /** How many bytes a blocked write wanted to send; 0: none is blocked. */
  blockedOn: number;
  partial: { unit: Uint8Array; taken: number } | undefined;
  paused: boolean;
  inbox: Parcel[];
  lastArrival: Millis;
};

export function createEnd(sink: TransportSink, side: End['side']): End {
  return {
    side,
    sink,
    other: undefined,
    established: false,
    unsent: [],
    unsentBytes: 0,
    outstanding: 0,
    sentBytes: 0,
    finQueued: false,
    finSent: false,
    closed: false,
    finMet: false,
    reset: 'no',
    blockedOn: 0,
    partial: undefined,
    paused: false,
    inbox: [],
    lastArrival: 0,
  };
}

/** The socket as the driver sees it. */
export function transportOf(world: LinkWorld, end: End): Transport {
  return {
    write: (unit) => write(world, end, unit),
    writable: () => writable(world, end),
    fin() {
      // shutdown(2) does not tell of a reset.
      if (end.reset !== 'no') return { errno: 'ENOTCONN' };
      if (end.closed) return { errno: 'EBADF' };
      end.finQueued = true;
      pump(world, end);
      return 'sent';
    },
    reset({ dropPending }) {
      if (end.closed || !end.established) return 'impossible';
      if (end.unsentBytes > 0 && !dropPending) return 'pending';
      abort(world, end);
      return 'done';
    },
    close() {
      if (end.closed) return;
      if (end.inbox.some((parcel) => parcel.kind === 'bytes')) return abort(world, end);
      end.closed = true;
      end.finQueued = true;
      pump(world, end);
    },
    pause() {
      end.paused = true;
    },
    resume() {
      end.paused = false;
      deliver(world, end);
    },
    remote: `sim:${end.side === 'left' ? 'right' : 'left'}`,
    local: `sim:${end.side}`,
  };
}

function write(world: LinkWorld, end: End, unit: Uint8Array): WriteResult {
  if (end.reset !== 'no') return resetError(end);
  if (end.closed) return { errno: 'EBADF' };
  if (end.finQueued) return { errno: 'EPIPE' };
  if (!end.established) return block(end, 1);
  let from = end.partial?.unit === unit ? end.partial.taken : 0;
  while (!fits(world, end, unit.length - from)) {
    const space = room(world, end);
    if (!world.network.partialWrites || space <= 0) return block(end, unit.length - from);
    queue(world, end, unit.slice(from, from + space));
    from += space;
    end.partial = { unit, taken: from };
  }
  end.partial = undefined;
  queue(world, end, unit.slice(from));
  return 'sent';
}

/** An empty buffer takes a unit of any size: nothing larger than the buffer could ever be sent otherwise. */
function fits(world: LinkWorld, end: End, bytes: number): boolean {
  const { partialWrites } = world.network;
  return bytes <= room(world, end) || (!partialWrites && end.unsentBytes === 0);
}

function block(end: End, bytes: number): WriteResult {
  end.blockedOn = bytes;
  return 'blocked';
}

/** Would a write come back at once, taken or refused? After a blocked one: would that very write? */
function writable(world: LinkWorld, end: End): boolean {
  if (end.closed || end.finQueued || end.reset !== 'no') return true;
  if (!end.established) return false;
  const { partialWrites } = world.network;
  return partialWrites ? room(world, end) > 0 : fits(world, end, Math.max(1, end.blockedOn));
}

/** A kernel tells of a reset once; from then on the pipe is simply gone. */
function resetError(end: End): WriteResult {
  const errno = end.reset === 'met' && !end.finMet ? 'ECONNRESET' : 'EPIPE';
  end.reset = 'told';
  return { errno };
}

function room(world: LinkWorld, end: End): number {
  return world.network.sendBuffer - end.unsentBytes;
}

function queue(world: LinkWorld, end: End, bytes: Uint8Array): void {
  if (bytes.length > 0) end.unsent.push(bytes);
  end.unsentBytes += bytes.length;
  pump(world, end);
}

/** Sends what the receiver's window has room for, then the FIN. */
function pump(world: LinkWorld, end: End): void {
  while (end.unsentBytes > 0) {
    const allowed = world.network.window - end.outstanding;
    if (allowed <= 0) return;
    const data = takeBytes(end, Math.min(allowed, world.segmentSize()));
    end.outstanding += data.length;
    send(world, end, { kind: 'bytes', data });
  }
  if (end.finQueued && !end.finSent) {
    end.finSent = true;
    send(world, end, { kind: 'fin' });
  }
}

function takeBytes(end: End, most: number): Uint8Array {
  const first = end.unsent[0] ?? new Uint8Array(0);
  const data = first.subarray(0, most);
  if (data.length === first.length) end.unsent.shift();
  else end.unsent[0] = first.subarray(data.length);
  end.unsentBytes -= data.length;
  return data;
}

function send(world: LinkWorld, end: End, parcel: Parcel): void {
  const { other } = end;
  const whole = cutShort(world, end, parcel);
  if (other === undefined || whole === undefined) return;
  end.lastArrival = Math.max(end.lastArrival, world.clock.now() + world.delay());
  world.clock.at(end.lastArrival, () => arrive(world, other, whole));
}

/** What of it still passes a path that dies at a given byte. */
function cutShort(world: LinkWorld, end: End, parcel: Parcel): Parcel | undefined {
  if (world.path.dead) return undefined;
  const { cut } = world.network;
  if (cut?.from !== end.side || parcel.kind !== 'bytes') return parcel;
  const left = cut.after - end.sentBytes;
  end.sentBytes += parcel.data.length;
  if (parcel.data.length < left) return parcel;
  world.path.dead = true;
  return left > 0 ? { kind: 'bytes', data: parcel.data.subarray(0, left) } : undefined;
}

function arrive(world: LinkWorld, end: End, parcel: Parcel): void {
  if (end.closed) {
    // Data for a socket that nobody holds any more is answered with RST (RFC 9293 §3.10.7.1).
    if (parcel.kind === 'bytes') send(world, end, { kind: 'reset' });
    return;
  }
  if (end.reset !== 'no') return;
  if (parcel.kind === 'fin') end.finMet = true;
  if (parcel.kind === 'reset') {
    end.reset = 'met';
    end.unsent = [];
    end.unsentBytes = 0;
  }
  end.inbox.push(parcel);
  deliver(world, end);
}

function deliver(world: LinkWorld, end: End): void {
  while (!end.paused && !end.closed) {
    const parcel = end.inbox.shift();
    if (parcel === undefined) return;
    if (parcel.kind === 'bytes') acknowledge(world, end.other, parcel.data.length);
    end.sink.input(toInput(parcel));
  }
}

/** The receiver read so many bytes: the sender's window opens. */
function acknowledge(world: LinkWorld, sender: End | undefined, bytes: number): void {
  if (sender === undefined) return;
  world.clock.at(world.clock.now() + world.network.latency, () => {
    if (world.path.dead) return;
    sender.outstanding -= bytes;
    pump(world, sender);
    if (sender.blockedOn > 0 && writable(world, sender)) {
      sender.blockedOn = 0;
      sender.sink.writable();
    }
  });
}

function toInput(parcel: Parcel): Input {
  switch (parcel.kind) {
    case 'bytes':
      return { kind: 'bytes', data: parcel.data };
    case 'fin':
      return { kind: 'fin', certainty: 'sure' };
    case 'reset':
      return { kind: 'reset', errno: 'ECONNRESET', certainty: 'sure' };
  }
}

function abort(world: LinkWorld, end: End): void {
  end.closed = true;
  end.unsent = [];
  end.unsentBytes = 0;
  end.inbox = [];
  send(world, end, { kind: 'reset' });
}
