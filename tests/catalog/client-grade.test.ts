import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BehaviourEntry } from '../../src/catalog/behaviour.ts';
import { clauseOf } from '../../src/catalog/behaviours/clauses.ts';
import { behavioursOf, findBehaviour, SERVED } from '../../src/catalog/behaviours/find.ts';
import type { ClientFacts } from '../../src/catalog/client-facts.ts';
import {
  type ClientRecord,
  type ClientVerdict,
  type Execution,
  gradeClient,
  gradeRun,
} from '../../src/catalog/client-grade.ts';
import type { Grade } from '../../src/timeline/outcome.ts';
import { alert, type Entry, open, timeline } from './fake-timeline.ts';

const RULES: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../fixtures/rules/rule-ids.json', import.meta.url), 'utf8'),
);

const FACTS: ClientFacts = {
  handshake: 'completed',
  closedFirst: 'server',
  closeNotify: 'after',
  end: 'fin',
  bytes: 40,
};
const ASKED: readonly Entry[] = [
  ...open(),
  [20, { kind: 'data', by: 'peer', bytes: 40, afterClose: false }],
  [21, { kind: 'data', by: 'local', bytes: 300, afterClose: false }],
];
const FIN: Entry = [30, { kind: 'transport.fin', by: 'peer', certainty: 'sure' }];
const entry = (name: string): BehaviourEntry => {
  const found = findBehaviour(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
const client = (facts: Partial<ClientFacts> = {}, ...more: readonly Entry[]): ClientRecord => ({
  facts: { ...FACTS, ...facts },
  events: timeline(...ASKED, ...more, FIN),
});
const exit = (code: number | null, timedOut = false): Execution => ({ code, timedOut, ms: 1_500 });

type Row = readonly [what: string, behaviour: string, record: ClientRecord, Grade, ClientVerdict];
const SILENT: Partial<ClientFacts> = { closeNotify: 'none' };
const FATAL: Entry = [25, alert('local', 80, 'internal_error')];
const OURS: Entry = [25, alert('local', 0, 'close_notify')];
const DECODE = { alert: { level: 2, description: 50, name: 'decode_error' } };

describe('what the wire shows of a client', () => {
  it.each<Row>([
    ['answers', 'well-behaved', client(), 'pass', 'answered-correctly'],
    [
      'closes',
      'well-behaved',
      client({ closedFirst: 'client', closeNotify: 'before' }),
      'pass',
      'closed-correctly',
    ],
    ['sends FIN alone', 'well-behaved', client(SILENT, OURS), 'warn', 'no-close-notify'],
    ['resets', 'well-behaved', client({ ...SILENT, end: 'reset' }), 'warn', 'reset'],
    ['resets after close_notify', 'well-behaved', client({ end: 'reset' }), 'info', 'reset'],
    ['is not seen', 'rst-after-close-notify', client({ ...SILENT, end: 'unseen' }), 'info', 'not-seen'],
    ['says what it saw', 'fin-mid-body-no-alert', client(DECODE), 'pass', 'noticed'],
    ['closes over a hole', 'fin-mid-body-no-alert', client({ closeNotify: 'alone' }), 'warn', 'took-for-end'],
    ['keeps it to itself', 'fin-mid-body', client({}, OURS), 'info', 'ended'],
    ['objects to nothing', 'reply-late', client(DECODE), 'info', 'refused-whole'],
    ['ends after a fatal alert', 'fatal-alert', client(SILENT, FATAL), 'pass', 'ended'],
    ['ends as we did', 'fin-after-length', client(SILENT), 'info', 'no-close-notify'],
    ['gives up', 'stall-handshake', client({ handshake: 'failed' }), 'pass', 'ended'],
    ['refuses the certificate', 'well-behaved', client({ handshake: 'failed' }), 'info', 'not-graded'],
  ])('%s at %s', (_what, behaviour, record, grade, verdict) => {
    expect(gradeClient(entry(behaviour), record)).toMatchObject({ grade, verdict });
  });

  it('hangs from ten seconds on, counted from the last thing that was said', () => {
    const fin = (t: number): Entry => [t, { kind: 'transport.fin', by: 'peer', certainty: 'sure' }];
    const ending = (t: number) =>
      gradeClient(entry('never-reply'), { facts: FACTS, events: timeline(...ASKED, fin(t)) });
    expect(ending(10_020).verdict).toBe('answered-correctly');
    expect(ending(10_021)).toMatchObject({ grade: 'warn', verdict: 'hung', text: 'hung 10.0 s' });
    const idle = timeline(...open(), fin(50_000));
    expect(
      gradeClient(entry('well-behaved'), { facts: { ...FACTS, bytes: 0 }, events: idle }).verdict,
    ).not.toBe('hung');
  });
});

describe('what a program made of it', () => {
  it.each<readonly [string, string, readonly ClientRecord[], Execution, Grade, ClientVerdict]>([
    ['accepts a part', 'fin-mid-body', [client()], exit(0), 'fail', 'accepted-part'],
    ['notices', 'fin-mid-body', [client()], exit(18), 'pass', 'noticed'],
    ['accepts what is unproven', 'fin-no-close-notify', [client()], exit(0), 'fail', 'accepted-unproven'],
    ['is glad of nothing', 'fatal-alert-before-data', [client()], exit(0), 'fail', 'accepted-nothing'],
    ['takes the answer', 'well-behaved', [client()], exit(0), 'pass', 'answered-correctly'],
    [
      'takes it unseen',
      'rst-after-close-notify',
      [client({ ...SILENT, end: 'unseen' })],
      exit(0),
      'pass',
      'took-whole',
    ],
    ['fails over nothing', 'well-behaved', [client()], exit(1), 'warn', 'refused-whole'],
    ['is strict', 'fin-after-length', [client()], exit(1), 'info', 'refused-whole'],
    ['never ends', 'never-reply', [client()], exit(null, true), 'fail', 'hung'],
    ['never comes', 'well-behaved', [], exit(7), 'info', 'not-graded'],
    [
      'refuses the certificate',
      'well-behaved',
      [client({ handshake: 'failed' })],
      exit(60),
      'info',
      'not-graded',
    ],
    ['gives up in time', 'stall-handshake', [client({ handshake: 'failed' })], exit(28), 'pass', 'noticed'],
    [
      'the worst counts',
      'well-behaved',
      [client(), client({ ...SILENT, end: 'reset' })],
      exit(0),
      'warn',
      'reset',
    ],
  ])('%s at %s', (_what, behaviour, clients, run, grade, verdict) => {
    expect(gradeRun(entry(behaviour), clients, run)).toMatchObject({ grade, verdict });
  });

  it('asked for nothing, it lost nothing', () => {
    const mute: ClientRecord = { facts: { ...FACTS, bytes: 0 }, events: timeline(...open(), FIN) };
    expect(gradeRun(entry('fin-mid-body'), [mute], exit(0)).verdict).toBe('answered-correctly');
  });
});

describe('the clause of a rule', () => {
  const named = SERVED.flatMap((protocol) => behavioursOf(protocol).flatMap(({ breaks }) => breaks));
  it.each([...new Set(named)])('%s', (rule) => {
    expect(clauseOf(rule)).toBe(RULES[rule]?.replace('RFC 8446', 'RFC 9846'));
  });

  it('is right wherever a grade names one', () => {
    const grades = SERVED.flatMap((protocol) => behavioursOf(protocol)).flatMap((each) =>
      [
        client(),
        client(SILENT),
        client({ ...SILENT, end: 'reset' }),
        client({ end: 'reset' }),
        client(DECODE),
      ].flatMap((record) => [
        gradeClient(each, record),
        gradeRun(each, [record], exit(0)),
        gradeRun(each, [record], exit(1)),
      ]),
    );
    for (const { rule, clause } of grades) {
      if (rule !== undefined) expect(clause).toBe(RULES[rule]?.replace('RFC 8446', 'RFC 9846'));
    }
    expect(grades.filter(({ rule }) => rule !== undefined).length).toBeGreaterThan(100);
  });
});
