import type { Millis } from '../../timeline/event.ts';
import type { Closing } from './closing.ts';
import type { CloseLimits } from './plan.ts';
import { READ_CAP } from './witness.ts';

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

/** Says so once, when more would be read than the plan allows. */
export function capped({ plan, seen, emit }: Closing): boolean {
  const { readCap } = plan;
  if (seen.bytesReceived < readCap) return false;
  if (seen.capped !== true) {
    emit({ kind: 'note', code: READ_CAP, text: `stopped reading after ${readCap} bytes` });
  }
  return true;
}

/** `open`: go on to the close. `peer-closed`: its close_notify was read. `broken`: a call failed, no other will work. */
export type ExchangeEnd = 'open' | 'peer-closed' | 'broken';
