import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CAUSES } from '../../src/catalog/causes/all-causes.ts';
import { EFFECTS } from '../../src/catalog/probes/effects.ts';
import { findProbe, PROBES } from '../../src/catalog/probes/find.ts';
import { readTold } from '../../src/catalog/probes/told.ts';
import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';
import { alert, type Entry, open, timeline } from './fake-timeline.ts';

// Rules that no behaviour of the catalogue breaks, each on a timeline that shows it and on one that nearly does. All others have
// theirs in matrix-tls.json.

type Version = '1.2' | '1.3';

/** What was shown here, for the last test of this file. */
const shown = new Set<string>();

/** The rules of a check that these connections show. */
function rulesOf(
  check: string,
  connections: Readonly<Record<string, readonly Entry[]>>,
  version: Version = '1.3',
): string[] {
  const events: TimelineEvent[] = timeline(
    ...Object.entries(connections).flatMap(([name, entries]) =>
      entries.map(([t, fact, arrived]): Entry => [t, fact, arrived, name]),
    ),
  );
  const told = readTold(events, version);
  return (findProbe(check)?.rules ?? []).flatMap((rule) => {
    const hit = rule.when(told);
    if (hit !== undefined) shown.add(`${check}/${rule.id}`);
    return hit === undefined ? [] : [`${rule.id} ${hit.grade ?? rule.grade}`];
  });
}

const UP = open('TLSv1.3').slice(1);
const CLOSE: Entry = [20, alert('local', 0, 'close_notify')];
const REPLY: Entry = [25, alert('peer', 0, 'close_notify')];
const ERROR: Entry = [25, alert('peer', 20, 'bad_record_mac')];
const LIMIT: Entry = [5020, { kind: 'limit', phase: 'close', ms: 5000 }];
const FIN: Entry = [30, { kind: 'transport.fin', by: 'peer', certainty: 'sure' }];
const RST: Entry = [30, { kind: 'transport.reset', by: 'peer', errno: 'ECONNRESET', certainty: 'sure' }];
const data = (t: number, by: 'local' | 'peer', afterClose = false): Entry => [
  t,
  { kind: 'data', by, bytes: 90, afterClose },
];
const answer = (t: number, changes: Partial<Extract<Fact, { kind: 'answer' }>> = {}): Entry => [
  t,
  {
    kind: 'answer',
    by: 'peer',
    status: 200,
    framing: 'length',
    bytes: 5,
    expected: 5,
    complete: true,
    closes: false,
    ...changes,
  },
];
const GOOD = [...UP, CLOSE, REPLY, FIN];

describe('tls-split-alert', () => {
  it('complains when pieces are met by what a whole alert is not', () => {
    expect(rulesOf('tls-split-alert', { whole: GOOD, split: [...UP, CLOSE, LIMIT] })).toEqual([
      'differs fail',
    ]);
    expect(rulesOf('tls-split-alert', { whole: GOOD, glued: [...UP, CLOSE, ERROR] })).toEqual([
      'differs fail',
    ]);
  });

  it('does not when both are met alike', () => {
    expect(rulesOf('tls-split-alert', { whole: GOOD, split: GOOD })).toEqual([]);
    expect(
      rulesOf('tls-split-alert', { whole: [...UP, CLOSE, LIMIT], split: [...UP, CLOSE, LIMIT] }),
    ).toEqual([]);
  });
});

describe('tls-keyupdate-close', () => {
  it('complains when only the connection with a KeyUpdate ends badly', () => {
    expect(rulesOf('tls-keyupdate-close', { plain: GOOD, updated: [...UP, CLOSE, ERROR] })).toEqual([
      'differs fail',
    ]);
    expect(rulesOf('tls-keyupdate-close', { plain: GOOD, updated: GOOD })).toEqual([]);
    expect(
      rulesOf('tls-keyupdate-close', { plain: [...UP, CLOSE, ERROR], updated: [...UP, CLOSE, ERROR] }),
    ).toEqual([]);
  });
});

describe('tls-user-canceled', () => {
  it('complains of an alert that an ordinary close_notify does not get', () => {
    expect(rulesOf('tls-user-canceled', { plain: GOOD, canceled: [...UP, CLOSE, ERROR] })).toEqual([
      'alert warn',
    ]);
    expect(
      rulesOf('tls-user-canceled', { plain: [...UP, CLOSE, ERROR], canceled: [...UP, CLOSE, ERROR] }),
    ).toEqual([]);
  });
});

describe('tls-close-order', () => {
  const three = [...UP, answer(30), answer(31), answer(32), FIN];
  it('complains of answers that only close_notify costs', () => {
    const one = [...UP, CLOSE, answer(30), REPLY];
    expect(rulesOf('tls-close-order', { pipelined: one, open: three })).toEqual(['fewer warn']);
    expect(rulesOf('tls-close-order', { pipelined: one, open: three }, '1.2')).toEqual(['fewer info']);
    expect(rulesOf('tls-close-order', { pipelined: one, open: one })).toEqual([]);
  });
});

describe('tls-keepalive-race', () => {
  const first = [...UP, data(12, 'local'), answer(14), data(20, 'local')];
  it('tells a request lost to RST from one that an orderly end met', () => {
    expect(rulesOf('tls-keepalive-race', { 'at-once': [...first, RST] })).toEqual(['lost-to-rst fail']);
    expect(rulesOf('tls-keepalive-race', { 'at-once': [...first, REPLY, FIN] })).toEqual(['lost warn']);
    expect(rulesOf('tls-keepalive-race', { 'at-once': [...first, answer(22)] })).toEqual([]);
  });
});

