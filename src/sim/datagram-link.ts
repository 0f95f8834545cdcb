import type { Random } from '../crypto/provider.ts';
import type { Connect, Transport, TransportSink, WriteResult } from '../driver/world.ts';
import type { Input } from '../proto/core.ts';
import type { SimClock } from './clock.ts';
import { type DatagramNetwork, QUIET_DATAGRAMS } from './datagram-network.ts';
import { createDice, type Dice } from './random.ts';

export type DatagramLink = {
  /** Two sockets that know each other's address. The right one listens already: each is there when its Connect is called. */
  left: Connect;
  right: Connect;
  /** From now on everything is lost, silently. */
  cut(): void;
  /** The port behind that end is gone: whatever goes there is answered by ICMP. */
  unreachable(side: 'left' | 'right'): void;
};

type Socket = {
  readonly side: 'left' | 'right';
  readonly sink: TransportSink;
  closed: boolean;
  paused: boolean;
  /** Received and not read, as in a kernel's buffer. */
  inbox: Input[];
  waiting: number;
};

type World = {
  clock: SimClock;
  network: DatagramNetwork;
  dice: Dice;
  dead: boolean;
  gone: Set<Socket['side']>;
  sockets: Partial<Record<Socket['side'], Socket>>;
};

/** Two UDP sockets over a simulated network; every choice it makes comes from `random`. */
export function createDatagramLink(options: {
  clock: SimClock;
  random: Random;
  network?: Partial<DatagramNetwork>;
}): DatagramLink {
  const { clock } = options;
  const network = { ...QUIET_DATAGRAMS, ...options.network };
  const dice = createDice(options.random);
  const world: World = { clock, network, dice, dead: false, gone: new Set(), sockets: {} };
  const attach =
    (side: Socket['side']): Connect =>
    (sink) => {
      const socket: Socket = { side, sink, closed: false, paused: false, inbox: [], waiting: 0 };
      world.sockets[side] = socket;
      clock.at(clock.now(), () => sink.writable());
      return transportOf(world, socket);
    };
  return {
    left: attach('left'),
    right: attach('right'),
    cut: () => {
      world.dead = true;
    },
    unreachable: (side) => void world.gone.add(side),
  };
}

function transportOf(world: World, socket: Socket): Transport {
  return {
    write: (unit) => write(world, socket, unit),
    writable: () => true,
    // A datagram socket has no end and no reset to send.
    fin: () => ({ errno: socket.closed ? 'EBADF' : 'EOPNOTSUPP' }),
    reset: () => 'impossible',
    close() {
      socket.closed = true;
      socket.inbox = [];
      socket.waiting = 0;
    },
    pause() {
      socket.paused = true;
    },
    resume() {
      socket.paused = false;
      deliver(socket);
    },
    remote: `sim:${otherSide(socket.side)}`,
    local: `sim:${socket.side}`,
  };
}

function write(world: World, socket: Socket, unit: Uint8Array): WriteResult {
  if (socket.closed) return { errno: 'EBADF' };
  const { network, dice } = world;
  if (unit.length > network.mtu) return { errno: 'EMSGSIZE' };
  const copies = dice.chance(network.duplication) ? 2 : 1;
  const data = unit.slice();
  for (let i = 0; i < copies; i++) {
    if (!dice.chance(network.loss)) depart(world, socket.side, data);
  }
  return 'sent';
}

function depart(world: World, from: Socket['side'], data: Uint8Array): void {
  const { clock, network, dice } = world;
  const jitter = network.jitter === 0 ? 0 : dice.below(network.jitter + 1);
  const held = dice.chance(network.reorder) ? dice.between(1, network.reorderBy) : 0;
  const delay = network.latency + jitter + held;
  const to = otherSide(from);
  // On one machine the answer of a closed port is there before the call that asked for it returns.
  if (delay === 0 && isGone(world, to)) bounce(world, from);
  else clock.at(clock.now() + delay, () => arrive(world, to, data));
}

function arrive(world: World, side: Socket['side'], data: Uint8Array): void {
  if (world.dead) return;
  const socket = world.sockets[side];
  if (socket === undefined) return;
  if (isGone(world, side)) {
    bounce(world, otherSide(side));
    return;
  }
  // A full buffer drops what comes, as a kernel's does.
  if (socket.waiting + data.length > world.network.receiveBuffer) return;
  socket.inbox.push({ kind: 'bytes', data });
  socket.waiting += data.length;
  deliver(socket);
}

/** ICMP port unreachable; it can get lost like anything else. */
function bounce(world: World, side: Socket['side']): void {
  const { clock, network, dice } = world;
  if (dice.chance(network.loss)) return;
  const tell = (): void => {
    const socket = world.sockets[side];
    if (world.dead || socket === undefined || socket.closed) return;
    socket.inbox.push({ kind: 'unreachable', errno: 'ECONNREFUSED' });
    deliver(socket);
  };
  if (network.latency === 0) tell();
  else clock.at(clock.now() + network.latency, tell);
}

function isGone(world: World, side: Socket['side']): boolean {
  return world.sockets[side]?.closed === true || world.gone.has(side);
}

function deliver(socket: Socket): void {
  while (!socket.paused && !socket.closed) {
    const input = socket.inbox.shift();
    if (input === undefined) return;
    if (input.kind === 'bytes') socket.waiting -= input.data.length;
    socket.sink.input(input);
  }
}

function otherSide(side: Socket['side']): Socket['side'] {
  return side === 'left' ? 'right' : 'left';
}
