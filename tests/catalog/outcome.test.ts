import { describe, expect, it } from 'vitest';
import { judge } from '../../src/catalog/outcome.ts';
import type { Outcome, OutcomeClass } from '../../src/timeline/outcome.ts';
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
  plan,
  reset,
  timeline,
} from './fake-timeline.ts';

type Case = {
  says: string;
  entries: Entry[];
  is: Partial<Outcome> & { class: OutcomeClass; exitCode: number };
};

const RESET_INSIDE =
  'the peer reset the connection (ECONNRESET) inside a record (50 bytes of it had come), without close_notify, after our close_notify';

const CASES: Case[] = [
  {
    says: 'refused connection',
    entries: [plan(), [1, { kind: 'transport.unreachable', errno: 'ECONNREFUSED', detail: '' }]],
    is: { class: 'unreachable', exitCode: 3, closedFirst: 'none', truncationPossible: 'unknown' },
  },
  {
    says: 'a handshake that fails',
    entries: [
      ...open().slice(0, 2),
      [
        5,
        {
          kind: 'handshake.failed',
          blame: 'peer',
          rule: 'certificate-expired',
          detail: 'certificate has expired',
        },
      ],
    ],
    is: { class: 'handshake-failed', exitCode: 3 },
  },
  {
    says: 'FIN before the handshake is over',
    entries: [...open().slice(0, 2), [5, fin('peer')]],
    is: { class: 'handshake-failed', exitCode: 3 },
  },
  {
    says: 'an interrupt after our close_notify',
    entries: [...open(), [20, closeNotify('local')], [30, { kind: 'interrupted', signal: 'SIGINT' }]],
    is: { class: 'interrupted', exitCode: 130, closedFirst: 'local' },
  },
  {
    says: 'a SIGTERM before anything',
    entries: [plan(), [3, { kind: 'interrupted', signal: 'SIGTERM' }]],
    is: { class: 'interrupted', exitCode: 143 },
  },
  {
    says: "the peer's fatal alert",
    entries: [...open(), [20, alert('peer', 80, 'internal_error')], [21, fin('peer')]],
    is: {
      class: 'alert',
      exitCode: 1,
      closedFirst: 'peer',
      alert: { level: 2, description: 80, name: 'internal_error' },
    },
  },
  {
    says: 'a TLS 1.3 error alert at level warning',
    entries: [...open(), [20, alert('peer', 40, 'handshake_failure', 1)]],
    is: { class: 'alert', exitCode: 1 },
  },
  {
    says: 'a TLS 1.2 warning alert, then a clean close',
    entries: [
      ...open('TLSv1.2'),
      [20, alert('peer', 100, 'no_renegotiation', 1)],
      [21, closeNotify('local')],
      [22, closeNotify('peer')],
      [23, fin('peer')],
    ],
    is: { class: 'clean', exitCode: 0 },
  },
  {
    says: 'a record that does not decrypt',
    entries: [...open(), [20, fault('bad-record-mac', 'a record did not decrypt')], [21, fin('peer')]],
    is: { class: 'alert', exitCode: 1 },
  },
  {
    says: 'user_canceled, then close_notify and FIN',
    entries: [
      ...open(),
      [20, alert('peer', 90, 'user_canceled', 1)],
      [21, closeNotify('peer')],
      [22, closeNotify('local')],
      [23, fin('peer')],
    ],
    is: { class: 'clean', exitCode: 0, closedFirst: 'peer', peerCloseNotify: 'before' },
  },
  {
    says: 'FIN inside a record',
    entries: [...open(), [20, data('peer', 100)], [21, fin('peer')], [22, eof(37)]],
    is: {
      class: 'fin-mid-record',
      exitCode: 1,
      truncationPossible: 'yes',
      closedFirst: 'peer',
      bytesReceived: 100,
    },
  },
  {
    says: 'a reset before any close_notify',
    entries: [...open('TLSv1.3', { expected: 500 }), [20, data('peer', 100)], [21, reset('peer')]],
    is: { class: 'reset', exitCode: 1, unreadAtReset: 400, truncationPossible: 'yes', closedFirst: 'peer' },
  },
  {
    says: 'FIN in answer to our close_notify, nothing exchanged',
    entries: [...open(), [20, closeNotify('local')], [22, fin('peer')], [22, eof()]],
    is: { class: 'fin', exitCode: 1, closedFirst: 'local', finMs: 2, truncationPossible: 'yes' },
  },
  {
    says: 'RST in answer to our close_notify, nothing exchanged',
    entries: [...open(), [20, closeNotify('local')], [22, reset('peer')]],
    is: { class: 'reset', exitCode: 1, closedFirst: 'local', truncationPossible: 'yes' },
  },
  {
    says: 'RST inside a record',
    entries: [...open(), [20, closeNotify('local')], [22, reset('peer')], [22, eof(50)]],
    is: { class: 'reset', exitCode: 1, truncationPossible: 'yes', summary: RESET_INSIDE },
  },
  {
    says: 'a fatal alert in answer to our close_notify, nothing exchanged',
    entries: [...open(), [20, closeNotify('local')], [22, alert('peer', 80, 'internal_error')]],
    is: { class: 'alert', exitCode: 1, truncationPossible: 'unknown' },
  },
  {
    says: 'FIN after data',
    entries: [...open(), [20, data('peer', 1)], [22, fin('peer')]],
    is: { class: 'fin', exitCode: 1, truncationPossible: 'yes', peerCloseNotify: 'none' },
  },
  {
    says: 'FIN after all the data that was expected',
    entries: [...open('TLSv1.3', { expected: 10 }), [20, data('peer', 10)], [22, fin('peer')]],
    is: { class: 'fin', exitCode: 1, truncationPossible: 'no' },
  },
  {
    says: 'no answer within the limit',
    entries: [...open(), [20, closeNotify('local')], [5020, limit('close')]],
    is: { class: 'silent', exitCode: 1, peerCloseNotify: 'none', closedFirst: 'local' },
  },
  {
    says: '--wait-peer in vain, although it answers our own close later',
    entries: [
      ...open('TLSv1.3', { mode: 'wait-peer' }),
      [5010, limit('close')],
      [5011, closeNotify('local')],
      [5012, closeNotify('peer')],
    ],
    is: { class: 'silent', exitCode: 1, peerNeverClosed: true },
  },
  {
    says: 'RST after close_notify',
    entries: [...open(), [20, closeNotify('local')], [22, closeNotify('peer')], [23, reset('peer')]],
    is: { class: 'reset-after-close', exitCode: 1, truncationPossible: 'no', answerMs: 2 },
  },
  {
    says: 'RST that came before a close_notify was looked at, but after it arrived',
    entries: [...open(), [20, closeNotify('local')], [23, reset('peer')], [24, closeNotify('peer'), 22]],
    is: { class: 'reset-after-close', exitCode: 1, answerMs: 2 },
  },
  {
    says: 'close_notify without FIN',
    entries: [...open(), [20, closeNotify('local')], [22, closeNotify('peer')], [5022, limit('fin')]],
    is: { class: 'held-open', exitCode: 1, answerMs: 2, truncationPossible: 'no' },
  },
  {
    says: 'an answer after more than a second',
    entries: [...open(), [20, closeNotify('local')], [1021, closeNotify('peer')], [1022, fin('peer')]],
    is: { class: 'late', exitCode: 0, answerMs: 1001, finMs: 1002 },
  },
  {
    says: 'a clean close, ours first',
    entries: [
      ...open(),
      [20, closeNotify('local')],
      [25, data('peer', 7), 21],
      [25, closeNotify('peer'), 22.5],
      [26, fin('peer')],
    ],
    is: {
      class: 'clean',
      exitCode: 0,
      closedFirst: 'local',
      peerCloseNotify: 'after',
      answerMs: 2.5,
      finMs: 6,
      bytesAfterOurClose: 7,
      bytesReceived: 7,
      truncationPossible: 'no',
    },
  },
  {
    says: "the peer's close_notify, arrived before ours went out and read after it",
    entries: [...open(), [20, closeNotify('local')], [21, closeNotify('peer'), 15], [21, fin('peer'), 16]],
    is: { class: 'clean', exitCode: 0, closedFirst: 'peer', peerCloseNotify: 'before' },
  },
  {
    says: 'data that had arrived before our close_notify is not after it',
    entries: [
      ...open(),
      [20, closeNotify('local')],
      [21, data('peer', 5), 15],
      [22, closeNotify('peer')],
      [23, fin('peer')],
    ],
    is: { class: 'clean', exitCode: 0, bytesAfterOurClose: 0, bytesReceived: 5 },
  },
  {
    says: '--rapid',
    entries: [
      ...open('TLSv1.3', { mode: 'rapid', looks: false }),
      [20, closeNotify('local')],
      [20, fin('local')],
    ],
    is: { class: 'not-observed', exitCode: 0, closedFirst: 'local', truncationPossible: 'unknown' },
  },
  {
    says: '--rapid on a connection that was reset before',
    entries: [...open('TLSv1.3', { mode: 'rapid', looks: false }), [20, reset('peer')]],
    is: { class: 'reset', exitCode: 1 },
  },
  {
    says: '--abrupt fin with --linger, the peer closing well',
    entries: [
      ...open('TLSv1.3', { mode: 'abrupt-fin', looks: true }),
      [20, fin('local')],
      [21, closeNotify('peer')],
      [22, fin('peer')],
    ],
    is: { class: 'clean', exitCode: 0, peerCloseNotify: 'after', closedFirst: 'local' },
  },
];

