import type { TimelineEvent } from '../timeline/event.ts';
import type { Finding, Grade, OutcomeClass } from '../timeline/outcome.ts';

/** 0 fine · 1 not as it should be · 3 the shutdown was never reached · 130, 143 interrupted. */
export function exitCodeOf(events: readonly TimelineEvent[], conn: string, name: OutcomeClass): number {
  switch (name) {
    case 'unreachable':
    case 'no-version':
    case 'handshake-failed':
      return 3;
    case 'interrupted':
      return events.some((event) => event.kind === 'interrupted' && event.signal === 'SIGTERM') ? 143 : 130;
    case 'clean':
    case 'late':
    case 'not-observed':
      return fails(events, conn) ? 1 : 0;
    case 'alert':
    case 'fin-mid-record':
    case 'reset':
    case 'fin':
    case 'alive-after-close':
    case 'silent':
    case 'reset-after-close':
    case 'held-open':
    case 'stateless-reset':
    case 'peer-closed':
    case 'idle-timeout':
    case 'never-quiet':
      return 1;
  }
}

/** The exit code of several runs is the worst one's. */
export function worstOf<T extends { exitCode: number }>(first: T, rest: readonly T[]): T {
  return rest.reduce((worst, item) => (item.exitCode > worst.exitCode ? item : worst), first);
}

/** How often each class came. */
export function distributionOf(
  outcomes: readonly { class: OutcomeClass }[],
): Partial<Record<OutcomeClass, number>> {
  const counts: Partial<Record<OutcomeClass, number>> = {};
  for (const outcome of outcomes) counts[outcome.class] = (counts[outcome.class] ?? 0) + 1;
  return counts;
}

/** What we did on purpose is on the timeline as a notice; it never fails a run. */
function weighs(finding: Finding, failOn: Grade): boolean {
  return finding.who !== 'local' && GRADE_ORDER[finding.grade] >= GRADE_ORDER[failOn];
}

function fails(events: readonly TimelineEvent[], conn: string): boolean {
  const plan = events.find((event) => event.kind === 'plan');
  const failOn = plan?.kind === 'plan' ? plan.failOn : 'fail';
  return events.some((event) => event.kind === 'finding' && event.conn === conn && weighs(event, failOn));
}

const GRADE_ORDER: Readonly<Record<Grade, number>> = { pass: 0, info: 1, warn: 2, fail: 3 };