describe('tls-early-response', () => {
  const sent = [...UP, data(12, 'local')];
  const waited: Entry = [5000, { kind: 'note', code: 'no-early-answer', text: 'no answer came' }];
  it('complains when the answer is lost to RST', () => {
    expect(rulesOf('tls-early-response', { upload: [...sent, RST] })).toEqual(['lost fail']);
    expect(rulesOf('tls-early-response', { upload: [...sent, answer(20), RST] })).toEqual([
      'reset-later warn',
    ]);
    expect(rulesOf('tls-early-response', { upload: [...sent, answer(20), REPLY, FIN] })).toEqual([]);
  });

  it('does not when it was us who gave up waiting', () => {
    expect(rulesOf('tls-early-response', { upload: [...sent, waited, RST] })).toEqual([]);
  });
});

describe('tls-alert-level', () => {
  it('complains of an alert in the clear', () => {
    const clear: Entry = [25, { ...alert('peer', 0, 'close_notify'), protected: false } as Fact];
    expect(rulesOf('tls-alert-level', { 'we-close': [...UP, CLOSE, clear, FIN] })).toEqual([
      'unprotected fail',
    ]);
    expect(rulesOf('tls-alert-level', { 'we-close': GOOD })).toEqual([]);
  });
});

describe('tls-late-data', () => {
  const late = data(21, 'local', true);
  it('complains when what came behind our close_notify is answered', () => {
    const taken = [...UP, CLOSE, late, answer(24), REPLY, FIN];
    expect(rulesOf('tls-late-data', { plain: GOOD, 'late-request': taken })).toEqual(['processed fail']);
  });

  it('does not take an answer to the end itself for one', () => {
    const refused = [...UP, CLOSE, late, answer(24, { status: 400 }), REPLY, FIN];
    expect(rulesOf('tls-late-data', { plain: GOOD, 'late-request': refused })).toEqual([]);
  });

  it('complains of an alert that only late data gets', () => {
    expect(rulesOf('tls-late-data', { plain: GOOD, 'late-request': [...UP, CLOSE, late, ERROR] })).toEqual([
      'alert warn',
    ]);
    expect(
      rulesOf('tls-late-data', { plain: [...UP, CLOSE, ERROR], 'late-request': [...UP, CLOSE, late, ERROR] }),
    ).toEqual([]);
  });
});

describe('tls-tickets', () => {
  it('complains when a client that reads late loses the answer', () => {
    expect(rulesOf('tls-tickets', { 'unread-asked': [...UP, data(320, 'local'), RST] })).toEqual([
      'reset fail',
    ]);
    expect(
      rulesOf('tls-tickets', { 'unread-asked': [...UP, data(320, 'local'), answer(330), REPLY, FIN] }),
    ).toEqual([]);
  });
});

describe('tls-resume-unclean', () => {
  const again = (resumed: boolean): Entry[] => {
    const [connected, completed] = UP;
    if (connected === undefined || completed === undefined) throw new Error('no handshake');
    return [connected, [completed[0], { ...completed[1], resumed } as Fact]];
  };
  it('cannot tell anything of a server that resumes nothing', () => {
    expect(rulesOf('tls-resume-unclean', { full: GOOD })).toEqual(['none inconclusive']);
    expect(rulesOf('tls-resume-unclean', { full: GOOD, 'resume-full': again(false) })).toEqual([
      'none inconclusive',
    ]);
    expect(
      rulesOf('tls-resume-unclean', { full: GOOD, 'resume-full': again(true), 'resume-rst': again(true) }),
    ).toEqual([]);
  });
});

describe('tls-hs-close', () => {
  const ours: Entry = [20, { kind: 'transport.fin', by: 'local', certainty: 'sure' }];
  it('complains of a connection that is held', () => {
    expect(rulesOf('tls-hs-close', { fin: [...UP.slice(0, 1), ours, LIMIT] })).toEqual(['held warn']);
    expect(rulesOf('tls-hs-close', { fin: [...UP.slice(0, 1), ours, FIN] })).toEqual([]);
  });
});

describe('the catalogue of checks', () => {
  const matrix: Record<string, Record<Version, Record<string, readonly string[]>>> = JSON.parse(
    readFileSync(new URL('./matrix-tls.json', import.meta.url), 'utf8'),
  );
  for (const checks of Object.values(matrix).flatMap((row) => Object.values(row))) {
    for (const [check, rules] of Object.entries(checks)) {
      if (check !== 'survey') for (const rule of rules) shown.add(`${check}/${rule.split(' ', 1)[0]}`);
    }
  }

  it.each(
    PROBES.map((probe) => [probe.id, probe] as const),
  )('%s: every rule is shown, here or in the matrix', (id, { rules }) => {
    expect(rules.map((rule) => rule.id).filter((rule) => !shown.has(`${id}/${rule}`))).toEqual([]);
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
  });

  it('names effects that the error catalogue has', () => {
    const known = new Set(CAUSES.map(({ id }) => id));
    const ids: readonly string[] = Object.values(EFFECTS).flat();
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
  });
});