describe('judge: the class of a close and the facts beside it', () => {
  it.each(CASES)('$says: $is.class', ({ entries, is }) => {
    expect(judge(timeline(...entries))).toMatchObject(is);
  });

  it('says in one sentence who ended it and how', () => {
    for (const { entries } of CASES) {
      const { summary } = judge(timeline(...entries));
      expect(summary).toMatch(/^[a-z]/u);
      expect(summary).not.toMatch(/undefined|\n/u);
    }
  });

  it('looks at one connection only', () => {
    const events = timeline(...open(), [20, reset('peer'), undefined, 'resume']);
    expect(judge(events).class).toBe('silent');
  });

  it('judges the second connection of a run by the same plan', () => {
    const second = open('TLSv1.3').slice(1);
    const events = timeline(
      ...open('TLSv1.3', { mode: 'rapid', looks: false }),
      ...[...second, [20, closeNotify('local')] as const, [20, fin('local')] as const].map(
        ([t, fact]): Entry => [t, fact, undefined, 'resume'],
      ),
    );
    expect(judge(events, 'resume')).toMatchObject({ class: 'not-observed', exitCode: 0 });
  });

  it('says what an interrupted run was doing', () => {
    const words = [
      'connect',
      'starttls',
      'handshake',
      'exchange',
      'idle',
      'close',
      'fin',
      'linger',
      'then',
    ].map((name) => {
      const events = timeline(
        plan(),
        [1, { kind: 'phase', name }],
        [2, { kind: 'interrupted', signal: 'SIGINT' }],
      );
      return judge(events).summary;
    });
    expect(new Set(words).size).toBe(words.length);
    expect(words[0]).toBe('the run was interrupted (SIGINT) while it was connecting');
  });

  it('reports what became of writing after a FIN only where there was one', () => {
    const observed = { kind: 'transport.reset-after-fin', observed: 'yes' } as const;
    const closed: Entry[] = [
      ...open(),
      [20, closeNotify('peer')],
      [21, closeNotify('local')],
      [22, fin('peer')],
    ];
    expect(judge(timeline(...closed, [30, observed]))).toMatchObject({
      class: 'clean',
      resetAfterFin: 'yes',
    });
    expect(judge(timeline(...open(), [30, observed])).resetAfterFin).toBeUndefined();
  });

  it("takes a reset after the peer's FIN for no reset", () => {
    const events = timeline(
      ...open(),
      [20, closeNotify('peer')],
      [20, fin('peer')],
      [21, closeNotify('local')],
      [22, reset('peer')],
    );
    expect(judge(events).class).toBe('clean');
  });
});

describe('the exit code', () => {
  const clean: Entry[] = [
    ...open(),
    [20, closeNotify('local')],
    [21, closeNotify('peer')],
    [22, fin('peer')],
  ];
  const finding = (grade: 'info' | 'warn' | 'fail', who: 'local' | 'peer'): Entry => [
    23,
    { kind: 'finding', rule: 'r', clause: 'c', grade, level: 'MUST', who, text: 't', evidence: [] },
  ];

  it('is 1 for a finding at or above the grade that fails', () => {
    expect(judge(timeline(...clean, finding('fail', 'peer'))).exitCode).toBe(1);
    expect(judge(timeline(...clean, finding('warn', 'peer'))).exitCode).toBe(0);
    const strict: Entry[] = [plan({ failOn: 'warn' }), ...clean.slice(1)];
    expect(judge(timeline(...strict, finding('warn', 'peer'))).exitCode).toBe(1);
    expect(judge(timeline(...strict, finding('info', 'peer'))).exitCode).toBe(0);
  });

  it('never fails for what we did on purpose', () => {
    expect(judge(timeline(...clean, finding('fail', 'local'))).exitCode).toBe(0);
  });
});
