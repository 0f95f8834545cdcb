import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/catalog/rules/tls.ts';
import { TLS_CLAUSES } from '../../src/catalog/rules/tls-clauses.ts';
import type { Grade } from '../../src/timeline/outcome.ts';
import {
  alert,
  closeNotify,
  data,
  type Entry,
  eof,
  fault,
  fin,
  limit,
  open,
  reset,
  timeline,
} from './fake-timeline.ts';

/** `evidence`: positions in `breaks`. */
type Case = {
  rule: string;
  grade: Grade;
  breaks: Entry[];
  evidence: number[];
  keeps: Entry[];
  who?: 'local';
};

const clean: Entry[] = [
  [20, closeNotify('local')],
  [21, closeNotify('peer')],
  [22, fin('peer')],
];
const three = (...entries: Entry[]): Entry[] => [...open('TLSv1.3'), ...entries];
const two = (...entries: Entry[]): Entry[] => [...open('TLSv1.2'), ...entries];
const accepted: Entry = [40, { kind: 'session', what: 'accepted', why: 'ticket' }, undefined, 'resume'];

const CASES: Case[] = [
  {
    rule: 'tls13-6.1-close-notify-before-write-close',
    grade: 'fail',
    breaks: three([20, data('peer', 9)], [21, fin('peer')], [21, eof()]),
    evidence: [3, 4, 5],
    keeps: three([20, data('peer', 9)], [21, closeNotify('peer')], [22, fin('peer')]),
  },
  {
    rule: 'tls13-6.1-close-notify-before-write-close',
    grade: 'warn',
    breaks: [...open('TLSv1.3', { expected: 9 }), [20, data('peer', 9)], [21, reset('peer')]],
    evidence: [3, 4],
    keeps: three([20, alert('peer', 80, 'internal_error')], [21, fin('peer')]),
  },
  {
    rule: 'tls13-6.1-close-notify-before-write-close',
    grade: 'fail',
    breaks: three([20, closeNotify('local')], [21, fin('peer')], [21, eof(4)]),
    evidence: [4, 5],
    keeps: three([20, closeNotify('local')], [21, fin('peer')], [21, eof(0)]),
  },
  {
    rule: 'tls12-7.2.1-close-notify-before-write-close',
    grade: 'warn',
    breaks: two([21, fin('peer')]),
    evidence: [3],
    keeps: two(...clean),
  },
  {
    rule: 'tls13-6.1-receiver-still-owes-close-notify',
    grade: 'warn',
    breaks: three([20, closeNotify('local')], [21, fin('peer')]),
    evidence: [3, 4],
    keeps: three([20, fin('peer')], [21, closeNotify('local')]),
  },
  {
    rule: 'tls13-6.1-receiver-still-owes-close-notify',
    grade: 'info',
    breaks: three([20, closeNotify('local')], [30, data('peer', 5)], [5020, limit('close')]),
    evidence: [3, 5],
    keeps: three(...clean),
  },
  {
    rule: 'tls12-7.2.1-reply-close-notify',
    grade: 'warn',
    breaks: two([20, closeNotify('local')], [5020, limit('close')]),
    evidence: [3, 4],
    keeps: [...open('TLSv1.2', { mode: 'wait-peer' }), [5010, limit('close')], [5011, closeNotify('local')]],
  },
  {
    rule: 'tls12-7.2.1-either-may-initiate',
    grade: 'warn',
    breaks: two([20, closeNotify('local')], [21, alert('peer', 10, 'unexpected_message')]),
    evidence: [3, 4],
    keeps: two([20, alert('peer', 10, 'unexpected_message')], [21, closeNotify('local')]),
  },
  {
    rule: 'tls13-6.1-data-after-close-notify-ignored',
    grade: 'fail',
    breaks: three([20, closeNotify('peer')], [21, data('peer', 3, true)], [22, fin('peer')]),
    evidence: [3, 4],
    keeps: three([20, data('peer', 3)], ...clean),
  },
  {
    rule: 'tls13-6.1-data-after-close-notify-ignored',
    grade: 'fail',
    breaks: three(
      [20, closeNotify('local')],
      [21, data('local', 3, true)],
      [22, alert('peer', 10, 'unexpected_message')],
    ),
    evidence: [3, 4, 5],
    keeps: three([20, closeNotify('local')], [22, alert('peer', 10, 'unexpected_message')]),
  },
  {
    rule: 'tls12-7.2.1-data-after-closure-ignored',
    grade: 'fail',
    breaks: two(...clean, [23, data('peer', 3, true)]),
    evidence: [4, 6],
    keeps: two(...clean),
  },
  {
    rule: 'tls12-7.2.1-close-at-once-drop-writes',
    grade: 'info',
    breaks: two(
      [20, closeNotify('local')],
      [21, data('peer', 3)],
      [22, closeNotify('peer')],
      [23, fin('peer')],
    ),
    evidence: [3, 4],
    keeps: three(
      [20, closeNotify('local')],
      [21, data('peer', 3)],
      [22, closeNotify('peer')],
      [23, fin('peer')],
    ),
  },
  {
    rule: 'tls12-7.2.1-close-at-once-drop-writes',
    grade: 'warn',
    breaks: two([20, closeNotify('local')], [21, closeNotify('peer')], [5021, limit('fin')]),
    evidence: [4, 5],
    keeps: three([20, closeNotify('local')], [21, closeNotify('peer')], [5021, limit('fin')]),
  },
  {
    rule: 'tls13-6.1-receiver-may-keep-writing',
    grade: 'warn',
    breaks: [...open('TLSv1.3', { expected: 10 }), [19, data('peer', 4)], ...clean],
    evidence: [4, 5],
    keeps: [...open('TLSv1.3', { expected: 10 }), [19, data('peer', 10)], ...clean],
  },
  {
    rule: 'tcp-3.6.1-rst-on-unread-data',
    grade: 'info',
    breaks: three([20, closeNotify('local')], [21, closeNotify('peer')], [22, reset('peer')]),
    evidence: [4, 5],
    keeps: three([20, closeNotify('local')], [21, reset('peer')]),
  },
  {
    rule: 'rfc9846-6.1-user-canceled-must-close-notify',
    grade: 'warn',
    breaks: three([20, alert('peer', 90, 'user_canceled', 1)], [21, fin('peer')]),
    evidence: [3, 4],
    keeps: three([20, alert('peer', 90, 'user_canceled', 1)], [21, closeNotify('peer')], [22, fin('peer')]),
  },
  {
    rule: 'tls12-7.2.2-user-canceled-then-close-notify',
    grade: 'warn',
    breaks: two([20, alert('peer', 90, 'user_canceled', 1)], [21, reset('peer')]),
    evidence: [3, 4],
    keeps: two([20, alert('peer', 90, 'user_canceled', 1)], ...clean),
  },
  {
    rule: 'rfc9846-6.1-close-notify-warning-level',
    grade: 'warn',
    breaks: three([20, closeNotify('local')], [21, closeNotify('peer', 2)], [22, fin('peer')]),
    evidence: [4],
    keeps: three(...clean),
  },
  {
    rule: 'tls12-7.2-fatal-received-terminates',
    grade: 'warn',
    breaks: two([20, closeNotify('local')], [21, closeNotify('peer', 2)], [22, fin('peer')]),
    evidence: [4],
    keeps: two(...clean),
  },
  {
    rule: 'tls13-6-error-alerts-sent-fatal',
    grade: 'warn',
    breaks: three([20, alert('peer', 40, 'handshake_failure', 1)]),
    evidence: [3],
    keeps: three([20, alert('peer', 40, 'handshake_failure', 2)]),
  },
  {
    rule: 'tls12-7.2.2-closing-alert-is-fatal-level',
    grade: 'warn',
    breaks: two([20, alert('peer', 40, 'handshake_failure', 1)], [21, fin('peer')]),
    evidence: [3, 4],
    keeps: two([20, alert('peer', 100, 'no_renegotiation', 1)], [21, fin('peer')]),
  },
  {
    rule: 'tls13-6.2-close-on-fatal',
    grade: 'fail',
    breaks: three([20, alert('peer', 80, 'internal_error')], [5020, limit('fin')]),
    evidence: [3, 4],
    keeps: three([20, alert('peer', 80, 'internal_error')], [21, fin('peer')]),
  },
  {
    rule: 'tls12-7.2.2-sender-of-fatal-closes',
    grade: 'warn',
    breaks: two([20, alert('peer', 80, 'internal_error')], [21, data('peer', 3)]),
    evidence: [3, 4],
    keeps: two([19, data('peer', 3)], [20, alert('peer', 80, 'internal_error')], [21, reset('peer')]),
  },
  {
    rule: 'tls13-6.2-no-data-after-error',
    grade: 'fail',
    breaks: three([20, alert('peer', 80, 'internal_error')], [21, data('peer', 3)], [22, fin('peer')]),
    evidence: [3, 4],
    keeps: three([20, data('peer', 3)], [21, alert('peer', 80, 'internal_error')], [22, fin('peer')]),
  },
  {
    rule: 'tls12-7.2.2-reserved-alerts-unused',
    grade: 'fail',
    breaks: two([20, alert('peer', 21, 'decryption_failed')], [21, fin('peer')]),
    evidence: [3],
    keeps: two([20, alert('peer', 20, 'bad_record_mac')], [21, fin('peer')]),
  },
  {
    rule: 'tls13-6-alerts-encrypted',
    grade: 'fail',
    breaks: three([20, { ...alert('peer', 80, 'internal_error'), protected: false } as Entry[1]]),
    evidence: [3],
    keeps: three([20, alert('peer', 80, 'internal_error')]),
  },
  {
    rule: 'tls12-7.2-alerts-use-current-protection',
    grade: 'fail',
    breaks: two([20, { ...closeNotify('peer'), protected: false } as Entry[1]]),
    evidence: [3],
    keeps: two(...clean),
  },
  {
    rule: 'tls13-5.4-no-empty-alert',
    grade: 'fail',
    breaks: three([20, fault('empty-record', 'alert record without content')]),
    evidence: [3],
    keeps: three([20, fault('bad-record-mac')]),
  },
  {
    rule: 'tls12-6.2.1-no-empty-alert-record',
    grade: 'fail',
    breaks: two([20, fault('empty-record', 'alert record without content')]),
    evidence: [3],
    keeps: two([20, fault('bad-record-mac')]),
  },
  {
    rule: 'tls13-5.1-alert-not-fragmented',
    grade: 'warn',
    breaks: three([20, fault('alert-length', 'alert record of 1 bytes, not 2')]),
    evidence: [3],
    keeps: two([20, fault('alert-length', 'alert record of 1 bytes, not 2')]),
  },
  {
    rule: 'tls13-5.1-alert-not-coalesced',
    grade: 'warn',
    breaks: three([20, fault('alert-length', 'alert record of 4 bytes, not 2')]),
    evidence: [3],
    keeps: two([20, fault('alert-length', 'alert record of 4 bytes, not 2')]),
  },
  {
    rule: 'tls12-7.2.2-no-resume-after-fatal',
    grade: 'info',
    breaks: two([20, alert('peer', 80, 'internal_error')], [21, fin('peer')], accepted),
    evidence: [3, 5],
    keeps: two(...clean, accepted),
  },
  {
    rule: 'tls13-6-discard-tickets-after-failure',
    grade: 'info',
    breaks: three([20, alert('peer', 80, 'internal_error')], [21, fin('peer')], accepted),
    evidence: [3, 5],
    keeps: three([20, alert('peer', 80, 'internal_error')], [21, fin('peer')]),
  },
  {
    rule: 'tls13-6.1-close-notify-before-write-close',
    grade: 'info',
    who: 'local',
    breaks: [...open('TLSv1.3', { mode: 'abrupt-fin', looks: false }), [20, fin('local')]],
    evidence: [0, 3],
    keeps: [
      ...open('TLSv1.3', { mode: 'rapid', looks: false }),
      [20, closeNotify('local')],
      [20, fin('local')],
    ],
  },
  {
    rule: 'tls13-6.1-bare-fin-may-be-truncation',
    grade: 'info',
    who: 'local',
    breaks: [
      ...open('TLSv1.3', { ignoreUnexpectedEof: true }),
      [20, closeNotify('local')],
      [21, fin('peer')],
    ],
    evidence: [0, 4],
    keeps: [...open('TLSv1.3', { ignoreUnexpectedEof: true }), ...clean],
  },
  {
    rule: 'tls12-7.2.1-data-after-closure-ignored',
    grade: 'info',
    who: 'local',
    breaks: two([20, closeNotify('local')], [20, data('local', 1, true)], [21, closeNotify('peer')]),
    evidence: [3, 4],
    keeps: two([19, data('local', 1)], ...clean),
  },
];

