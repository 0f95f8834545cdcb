import { seededKeystream } from '../crypto/keystream.ts';
import type { Random } from '../crypto/provider.ts';

/** The simulator's randomness: byte-identical for a seed, and for a name under it, whatever else draws from the seed. */
export function createRandom(seed: number | string, name = ''): Random {
  return seededKeystream(`${seed}/${name}`);
}

export type Dice = {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  /** True this often (0 to 1). */
  chance(probability: number): boolean;
};

export function createDice(random: Random): Dice {
  const fraction = (): number => {
    let value = 0;
    for (const byte of random(4)) value = value * 256 + byte;
    return value / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => fraction() < probability,
  };
}
