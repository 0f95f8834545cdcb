import { type Channel, createChannel } from '../../src/driver/channel.ts';
import { createScheduler, type Scheduler } from '../../src/driver/scheduler.ts';
import type { Transport, TransportSink, WriteResult } from '../../src/driver/world.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { AcceptedClient, QuicConfig } from '../../src/proto/quic/config.ts';
import type { QuicCore } from '../../src/proto/quic/core.ts';
import { judgeDatagram } from '../../src/proto/quic/endpoint/judge.ts';
import { addConnection, followIds, removeConnection } from '../../src/proto/quic/endpoint/routes.ts';
import { createEndpoint, type EndpointConfig, resetTokenOf } from '../../src/proto/quic/endpoint/state.ts';
import { createSimClock, type SimClock } from '../../src/sim/clock.ts';
import { createDatagramLink, type DatagramLink } from '../../src/sim/datagram-link.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit } from '../../src/timeline/event.ts';
import { createRecorder, type Recorder } from '../../src/timeline/recorder.ts';
import { quicCore } from '../proto/quic/ends.ts';

/** A client's core and, from its first Initial on, a server's, on one bad path. */
export type QuicWorld = {
  clock: SimClock;
  scheduler: Scheduler;
  recorder: Recorder;
  link: DatagramLink;
  client: Channel<QuicCore>;
  /** Undefined: no Initial has arrived. */
  server(): Channel<QuicCore> | undefined;
  /** Called when there is one. */
  onServer(begun: () => void): void;
  /** The server's bytes, before it knew that the client is where it says it is. */
  unvalidated: { received: number; sent: number; worst: number };
  /** Most bytes that waited in either core. */
  mostUnread(): number;
};

export function createQuicWorld(options: {
  seed: number | string;
  network: Partial<DatagramNetwork>;
  client: QuicConfig;
  server: QuicConfig;
  endpoint: Pick<EndpointConfig, 'retry' | 'resets'>;
  /** When the server's connection is over: nobody listens any more, or somebody who has forgotten it. */
  afterlife: 'gone' | 'forgotten';
}): QuicWorld {
  const { seed } = options;
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const link = createDatagramLink({ clock, random: createRandom(seed, 'network'), network: options.network });
  let sent = 0;
  const count = (bare: Transport): Transport => ({
    ...bare,
    write(unit) {
      if (++sent > MOST_DATAGRAMS)
        throw new Error(`${sent} datagrams by ${clock.now()} ms: they talk without end`);
      const result = bare.write(unit);
      if (typeof result === 'object' && result.errno === 'EMSGSIZE')
        throw new Error(`${unit.length} bytes in a datagram`);
      return result;
    },
  });
  const place = {
    clock,
    scheduler,
    recorder,
    link: { ...link, right: (sink: TransportSink) => count(link.right(sink)) },
  };
  const server = listen(place, options);
  const emit = recorder.emitter('client');
  let mostUnread = 0;
  const client = createChannel({
    core: quicCore('client', seed, options.client, emit),
    connect: (sink) =>
      count(
        link.left({
          ...sink,
          input(input) {
            sink.input(input);
            mostUnread = Math.max(mostUnread, client.core.unread());
          },
        }),
      ),
    scheduler,
    emit,
  });
  return {
    ...place,
    client,
    server: () => server.channel,
    onServer(call) {
      server.begun = call;
    },
    unvalidated: server.unvalidated,
    mostUnread: () => Math.max(mostUnread, server.mostUnread),
  };
}

type Server = {
  channel: Channel<QuicCore> | undefined;
  begun: () => void;
  unvalidated: { received: number; sent: number; worst: number };
  mostUnread: number;
};

/** One socket, behind it an endpoint, and of all that may come to it one connection. */
function listen(
  { clock, scheduler, recorder, link }: Pick<QuicWorld, 'clock' | 'scheduler' | 'recorder' | 'link'>,
  options: Parameters<typeof createQuicWorld>[0],
): Server {
  const unvalidated = { received: 0, sent: 0, worst: 0 };
  const server: Server = { channel: undefined, begun: () => {}, unvalidated, mostUnread: 0 };
  const { quicVersions: versions, connectionIdLength } = options.server;
  const endpoint = createEndpoint<QuicCore>(
    { versions, connectionIdLength, limit: 1, grease: false, ...options.endpoint },
    { provider: createNativeProvider(), random: createRandom(options.seed, 'endpoint') },
  );
  let validated = false;
  let over = false;
  let sink: TransportSink | undefined;
  const record = recorder.emitter('server');
  const emit: Emit = (fact, arrived) => {
    if (fact.kind === 'packet' && fact.by === 'peer' && fact.type === 'handshake') validated = true;
    record(fact, arrived);
  };
  const send = (bytes: Uint8Array): WriteResult => {
    if (!validated) {
      unvalidated.sent += bytes.length;
      unvalidated.worst = Math.max(unvalidated.worst, unvalidated.sent / unvalidated.received);
    }
    return bare.write(bytes);
  };
  const begin = (accepted: AcceptedClient): void => {
    if (server.channel !== undefined) return;
    validated = accepted.validated;
    const resetToken = (id: Uint8Array): Uint8Array => resetTokenOf(endpoint, id);
    const core = quicCore('server', options.seed, { ...options.server, accepted, resetToken }, emit);
    const transport: Transport = {
      ...bare,
      write(unit) {
        const result = send(unit);
        followIds(endpoint, core, core.localIds());
        return result;
      },
      close() {
        over = true;
        removeConnection(endpoint, core);
        if (options.afterlife === 'gone') bare.close();
      },
    };
    addConnection(endpoint, core, accepted.destination, core.localIds());
    const connect = (made: TransportSink): Transport => {
      sink = made;
      clock.at(clock.now(), () => made.writable());
      return transport;
    };
    server.channel = createChannel({ core, connect, scheduler, emit });
    core.start(clock.now());
    server.begun();
  };
  const bare = link.right({
    input(input) {
      if (input.kind !== 'bytes') return over ? undefined : sink?.input(input);
      const datagram = input.data;
      if (!validated) unvalidated.received += datagram.length;
      const verdict = judgeDatagram(endpoint, { datagram, remote: CLIENT, now: clock.now() });
      if (verdict.kind === 'answer') send(verdict.bytes);
      if (verdict.kind === 'accept') begin(verdict.client);
      if (over || (verdict.kind !== 'accept' && verdict.kind !== 'known')) return;
      sink?.input(input);
      server.mostUnread = Math.max(server.mostUnread, server.channel?.core.unread() ?? 0);
    },
    writable: () => {},
    wants: () => 65_535,
  });
  return server;
}

/** Many times what 256 KiB take. */
const MOST_DATAGRAMS = 20_000;
const CLIENT = { host: '192.0.2.1', port: 4433 };
