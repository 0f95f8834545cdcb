import type { Observation } from './observe.ts';
import { show } from './script-fields.ts';
import type { Expectation } from './script-ops.ts';

/** An `expect` that was not met: where it stands, and the two values. */
export type Failure = { path: string; expected: unknown; actual: unknown };

export function unmet(expect: Expectation | undefined, seen: Observation, path: string): Failure[] {
  const actual: Readonly<Record<string, unknown>> = seen;
  return Object.entries(expect ?? {}).flatMap(([key, expected]) =>
    show(expected) === show(actual[key]) && JSON.stringify(expected) === JSON.stringify(actual[key])
      ? []
      : [{ path: `${path}.${key}`, expected, actual: actual[key] ?? null }],
  );
}
