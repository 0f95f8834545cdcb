import { describe, expect, it } from 'vitest';
import { judgeDtlsProbe } from '../../src/catalog/diagnose/judge-datagrams.ts';
import { DTLS_PROBES } from '../../src/catalog/probes/dtls-probes.ts';
import { type DtlsProbe, readDtlsTold } from '../../src/catalog/probes/dtls-told.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { alert, closeNotify, data, type Entry, limit, timeline } from './fake-timeline.ts';

// For each rule of each check: what calls for it, and the nearest that does not.

type Facts = readonly (readonly [number, Fact])[];
type Row = { probe: string; rule: string; on: string; hit: Facts; spare: Facts; grades?: [string, string] };

const dropped: Fact = { kind: 'dropped', by: 'peer', reason: 'unprotected', bytes: 15, detail: '', type: 21 };
const forge: Fact = { kind: 'transport.tapped', by: 'local', rule: 'forge', bytes: 15 };
const failed: Fact = { kind: 'handshake.failed', blame: 'network', rule: 'limit', detail: 'no answer' };
const started: Fact = { kind: 'handshake.started', role: 'client' };
const cookie: Fact = {
  ...{ kind: 'handshake.message', by: 'peer', type: 3, name: 'hello_verify_request', level: 'initial' },
  bytes: 60,
};
const ours: Facts = [[100, closeNotify('local')]];
const internalError = alert('peer', 80, 'internal_error');

const ROWS: readonly Row[] = [
  ...on('dtls-close-reply', 'bare', [
    { rule: 'alert', hit: [...ours, [110, internalError]], spare: [...ours, [110, closeNotify('peer')]] },
    {
      rule: 'silence',
      hit: [...ours, [8_000, limit('close')]],
      spare: [...ours, [8_000, limit('close')], [8_001, closeNotify('peer')]],
    },
    {
      rule: 'unprotected',
      hit: [...ours, [110, dropped]],
      spare: [...ours, [110, { ...dropped, type: 23 }]],
    },
    {
      rule: 'fatal-level',
      hit: [...ours, [110, closeNotify('peer', 2)]],
      spare: [...ours, [110, closeNotify('peer')]],
    },
    {
      rule: 'data-after',
      hit: [...ours, [110, closeNotify('peer')], [111, data('peer', 9, true)]],
      spare: [...ours, [110, closeNotify('peer')], [111, data('peer', 9)]],
      grades: ['info', 'fail'],
    },
    {
      rule: 'several',
      hit: [...ours, [110, closeNotify('peer')], [120, closeNotify('peer')]],
      spare: [...ours, [105, closeNotify('local')], [110, closeNotify('peer')], [120, closeNotify('peer')]],
    },
    {
      rule: 'late',
      hit: [...ours, [1_101, closeNotify('peer')]],
      spare: [...ours, [1_100, closeNotify('peer')]],
    },
  ]),
  ...on('dtls-reconnect-same-port', 'again', [
    { rule: 'no-cookie', hit: [[20, started]], spare: [[20, cookie]] },
  ]),
  ...on('dtls-forget', 'closed', [
    {
      rule: 'processed',
      hit: [...ours, [110, closeNotify('peer')], [120, data('local', 50, true)], [130, data('peer', 50)]],
      spare: [...ours, [110, closeNotify('peer')], [120, data('local', 50, true)], [130, data('peer', 40)]],
      grades: ['warn', 'fail'],
    },
    {
      rule: 'alert',
      hit: [...ours, [120, data('local', 50, true)], [130, internalError]],
      spare: [...ours, [110, internalError], [120, data('local', 50, true)]],
    },
  ]),
  ...on('dtls-forged-alert', 'forged', [
    {
      rule: 'dead',
      hit: [
        [20, data('peer', 40)],
        [30, forge],
      ],
      spare: [
        [20, data('peer', 40)],
        [30, forge],
        [40, data('peer', 60)],
      ],
    },
    {
      rule: 'alert',
      hit: [
        [30, forge],
        [40, internalError],
      ],
      spare: [
        [20, internalError],
        [30, forge],
      ],
    },
  ]),
  ...on('dtls-close-boundary', 'boundary', [
    { rule: 'higher', hit: [...ours, [110, data('peer', 60)]], spare: [...ours, [110, data('peer', 50)]] },
  ]),
];

const REFUSED = [
  { probe: 'dtls-reconnect-same-port', first: 'vanishes' },
  { probe: 'dtls-forget', first: 'closed' },
];

