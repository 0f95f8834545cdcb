import type { Random } from '../crypto/provider.ts';
import { type Channel, createChannel } from '../driver/channel.ts';
import { createScheduler, type Scheduler } from '../driver/scheduler.ts';
import type { Connect } from '../driver/world.ts';
import type { RecordCore } from '../proto/core.ts';
import type { Emit } from '../timeline/event.ts';
import { createRecorder, type Recorder } from '../timeline/recorder.ts';
import { createSimClock, type SimClock } from './clock.ts';
import { createDatagramLink, type DatagramLink } from './datagram-link.ts';
import type { DatagramNetwork } from './datagram-network.ts';
import { createLink, type Link } from './link.ts';
import type { Network } from './network.ts';
import { createRandom } from './random.ts';

/** What a core gets from its place in the simulation. */
export type Place = { random: Random; emit: Emit };

export type Pair<L = Link> = {
  clock: SimClock;
  scheduler: Scheduler;
  recorder: Recorder;
  link: L;
  client: Channel;
  server: Channel;
};

/** A client and a server on one simulated connection. Everything random in it comes from the seed. */
export function createPair(options: {
  seed: number | string;
  client: (place: Place) => RecordCore;
  server: (place: Place) => RecordCore;
  network?: Partial<Network>;
}): Pair {
  const { seed, network } = options;
  const overLink = (clock: SimClock): Link =>
    createLink({
      clock,
      random: createRandom(seed, 'network'),
      ...(network === undefined ? {} : { network }),
    });
  return createPairOver(overLink, options);
}

/** The same over datagrams. */
export function createDatagramPair(options: {
  seed: number | string;
  client: (place: Place) => RecordCore;
  server: (place: Place) => RecordCore;
  network?: Partial<DatagramNetwork>;
}): Pair<DatagramLink> {
  const { seed, network } = options;
  const random = createRandom(seed, 'network');
  const overLink = (clock: SimClock): DatagramLink =>
    createDatagramLink({ clock, random, ...(network === undefined ? {} : { network }) });
  return createPairOver(overLink, options);
}

type Ends = { left: Connect; right: Connect };
type Sides = {
  seed: number | string;
  client: (place: Place) => RecordCore;
  server: (place: Place) => RecordCore;
};

function createPairOver<L extends Ends>(overLink: (clock: SimClock) => L, options: Sides): Pair<L> {
  const { seed } = options;
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const link = overLink(clock);
  const channel = (name: 'client' | 'server', core: (place: Place) => RecordCore): Channel => {
    const emit = recorder.emitter(name);
    return createChannel({
      core: core({ random: createRandom(seed, name), emit }),
      connect: name === 'client' ? link.left : link.right,
      scheduler,
      emit,
    });
  };
  const client = channel('client', options.client);
  const server = channel('server', options.server);
  return { clock, scheduler, recorder, link, client, server };
}
