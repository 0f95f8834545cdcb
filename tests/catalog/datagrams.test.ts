import { describe, expect, it } from 'vitest';
import { judge } from '../../src/catalog/outcome.ts';
import { DTLS_CLAUSES } from '../../src/catalog/rules/dtls-clauses.ts';
import { evaluate } from '../../src/catalog/rules/tls.ts';
import type { Fact } from '../../src/timeline/event.ts';
import {
  alert,
  closeNotify,
  data,
  type Entry,
  limit,
  open,
  type PlanFact,
  plan,
  timeline,
} from './fake-timeline.ts';

const icmp: Fact = { kind: 'transport.unreachable', errno: 'ECONNREFUSED', detail: 'ICMP' };
const dropped = (reason: 'unprotected' | 'undecryptable', type = 21): Fact => ({
  kind: 'dropped',
  by: 'peer',
  reason,
  bytes: 15,
  detail: '',
  type,
});

function up(version: 'DTLSv1.2' | 'DTLSv1.3', changes: Partial<PlanFact> = {}): Entry[] {
  return open(version, { datagrams: true, ...changes });
}

const asClass = (...entries: readonly Entry[]) => judge(timeline(...entries));
const rules = (...entries: readonly Entry[]) =>
  evaluate(timeline(...entries)).map(({ rule, grade, who }) => `${grade} ${who} ${rule}`);

describe.each(['DTLSv1.2', 'DTLSv1.3'] as const)('how a %s association ended', (version) => {
  it('is clean when both sent close_notify, with no FIN to wait for', () => {
    const outcome = asClass(...up(version), [20, closeNotify('local')], [23, closeNotify('peer')]);
    expect(outcome).toMatchObject({
      class: 'clean',
      answerMs: 3,
      peerCloseNotify: 'after',
      closeNotifySent: 1,
      exitCode: 0,
    });
    expect(outcome.finMs).toBeUndefined();
  });

  it('is late when the answer took more than a second', () => {
    const outcome = asClass(...up(version), [20, closeNotify('local')], [1100, closeNotify('peer')]);
    expect(outcome).toMatchObject({ class: 'late', answerMs: 1080, exitCode: 0 });
  });

  it('is silent without an answer, and says that loss looks the same', () => {
    const once = asClass(...up(version), [20, closeNotify('local')], [5020, limit('close')]);
    expect(once).toMatchObject({ class: 'silent', exitCode: 1, closeNotifySent: 1 });
    expect(once.summary).toContain('may have been lost');
    expect(once.advice).toContain('--retry-close');
    const thrice = asClass(
      ...up(version),
      [20, closeNotify('local')],
      [1020, closeNotify('local')],
      [3020, closeNotify('local')],
      [5020, limit('close')],
    );
    expect(thrice.summary).toContain('sent 3 times');
  });

  it('is an alert when the peer sent one in answer', () => {
    const outcome = asClass(
      ...up(version),
      [20, closeNotify('local')],
      [22, alert('peer', 80, 'internal_error')],
    );
    expect(outcome).toMatchObject({ class: 'alert', alert: { description: 80 }, exitCode: 1 });
  });

  it('is alive when what was sent after our close is answered', () => {
    const asked: Entry[] = [
      ...up(version),
      [20, closeNotify('local')],
      [5020, limit('close')],
      [5021, data('local', 5, true)],
      [5023, data('peer', 5)],
    ];
    expect(asClass(...asked)).toMatchObject({ class: 'alive-after-close', exitCode: 1 });
    expect(asClass(...asked).summary).toContain('answered data that we sent after our close_notify');
    expect(asClass(...asked.slice(0, -1)).class).toBe('silent');
  });

  it('is alive when data still comes long after our close, not when it was on its way', () => {
    const closed: Entry[] = [...up(version), [20, closeNotify('local')]];
    expect(asClass(...closed, [1021, data('peer', 7)], [5020, limit('close')]).class).toBe(
      'alive-after-close',
    );
    expect(asClass(...closed, [1019, data('peer', 7)], [5020, limit('close')]).class).toBe('silent');
  });

  it('is unreachable when ICMP comes for our close, or for our first message', () => {
    const gone = asClass(...up(version), [20, closeNotify('local')], [21, icmp]);
    expect(gone).toMatchObject({ class: 'unreachable', exitCode: 1 });
    expect(gone.summary).toContain('when our close_notify came');
    const nobody = asClass(plan({ datagrams: true }), up(version)[1] as Entry, [2, icmp]);
    expect(nobody).toMatchObject({ class: 'unreachable', exitCode: 3 });
  });

  it('is not observed when nobody looked', () => {
    const left = asClass(...up(version, { mode: 'vanish', looks: false }));
    expect(left).toMatchObject({ class: 'not-observed', exitCode: 0 });
    expect(left.summary).toContain('left without a word');
  });

  it('counts what came beside it', () => {
    const outcome = asClass(
      ...up(version),
      [15, dropped('unprotected')],
      [16, dropped('unprotected', 22)],
      [17, dropped('undecryptable', 23)],
      [20, closeNotify('local')],
      [22, closeNotify('peer')],
      [23, data('peer', 64, true)],
    );
    expect(outcome).toMatchObject({
      class: 'clean',
      forgedAlerts: 1,
      undecryptable: 1,
      bytesAfterPeerClose: 64,
    });
  });

  it('knows nothing of what may be missing unless the length is known', () => {
    const ended: Entry[] = [
      [15, data('peer', 10)],
      [20, closeNotify('local')],
      [22, closeNotify('peer')],
    ];
    expect(asClass(...up(version), ...ended).truncationPossible).toBe('unknown');
    expect(asClass(...up(version, { expected: 10 }), ...ended).truncationPossible).toBe('no');
    expect(asClass(...up(version, { expected: 11 }), ...ended).truncationPossible).toBe('yes');
  });
});

