import type { Hit } from './probe.ts';
import { type Conn, type End, endEvent, endOf } from './told.ts';

/** The first connection with that end for which there is something to say. */
export function first(
  conns: readonly Conn[],
  end: End,
  hit: (conn: Conn) => Hit | undefined,
): Hit | undefined {
  for (const conn of conns) {
    const found = endOf(conn) === end ? hit(conn) : undefined;
    if (found !== undefined)
      return found.evidence.length > 0 ? found : { ...found, evidence: [endEvent(conn)] };
  }
  return undefined;
}
