import type { Fact } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';

/** One thing to be written whole, and what is true once it has left. */
export type Unit = { bytes: Uint8Array; facts: readonly Fact[] };

/** A unit being put together. */
export type Draft = { parts: Uint8Array[]; facts: Fact[] };

export type Outbox = { units: Unit[] };

export function createDraft(): Draft {
  return { parts: [], facts: [] };
}

/** An empty draft is no unit. */
export function queueDraft(outbox: Outbox, draft: Draft): void {
  if (draft.parts.length > 0) outbox.units.push({ bytes: concat(...draft.parts), facts: draft.facts });
}

/** Does the youngest unit that waits say so? A peer that makes us talk and does not listen is not to fill our memory. */
export function lastUnit({ units }: Outbox, says: (fact: Fact) => boolean): boolean {
  return units.at(-1)?.facts.some(says) ?? false;
}
