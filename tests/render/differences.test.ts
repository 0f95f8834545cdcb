import { describe, expect, it } from 'vitest';
import { toText } from '../../src/render/text.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { RUN, timeline } from './timelines.ts';

const note = (text: string): Fact => ({ kind: 'note', code: 'profile-difference', text });
const EVENTS = timeline(
  [0, RUN],
  [3, note('profile openssl-3.5 sends CONNECTION_CLOSE once (discrepancy 18)')],
  [4, { kind: 'note', code: 'read-cap', text: 'stopped reading' }],
  [5, note('profile openssl-3.5 sets both flags here (discrepancy 26)')],
);
const lines = (verbose: boolean, events = EVENTS): string[] =>
  toText(events, { width: 200, verbose, unicode: true });

describe('where the profiles part', () => {
  it('is one line, behind everything else, and every place with -v', () => {
    expect(lines(false).filter((line) => line.includes('note:'))).toEqual([
      '    4.0    note: stopped reading',
      '    5.0    note: profile openssl-3.5 parts from this in 2 places (discrepancies 18, 26); -v shows where',
    ]);
    expect(lines(true).filter((line) => line.includes('note: profile'))).toHaveLength(2);
  });

  it('names one place as one, and says nothing where there is none', () => {
    const one = timeline([0, RUN], [3, note('profile manual returns -1 here')]);
    expect(lines(false, one).at(-1)).toBe(
      '    3.0    note: profile manual parts from this in one place; -v shows where',
    );
    expect(lines(false, timeline([0, RUN])).some((line) => line.includes('parts'))).toBe(false);
  });
});