describe('the closing rules of TLS', () => {
  it.each(CASES)('$rule is found broken ($grade), with its evidence', ({
    rule,
    grade,
    breaks,
    evidence,
    who,
  }) => {
    const found = evaluate(timeline(...breaks)).filter(
      (finding) => finding.rule === rule && finding.who === (who ?? 'peer'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ grade, evidence });
    expect(found[0]?.clause).toMatch(/^RFC \d+ §/u);
  });

  it.each(CASES)('$rule ($grade) is not found where it is kept', ({ rule, keeps, who }) => {
    const found = evaluate(timeline(...keeps)).filter(
      (finding) => finding.rule === rule && finding.who === (who ?? 'peer'),
    );
    expect(found).toEqual([]);
  });

  it('finds nothing in a clean close, whoever began', () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(evaluate(timeline(...open(version), ...clean))).toEqual([]);
      const peerFirst: Entry[] = [
        [20, closeNotify('peer')],
        [20, fin('peer')],
        [21, closeNotify('local')],
      ];
      expect(evaluate(timeline(...open(version), ...peerFirst))).toEqual([]);
    }
  });

  it('prints "expected" where the source has no capitalised keyword', () => {
    const [finding] = evaluate(timeline(...two([21, fin('peer')])));
    expect(finding?.level).toBe('expected');
  });

  it('has a case for every clause in the table', () => {
    const covered = new Set(CASES.map((entry) => entry.rule));
    expect(Object.keys(TLS_CLAUSES).filter((id) => !covered.has(id))).toEqual([]);
  });
});
