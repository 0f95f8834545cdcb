import { ALERT } from '../../wire/alert.ts';
import { quicErrorNames } from '../../wire/quic-errors.ts';
import { CAUSES } from '../causes/all-causes.ts';
import type { Cause } from '../causes/cause.ts';
import { ERRNOS } from '../causes/errnos.ts';
import { fold } from './shape.ts';

/** Entries that share rare words with a text, the nearest first; none where nothing rare is shared. */
export function nearestCauses(text: string, most: number): Cause[] {
  const given = new Set(wordsOf(text));
  const { weights, words } = vocabulary();
  const scored = CAUSES.map((cause) => {
    const own = words.get(cause) ?? new Set<string>();
    const shared = [...own].filter((word) => given.has(word));
    const sum = (all: Iterable<string>): number =>
      [...all].reduce((total, word) => total + (weights.get(word) ?? 0), 0);
    return {
      cause,
      score: shared.length < LEAST_WORDS ? 0 : sum(shared),
      part: sum(shared) / (sum(own) + 1),
    };
  });
  return scored
    .filter(({ score, part }) => score >= LEAST_SCORE && part >= LEAST_PART)
    .sort((a, b) => b.score * b.part - a.score * a.part)
    .slice(0, most)
    .map(({ cause }) => cause);
}

/** Registered names that a single word is nearly: "ECONNRSET" is nearly ECONNRESET. */
export function nearestNames(word: string, most: number): string[] {
  if (word.length < 4 || word.length > 64) return [];
  const wanted = pairsOf(word.toLowerCase());
  return names()
    .map((name) => ({ name, likeness: likeness(wanted, pairsOf(name.toLowerCase())) }))
    .filter((one) => one.likeness >= LEAST_LIKENESS)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, most)
    .map(({ name }) => name);
}

type Vocabulary = { weights: ReadonlyMap<string, number>; words: ReadonlyMap<Cause, ReadonlySet<string>> };
let made: Vocabulary | undefined;

/** A word weighs the more the fewer entries have it. */
function vocabulary(): Vocabulary {
  if (made !== undefined) return made;
  const words = new Map(
    CAUSES.map((cause) => [cause, new Set(wordsOf(`${cause.library} ${cause.message}`))]),
  );
  const counts = new Map<string, number>();
  for (const own of words.values()) for (const word of own) counts.set(word, (counts.get(word) ?? 0) + 1);
  const weights = new Map([...counts].map(([word, count]) => [word, Math.log(CAUSES.length / count)]));
  made = { weights, words };
  return made;
}

function wordsOf(text: string): string[] {
  const found = fold(text).matchAll(/[a-z][a-z0-9_]{2,31}/g);
  return [...found].map(([word]) => word).filter((word) => !COMMON.has(word));
}

function names(): string[] {
  const spaces = [
    { layer: 'transport' },
    ...['h3', 'doq'].map((alpn) => ({ layer: 'application', alpn }) as const),
  ] as const;
  return [...Object.keys(ERRNOS), ...Object.keys(ALERT), ...spaces.flatMap((space) => quicErrorNames(space))];
}

/** Dice's measure over pairs of neighbouring letters. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length;
  return (2 * shared) / (a.size + b.size);
}

function pairsOf(word: string): Set<string> {
  return new Set(Array.from({ length: Math.max(0, word.length - 1) }, (_, at) => word.slice(at, at + 2)));
}

const LEAST_WORDS = 2;
const LEAST_SCORE = 4;
const LEAST_PART = 0.2;
const LEAST_LIKENESS = 0.6;
const COMMON: ReadonlySet<string> = new Set(
  'the and for was with from that has not are its error failed server client connection'.split(' '),
);
