import type { CoreDeps } from '../../proto/core.ts';
import type { AcceptedClient } from '../../proto/quic/config.ts';
import type { QuicCore } from '../../proto/quic/core.ts';
import { judgeDatagram, type Verdict } from '../../proto/quic/endpoint/judge.ts';
import { addConnection, followIds, removeConnection } from '../../proto/quic/endpoint/routes.ts';
import {
  createEndpoint,
  type Endpoint,
  type EndpointConfig,
  newTokenFor,
  resetTokenOf,
} from '../../proto/quic/endpoint/state.ts';
import type { Remote } from '../../proto/quic/endpoint/tokens.ts';
import type { Emit } from '../../timeline/event.ts';
import { createReceiveBuffer } from '../receive-buffer.ts';
import type { Clock, Transport, TransportSink, WriteResult } from '../world.ts';

/** One UDP port with many QUIC connections behind it: a real socket's (io/listen-quic.ts) or a simulated one's. */
export type QuicPorts = {
  /** A datagram came. */
  receive(datagram: Uint8Array, from: QuicSource): void;
  connections(): number;
  /** New clients are refused; those that are there go on. */
  stop(): void;
  /** Forgets everything, without a word. */
  close(): void;
};

/** `at`: the same as one text. */
export type QuicSource = Remote & { at: string };

export type QuicPortsOptions = {
  config: EndpointConfig;
  deps: Pick<CoreDeps, 'provider' | 'random'>;
  clock: Clock;
  /** Our own address, as one text. */
  local: string;
  /** Hands a datagram to the network. `failed`: what came of it later. */
  send(datagram: Uint8Array, to: QuicSource, failed: (errno: string) => void): WriteResult;
  /** Calls back in a later turn, as soon as there is one. */
  later(call: () => void): void;
  capture?: boolean;
  onClient(client: NewClient): void;
  /** What became of a datagram that belongs to no connection. */
  onVerdict?(verdict: Verdict<unknown>, from: QuicSource): void;
};

/** A client that may come in: `accept` must be called before `onClient` returns. */
export type NewClient = {
  accept: AcceptQuic;
  remote: string;
  accepted: AcceptedClient;
  /** What was thought of the token it brought. */
  token?: 'accepted' | 'refused';
  /** For the config of its core. */
  resetToken(connectionId: Uint8Array): Uint8Array;
  newToken(): Uint8Array;
};

/** Opens our end of the connection. */
export type AcceptQuic = (sink: TransportSink, emit: Emit, watch: QuicWatch) => Transport;

/** What a port has to know of a connection: its core tells. */
export type QuicWatch = Pick<QuicCore, 'localIds' | 'transmitTo'>;

/** Throws RangeError for connection IDs that could not be told apart. */
export function createQuicPorts(options: QuicPortsOptions): QuicPorts {
  const endpoint = createEndpoint<Line>(options.config, options.deps);
  const { clock } = options;
  /** Those whose connection IDs may have changed. */
  const changed = new Set<Line>();
  const follow = (): void => {
    for (const line of changed) followIds(endpoint, line, line.watch.localIds());
    changed.clear();
  };
  return {
    receive(datagram, from) {
      follow();
      const verdict = judgeDatagram(endpoint, { datagram, remote: from, now: clock.now() });
      if (verdict.kind === 'known') {
        verdict.connection.deliver(datagram, from);
        return;
      }
      options.onVerdict?.(verdict, from);
      if (verdict.kind === 'answer') options.send(verdict.bytes, from, () => {});
      if (verdict.kind !== 'accept') return;
      options.onClient({
        accept: (sink, emit, watch) => {
          const joined = { sink, emit, watch, first: datagram, from, client: verdict.client };
          return join(endpoint, options, changed, joined);
        },
        remote: from.at,
        accepted: verdict.client,
        ...(verdict.token === undefined ? {} : { token: verdict.token }),
        resetToken: (connectionId) => resetTokenOf(endpoint, connectionId),
        newToken: () => newTokenFor(endpoint, from, clock.now()),
      });
    },
    connections: () => endpoint.connections.size,
    stop() {
      endpoint.stopped = true;
    },
    close() {
      endpoint.stopped = true;
      for (const line of [...endpoint.connections.keys()]) removeConnection(endpoint, line);
    },
  };
}

/** One connection's way through the port. */
type Line = { readonly watch: QuicWatch; deliver(datagram: Uint8Array, from: QuicSource): void };

type Joining = {
  sink: TransportSink;
  emit: Emit;
  watch: QuicWatch;
  first: Uint8Array;
  from: QuicSource;
  client: AcceptedClient;
};

function join(
  endpoint: Endpoint<Line>,
  options: QuicPortsOptions,
  changed: Set<Line>,
  { sink, emit, watch, first, from: home, client }: Joining,
): Transport {
  const { capture = false, local } = options;
  let closed = false;
  let paused = false;
  let begun = false;
  const known = new Map<string, QuicSource>([[home.at, home]]);
  const inbox = createReceiveBuffer((input) => {
    if (closed) return;
    if (capture && input.kind === 'bytes') {
      emit({ kind: 'transport.bytes', by: 'peer', bytes: input.data.length, data: input.data });
    }
    sink.input(input);
  });
  const line: Line = {
    watch,
    deliver(data, from) {
      remember(known, from, [home.at, watch.transmitTo()]);
      inbox.push({ kind: 'bytes', data, from: from.at });
    },
  };
  addConnection(endpoint, line, client.destination, []);
  changed.add(line);
  // What comes before the owner of this end is ready waits behind the first datagram.
  inbox.pause();
  line.deliver(first, home);
  options.later(() => {
    if (closed) return;
    emit({ kind: 'transport.connected', remote: home.at, local, udp: true });
    sink.writable();
    begun = true;
    if (!paused) inbox.resume();
  });
  const failed = (errno: string): void => {
    if (!closed) emit({ kind: 'transport.error', by: 'local', errno, detail: 'send' });
  };
  return {
    write(unit) {
      if (closed) return { errno: 'EBADF' };
      const to = known.get(watch.transmitTo() ?? home.at) ?? home;
      const result = options.send(unit.slice(), to, failed);
      changed.add(line);
      if (capture && result === 'sent') {
        emit({ kind: 'transport.bytes', by: 'local', bytes: unit.length, data: unit });
      }
      return result;
    },
    writable: () => !closed,
    fin: () => ({ errno: closed ? 'EBADF' : 'EOPNOTSUPP' }),
    reset: () => 'impossible',
    close() {
      closed = true;
      inbox.clear();
      changed.delete(line);
      removeConnection(endpoint, line);
    },
    pause() {
      paused = true;
      inbox.pause();
    },
    resume() {
      paused = false;
      if (begun) inbox.resume();
    },
    remote: home.at,
    local,
  };
}

/** Addresses that a connection has heard from: the newest few, and those that it sends to. */
function remember(
  known: Map<string, QuicSource>,
  from: QuicSource,
  kept: readonly (string | undefined)[],
): void {
  known.delete(from.at);
  known.set(from.at, from);
  if (known.size <= MOST_ADDRESSES) return;
  for (const at of known.keys()) {
    if (kept.includes(at) || at === from.at) continue;
    known.delete(at);
    return;
  }
}

const MOST_ADDRESSES = 8;
