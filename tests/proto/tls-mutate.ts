import { createDice, createRandom, type Dice } from '../../src/sim/random.ts';
import { concat } from '../../src/wire/bytes.ts';

/** What a seed does to bytes: one to three changes of the kinds that break parsers. */
export function mutate(bytes: Uint8Array, dice: Dice): Uint8Array {
  let out = bytes;
  for (let left = dice.between(1, 3); left > 0; left--) out = mutateOnce(out, dice);
  return out;
}

export function diceOf(seed: number): Dice {
  return createDice(createRandom(seed, 'mutation'));
}

function mutateOnce(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + dice.between(1, 12));
  const before = bytes.subarray(0, at);
  const part = bytes.subarray(at, end);
  const after = bytes.subarray(end);
  switch (dice.below(8)) {
    case 0:
      return before.slice();
    case 1:
      return concat(before, after);
    case 2:
      return concat(before, part, part, after);
    case 3:
      return concat(before, noise(dice, dice.between(1, 12)), bytes.subarray(at));
    case 4:
      return concat(before, new Uint8Array(part.length).fill(dice.chance(0.5) ? 0 : 255), after);
    case 5:
      return concat(after, part, before);
    default:
      return flip(bytes, at, 1 << dice.below(8));
  }
}

function flip(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const out = bytes.slice();
  if (at < out.length) out[at] = (out[at] ?? 0) ^ mask;
  return out;
}

function noise(dice: Dice, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => dice.below(256));
}
