import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createReceiveBuffer } from '../driver/receive-buffer.ts';
import type { Clock, Transport, TransportSink } from '../driver/world.ts';
import type { Emit, Millis } from '../timeline/event.ts';
import { addressFamily } from './address-family.ts';
import {
  type Association,
  type Associations,
  type AssociationWatch,
  createAssociations,
} from './associations.ts';
import { formatAddress } from './dial.ts';
import { createPeerPath, type Source } from './peer-path.ts';

/**
 * Judges a ClientHello before anything is kept of its sender. `answer`: with a cookie to be sent back · `make`: the sender
 * can be reached at its address (or nobody asks), a connection may begin, with `first` for the datagram if there is one · `drop`: not
 * worth an answer.
 */
export type Gate = (datagram: Uint8Array, remote: string) => GateVerdict;
export type GateVerdict =
  | { kind: 'answer'; bytes: Uint8Array }
  | { kind: 'make'; first?: Uint8Array }
  | { kind: 'drop' };

export type ListenUdpOptions = {
  host: string;
  /** 0: any free port. */
  port: number;
  clock: Clock;
  /** Most associations at one time (default 1024); a ClientHello beyond it is dropped. */
  limit?: number;
  /** An association that has heard nothing for so long is dropped. Default 5 minutes. */
  idleMs?: Millis;
  gate?: Gate;
  /** The connection ID a datagram is addressed to, in hex, if there is one: it finds its association from any address. */
  connectionIdOf?(datagram: Uint8Array): string | undefined;
  /** A misbehaviour to show: a new ClientHello from an address that has an association goes to that one. */
  sticky?: boolean;
  capture?: boolean;
  /** A new association: `accept` must be called before this returns. */
  onAssociation(accept: AcceptDatagrams, remote: string): void;
};

export type AcceptDatagrams = (sink: TransportSink, emit: Emit, watch: AssociationWatch) => Transport;

export type UdpListener = {
  readonly host: string;
  readonly port: number;
  associations(): number;
  /** New associations are refused; those that are there go on. */
  stop(): void;
  /** Resolves when the port is free. */
  close(): Promise<void>;
};

/** Listens on UDP. Rejects with the system's error (EADDRINUSE, EACCES …) when that is not possible. */
export function listenUdp(options: ListenUdpOptions): Promise<UdpListener> {
  const { clock, limit = 1024, idleMs = 300_000, capture = false } = options;
  const socket = createSocket(addressFamily(options.host) === 6 ? 'udp6' : 'udp4');
  let open = true;
  let stopped = false;
  const table = createAssociations({ clock, limit, idleMs });
  const found = (data: Uint8Array, from: RemoteInfo): void => {
    const remote = formatAddress(from.address, from.port);
    const source = { at: remote, address: from.address, port: from.port };
    const { connectionIdOf, sticky = false, gate } = options;
    const verdict = table.route(data, { from: source, connectionId: connectionIdOf?.(data), sticky });
    if (verdict !== 'new-client' || stopped) return;
    const judged: GateVerdict = gate?.(data, remote) ?? { kind: 'make' };
    if (judged.kind === 'answer') socket.send(judged.bytes, from.port, from.address, () => {});
    if (judged.kind !== 'make' || !table.room(remote, gate !== undefined)) return;
    const to = { socket, from: source, capture, isOpen: () => open };
    const first = judged.first ?? data;
    options.onAssociation((sink, emit, watch) => join(table, to, first, { sink, emit, watch }), remote);
  };
  socket.on('message', (data, from) => {
    if (open) found(data, from);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(options.port, options.host, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve({
        host: options.host,
        port: socket.address().port,
        associations: table.size,
        stop() {
          stopped = true;
        },
        close: () =>
          new Promise((closed) => {
            table.clear();
            if (!open) return closed();
            open = false;
            socket.close(() => closed());
          }),
      });
    });
  });
}

type To = { socket: Socket; from: Source; capture: boolean; isOpen(): boolean };
type Joined = { sink: TransportSink; emit: Emit; watch: AssociationWatch };

/** Puts an association into the table and gives its end of it; the datagram that began it is its first input. */
function join(table: Associations, to: To, first: Uint8Array, { sink, emit, watch }: Joined): Transport {
  const { socket, from, capture } = to;
  const remote = from.at;
  let closed = false;
  let paused = false;
  let begun = false;
  // Too little has come from the peer's new address for what is to go there: only more from there changes that.
  let waiting = false;
  const inbox = createReceiveBuffer((input) => {
    if (closed) return;
    if (capture && input.kind === 'bytes') {
      emit({ kind: 'transport.bytes', by: 'peer', bytes: input.data.length, data: input.data });
    }
    sink.input(input);
  });
  const close = (): void => {
    closed = true;
    inbox.clear();
    table.remove(association);
  };
  const path = createPeerPath({
    home: from,
    newest: () => watch.peerAddress?.(),
    found: (at) => emit({ kind: 'path', by: 'peer', what: 'migrated', detail: `now at ${at}` }),
    settled(at) {
      emit({ kind: 'path', by: 'peer', what: 'validated', detail: at });
      table.detach(association);
    },
  });
  const association: Association = {
    remote,
    watch,
    deliver(data, source) {
      path.heard(source, data.length);
      waiting = false;
      inbox.push({ kind: 'bytes', data, from: source.at });
    },
    drop(why) {
      close();
      watch.dropped?.(why);
    },
  };
  table.add(association, first);
  // What comes before the owner of this end is ready waits behind the first datagram.
  inbox.pause();
  association.deliver(first, from);
  const address = socket.address();
  const local = formatAddress(address.address, address.port);
  setImmediate(() => {
    if (closed) return;
    emit({ kind: 'transport.connected', remote, local, udp: true });
    sink.writable();
    begun = true;
    if (!paused) inbox.resume();
  });
  return {
    write(unit) {
      if (closed || !to.isOpen()) return { errno: 'EBADF' };
      if (unit.length > LARGEST) return { errno: 'EMSGSIZE' };
      const next = path.route(unit.length);
      waiting = next === undefined;
      if (next === undefined) return 'blocked';
      socket.send(unit.slice(), next.port, next.address, (error: NodeJS.ErrnoException | null) => {
        if (!error || closed) return;
        emit({ kind: 'transport.error', by: 'local', errno: error.code ?? 'EIO', detail: 'send' });
      });
      if (capture) emit({ kind: 'transport.bytes', by: 'local', bytes: unit.length, data: unit });
      return 'sent';
    },
    writable: () => !closed && !waiting,
    fin: () => ({ errno: closed ? 'EBADF' : 'EOPNOTSUPP' }),
    reset: () => 'impossible',
    close,
    pause() {
      paused = true;
      inbox.pause();
    },
    resume() {
      paused = false;
      if (begun) inbox.resume();
    },
    remote,
    local,
  };
}

const LARGEST = 65_507;
