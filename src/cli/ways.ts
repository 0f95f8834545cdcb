import { UsageError } from '../driver/usage-error.ts';
import type { RawOptions } from './command.ts';
import { atMostOne, bad, textOf } from './values.ts';

/** A way of closing, the option that asks for it, and whether it does. */
export type Way<Mode extends string> = readonly [flag: string, mode: Mode, asked: boolean];

/** An option of other protocols: why it means nothing here, and what to do instead. */
export type Foreign = readonly [name: string, option: string, why: string, hint: string];

/** The one way that was asked for. Throws UsageError for two. */
export function chosenWay<Mode extends string>(ways: readonly Way<Mode>[], otherwise: Mode): Mode {
  atMostOne(
    ways.map(([flag, , asked]) => [flag, asked] as const),
    'are two ways of closing',
  );
  return ways.find(([, , asked]) => asked)?.[1] ?? otherwise;
}

/** What UDP has not: the options of others, and a limit on the wait for FIN. */
export function refuseStreams(raw: RawOptions, foreign: readonly Foreign[]): void {
  for (const [name, option, why, hint] of foreign) {
    // "drain" is true unless --no-drain was given.
    if (raw[name] !== undefined && (name !== 'drain' || raw[name] === false)) {
      throw new UsageError('bad-option', `${option}: ${why}`, hint);
    }
  }
  const timeout = textOf(raw, 'timeout');
  if (timeout !== undefined && /(^|,)\s*fin=/u.test(timeout)) {
    throw bad(
      '--timeout',
      timeout,
      'names a FIN: UDP has none',
      'phases: connect, handshake, exchange, close',
    );
  }
}