describe('the rules of each check of DTLS', () => {
  it.each(ROWS)('$probe: $rule', ({ probe, rule, on: conn, hit, spare, grades }) => {
    expect(says(probe, rule, [...up(conn), ...placed(conn, hit)])).toBeDefined();
    expect(says(probe, rule, [...up(conn), ...placed(conn, spare)])).toBeUndefined();
    for (const [at, version] of (['1.2', '1.3'] as const).entries()) {
      if (grades === undefined) continue;
      const found = says(probe, rule, [...up(conn), ...placed(conn, hit)], version);
      expect(found?.grade ?? ruleOf(probe, rule).grade).toBe(grades[at]);
    }
  });

  it.each(REFUSED)('$probe: refused, and not when both or none got through', ({ probe, first }) => {
    const refused = placed('again', [[2_000, failed]]);
    expect(says(probe, 'refused', [...up(first), ...refused])).toBeDefined();
    expect(says(probe, 'refused', [...up(first), ...up('again')])).toBeUndefined();
    expect(says(probe, 'refused', [...placed(first, [[5, failed]]), ...refused])).toBeUndefined();
  });

  it('dtls-reconnect-same-port: slow', () => {
    const begunAt = (start: number): Entry[] => [
      ...placed('again', [[start, started]]),
      ...up('again', 2_000),
    ];
    expect(says('dtls-reconnect-same-port', 'slow', begunAt(999))).toBeDefined();
    expect(says('dtls-reconnect-same-port', 'slow', begunAt(1_000))).toBeUndefined();
  });

  it('are all here', () => {
    const here = [
      ...ROWS.map(({ probe, rule }) => `${probe} ${rule}`),
      ...REFUSED.map(({ probe }) => `${probe} refused`),
      'dtls-reconnect-same-port slow',
    ];
    const all = DTLS_PROBES.flatMap(({ id, rules }) => rules.map((rule) => `${id} ${rule.id}`));
    expect(here.sort()).toEqual(all.sort());
  });
});

describe('what rests on silence', () => {
  const dead = timeline(
    ...up('forged'),
    ...placed('forged', [
      [20, data('peer', 40)],
      [30, forge],
    ]),
  );
  const alive = timeline(
    ...up('forged'),
    ...placed('forged', [
      [20, data('peer', 40)],
      [30, forge],
      [40, data('peer', 60)],
    ]),
  );
  const grade = (...runs: (typeof dead)[]) =>
    judgeDtlsProbe(
      probeOf('dtls-forged-alert'),
      '1.3',
      runs.map((events) => ({ events })),
      { strict: false },
    ).grade;

  it('counts when three repetitions show it, every one of them', () => {
    expect(grade(dead, dead, dead)).toBe('fail');
    expect(grade(dead, alive, dead)).toBe('inconclusive');
    expect(grade(dead, dead)).toBe('inconclusive');
    expect(grade(alive, alive, alive)).toBe('pass');
  });

  it('is no answer where no association came to be', () => {
    const nobody = timeline(...placed('forged', [[20, failed]]));
    expect(grade(nobody, nobody, nobody)).toBe('inconclusive');
  });
});

function up(conn: string, at = 10): Entry[] {
  const completed: Fact = {
    ...{ kind: 'handshake.completed', version: 'DTLSv1.3', suite: 'TLS_AES_128_GCM_SHA256' },
    ...{ resumed: false, helloRetry: false, clientCertificate: false },
  };
  return [[at, completed, undefined, conn]];
}

function on(probe: string, conn: string, rows: readonly Omit<Row, 'probe' | 'on'>[]): Row[] {
  return rows.map((row) => ({ ...row, probe, on: conn }));
}

function placed(conn: string, facts: Facts): Entry[] {
  return facts.map(([t, fact]) => [t, fact, undefined, conn] as const);
}

function probeOf(id: string): DtlsProbe {
  const probe = DTLS_PROBES.find((one) => one.id === id);
  if (probe === undefined) throw new Error(`no check ${id}`);
  return probe;
}

function ruleOf(probe: string, rule: string): DtlsProbe['rules'][number] {
  const found = probeOf(probe).rules.find(({ id }) => id === rule);
  if (found === undefined) throw new Error(`no rule ${rule} in ${probe}`);
  return found;
}

function says(probe: string, rule: string, entries: readonly Entry[], version: '1.2' | '1.3' = '1.3') {
  return ruleOf(probe, rule).when(readDtlsTold(timeline(...entries), version));
}
