import { describe, expect, it } from 'vitest';
import { toTimelineRows } from '../../src/render/text-timeline.ts';
import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';

function lines(facts: readonly Fact[], verbose = false): string[] {
  const events = facts.map((fact, seq): TimelineEvent => ({ seq, t: seq * 10, conn: 'local', ...fact }));
  return toTimelineRows(events, verbose).map(({ lead = [], body }) =>
    [...lead, ...body].map(({ text }) => text).join(''),
  );
}

const data = (by: 'local' | 'peer', stream: number, bytes: number, fin = false): Fact => ({
  ...{ kind: 'stream-data', by, stream, bytes, fin },
});

describe('data of streams', () => {
  it('that comes in many packets is one line for each stream and side', () => {
    expect(
      lines([
        data('local', 0, 20, true),
        data('peer', 0, 1000),
        { kind: 'rtt', latestMs: 1, smoothedMs: 1, variationMs: 1, minimumMs: 1, ptoMs: 30 },
        data('peer', 0, 1000),
        data('peer', 3, 9),
        data('peer', 0, 500, true),
        data('peer', 4, 7),
      ]),
    ).toEqual([
      '    0.0  → stream 0: 20 bytes, FIN',
      '   10.0  ← stream 0: 2 500 bytes in 3 pieces over 40 ms, FIN',
      '   60.0  ← stream 4: 7 bytes',
    ]);
  });

  it('shares a line of its own with none of the calls that read it', () => {
    const read: Extract<Fact, { kind: 'return' }> = {
      ...{ kind: 'return', id: 1, fn: 'SSL_read', ret: 600, error: 'SSL_ERROR_NONE' },
      ...{ queue: [], shutdown: [], ms: 0 },
    };
    expect(lines([data('peer', 0, 600), read, data('peer', 0, 600, true), { ...read, id: 2 }])).toEqual([
      '    0.0  ← stream 0: 1 200 bytes in 2 pieces over 20 ms, FIN',
      '   10.0    SSL_read() × 2, 1 200 bytes in all',
    ]);
  });

  it('is told piece by piece when everything is', () => {
    expect(lines([data('peer', 0, 600), data('peer', 0, 600)], true)).toHaveLength(2);
  });
});
