import type { Millis } from '../../timeline/event.ts';
import type { Closing } from './closing.ts';
import type { CloseLimits } from './plan.ts';

/** A limit ran out; and if a record had begun to come, that is worth knowing too. */
export function limitReached({ core, emit }: Closing, phase: keyof CloseLimits, ms: Millis): void {
  emit({ kind: 'limit', phase, ms });
  const begun = core.ready() ? 0 : core.unread();
  if (begun === 0) return;
  const bytes = begun === 1 ? '1 byte' : `${begun} bytes`;
  emit({
    kind: 'note',
    code: 'unfinished-record',
    text: `${bytes} of a record had come that never became whole`,
  });
}