describe('a handshake over datagrams', () => {
  const begun: Entry[] = [
    plan({ datagrams: true }),
    [1, { kind: 'transport.connected', remote: '192.0.2.1:4433', local: '192.0.2.2:50000' }],
  ];
  const limitFact: Fact = {
    kind: 'handshake.failed',
    blame: 'network',
    rule: 'limit',
    detail: 'the peer did not complete it within 10000 ms',
  };

  it('that nobody answers has failed, and may never have arrived', () => {
    const outcome = asClass(...begun, [10_000, limitFact]);
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(outcome.advice).toContain('nothing at all came back');
  });

  it('is interrupted when it was', () => {
    const outcome = asClass(...begun, [500, { kind: 'interrupted', signal: 'SIGINT' }]);
    expect(outcome).toMatchObject({ class: 'interrupted', exitCode: 130 });
  });
});

describe('the rules of DTLS', () => {
  const closed12: Entry[] = [...up('DTLSv1.2'), [20, closeNotify('local')]];
  const closed13: Entry[] = [...up('DTLSv1.3'), [20, closeNotify('local')]];
  const again: Entry[] = [
    [1020, closeNotify('local')],
    [3020, closeNotify('local')],
  ];

  it('count one close_notify that was lost for nothing, three as a warning', () => {
    expect(rules(...closed12, [5020, limit('close')])).toEqual([]);
    expect(rules(...closed12, ...again, [5020, limit('close')])).toEqual([
      'warn peer dtls12-inherits-close-notify',
    ]);
    expect(rules(...closed13, ...again, [5020, limit('close')])).toEqual([
      'warn peer dtls13-6.1-inherits-half-close',
    ]);
  });

  it('hold data after the close against who knew of it', () => {
    const asked: Entry[] = [
      [5021, data('local', 5, true)],
      [5023, data('peer', 5)],
    ];
    const notice = 'info local dtls13-5.10-data-after-closure-ignored';
    expect(rules(...closed13, ...asked)).toEqual([
      'warn peer dtls13-5.10-data-after-closure-ignored',
      notice,
    ]);
    expect(rules(...closed13, ...again, ...asked)).toEqual([
      'fail peer dtls13-5.10-data-after-closure-ignored',
      notice,
    ]);
    expect(rules(...closed13, [22, closeNotify('peer')], ...asked)).toContain(
      'fail peer dtls13-5.10-data-after-closure-ignored',
    );
  });

  it('grade data after its own close_notify by the version: only 1.3 goes by the numbers', () => {
    const after: Entry[] = [
      [22, closeNotify('peer')],
      [23, data('peer', 64, true)],
    ];
    expect(rules(...closed12, ...after)).toEqual(['info peer dtls12-inherits-close-notify']);
    expect(rules(...closed13, ...after)).toEqual(['fail peer dtls13-5.10-data-after-closure-ignored']);
    expect(rules(...closed13, [22, closeNotify('peer')], [23, data('peer', 64)])).toEqual([
      'info network dtls13-5.10-earlier-data-still-valid',
    ]);
  });

  it('see alerts repeated by themselves, and alerts that nobody signed', () => {
    const twice: Entry[] = [
      [22, closeNotify('peer')],
      [1022, closeNotify('peer')],
    ];
    expect(rules(...closed12, ...twice)).toEqual(['info peer dtls12-4.2.7-alerts-not-retransmitted']);
    expect(rules(...closed12, ...again, ...twice)).toEqual([]);
    expect(rules(...closed13, [21, dropped('unprotected')], [22, closeNotify('peer')])).toEqual([
      'info network dtls13-4.2.1-old-epoch-dropped',
    ]);
  });

  it('say what we did ourselves, and let it count for nothing', () => {
    const events = timeline(...up('DTLSv1.2', { mode: 'vanish', looks: false }));
    expect(evaluate(events)).toMatchObject([{ who: 'local', grade: 'info' }]);
    expect(judge(events).exitCode).toBe(0);
  });

  it('name a section each', () => {
    for (const { clause } of Object.values(DTLS_CLAUSES)) expect(clause).toMatch(/RFC (6347|9147) §\d/);
  });
});
