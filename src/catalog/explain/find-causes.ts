import { CAUSES } from '../causes/all-causes.ts';
import type { Cause } from '../causes/cause.ts';
import { LEAST, type Meter, matchAt, type Prepared, type Shape, shapesOf } from './shape.ts';

/** A cause whose pattern a text has in it, and where: [from, to). */
export type Hit = { cause: Cause; from: number; to: number };

/**
 * The causes that fit, the one with the longest match first, and among equals the one that stands first in the catalogue. Walks
 * the text once; at each place only patterns that begin with the characters found there are tried.
 */
export function findCauses(prepared: Prepared, meter: Meter = { steps: 0 }): Hit[] {
  const index = shapeIndex();
  const best = new Map<Cause, Hit>();
  const done = new Set<Shape>();
  const { folded } = prepared;
  for (let at = 0; at + LEAST <= folded.length; at++) {
    meter.steps++;
    for (const { cause, shape } of index.get(folded.slice(at, at + LEAST)) ?? []) {
      if (done.has(shape)) continue;
      const to = matchAt(shape, prepared, at, meter);
      if (to < 0) continue;
      // Once is enough: a text that repeats a message is not more of it.
      done.add(shape);
      const known = best.get(cause);
      if (known === undefined || to - at > known.to - known.from) best.set(cause, { cause, from: at, to });
    }
  }
  const place = new Map(CAUSES.map((cause, at) => [cause, at]));
  return [...best.values()].sort(
    (a, b) => b.to - b.from - (a.to - a.from) || (place.get(a.cause) ?? 0) - (place.get(b.cause) ?? 0),
  );
}

type Indexed = { cause: Cause; shape: Shape };

/** Shapes by their first characters; made when it is first needed. */
let made: Map<string, Indexed[]> | undefined;

function shapeIndex(): Map<string, Indexed[]> {
  if (made !== undefined) return made;
  made = new Map();
  for (const cause of CAUSES) {
    for (const shape of cause.patterns.flatMap(shapesOf)) {
      const key = shape.first.slice(0, LEAST);
      const known = made.get(key);
      if (known === undefined) made.set(key, [{ cause, shape }]);
      else known.push({ cause, shape });
    }
  }
  return made;
}
