import { type Channel, createChannel } from '../../src/driver/channel.ts';
import { createScheduler, type Scheduler } from '../../src/driver/scheduler.ts';
import type { Transport, TransportSink } from '../../src/driver/world.ts';
import type { QuicConfig } from '../../src/proto/quic/config.ts';
import type { QuicCore } from '../../src/proto/quic/core.ts';
import type { Role } from '../../src/proto/role.ts';
import { createSimClock, type SimClock } from '../../src/sim/clock.ts';
import { createDatagramLink, type DatagramLink } from '../../src/sim/datagram-link.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit } from '../../src/timeline/event.ts';
import { createRecorder, type Recorder } from '../../src/timeline/recorder.ts';
import { acceptedFrom, quicCore } from '../proto/quic/ends.ts';

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
}): QuicWorld {
  const { seed } = options;
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const link = createDatagramLink({ clock, random: createRandom(seed, 'network'), network: options.network });
  const unvalidated = { received: 0, sent: 0, worst: 0 };
  let server: Channel<QuicCore> | undefined;
  let validated = false;
  let mostUnread = 0;
  let begun = (): void => {};

  const watch = (name: Role): Emit => {
    const emit = recorder.emitter(name);
    return (fact, arrived) => {
      if (name === 'server' && fact.kind === 'packet' && fact.by === 'peer' && fact.type === 'handshake') {
        validated = true;
      }
      emit(fact, arrived);
    };
  };
  const listen = (): void => {
    let sink: TransportSink | undefined;
    const bare = link.right({
      input(input) {
        if (sink === undefined && input.kind === 'bytes') begin(input.data);
        if (!validated && input.kind === 'bytes') unvalidated.received += input.data.length;
        sink?.input(input);
        mostUnread = Math.max(mostUnread, server?.core.unread() ?? 0);
      },
      writable: () => sink?.writable(),
      wants: () => 65_535,
    });
    const counted: Transport = {
      ...bare,
      write(unit) {
        if (!validated) {
          unvalidated.sent += unit.length;
          unvalidated.worst = Math.max(unvalidated.worst, unvalidated.sent / unvalidated.received);
        }
        return bare.write(unit);
      },
    };
    const begin = (datagram: Uint8Array): void => {
      const accepted = datagram.length < 1200 ? undefined : acceptedFrom(datagram, clock.now());
      if (accepted === undefined) return;
      const emit = watch('server');
      const core = quicCore('server', seed, { ...options.server, accepted }, emit);
      const connect = (made: TransportSink): Transport => {
        sink = made;
        clock.at(clock.now(), () => made.writable());
        return counted;
      };
      server = createChannel({ core, connect, scheduler, emit });
      core.start(clock.now());
      begun();
    };
  };
  listen();
  const emit = watch('client');
  const client = createChannel({
    core: quicCore('client', seed, options.client, emit),
    connect: (sink) =>
      link.left({
        ...sink,
        input(input) {
          sink.input(input);
          mostUnread = Math.max(mostUnread, client.core.unread());
        },
      }),
    scheduler,
    emit,
  });
  return {
    ...{ clock, scheduler, recorder, link, client, unvalidated },
    server: () => server,
    onServer(call) {
      begun = call;
    },
    mostUnread: () => mostUnread,
  };
}
