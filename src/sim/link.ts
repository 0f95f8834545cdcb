import type { Random } from '../crypto/provider.ts';
import type { Connect } from '../driver/world.ts';
import type { Millis } from '../timeline/event.ts';
import type { SimClock } from './clock.ts';
import { createEnd, type End, transportOf } from './end.ts';
import { type Network, QUIET_NETWORK } from './network.ts';
import { createDice } from './random.ts';

export type Link = {
  /** The end that opens the connection, and the end that accepts it. Nothing moves before both are there. */
  left: Connect;
  right: Connect;
  /** From now on everything is lost, silently. */
  cut(): void;
};

/** One TCP connection over a simulated network; every choice it makes comes from `random`. */
export function createLink(options: { clock: SimClock; random: Random; network?: Partial<Network> }): Link {
  const { clock } = options;
  const network: Network = { ...QUIET_NETWORK, ...options.network };
  const dice = createDice(options.random);
  const path = { dead: false };
  const ends: { left?: End; right?: End } = {};

  const segmentSize = (): number => {
    if (network.segment !== 'random') return network.segment;
    return dice.chance(0.5) ? dice.between(1, 16) : dice.between(1, 4096);
  };
  const delay = (): Millis => network.latency + (network.jitter === 0 ? 0 : dice.below(network.jitter + 1));
  const world = { clock, network, path, segmentSize, delay };

  const attach =
    (side: 'left' | 'right'): Connect =>
    (sink) => {
      const end = createEnd(sink, side);
      ends[side] = end;
      const { left, right } = ends;
      if (left !== undefined && right !== undefined) {
        left.other = right;
        right.other = left;
        const establish = (one: End): void => {
          one.established = true;
          one.blockedOn = 0;
          one.sink.writable();
        };
        clock.at(clock.now() + network.latency, () => establish(right));
        clock.at(clock.now() + 2 * network.latency, () => establish(left));
      }
      return transportOf(world, end);
    };
  return {
    left: attach('left'),
    right: attach('right'),
    cut: () => {
      path.dead = true;
    },
  };
}
