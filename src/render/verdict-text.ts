import type { Finding, Grade, Outcome, OutcomeClass } from '../timeline/outcome.ts';
import type { Span, Tone } from './layout.ts';

/** The verdict in rows of spans: the class and what happened, then what hangs on it, then what to do. */
export function toVerdict(
  outcome: Outcome,
  findings: readonly Finding[],
): { headline: Span[]; basis: readonly string[]; advice: string | undefined } {
  const tone = verdictTone(outcome.class, outcome.exitCode);
  return {
    headline: [{ text: outcome.class, tone }, { text: `: ${outcome.summary}` }],
    basis: basis(outcome, findings),
    advice: outcome.advice,
  };
}

/** The worst first; of equal grade, as found. */
export function byGrade(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => GRADE_ORDER[b.grade] - GRADE_ORDER[a.grade]);
}

export function gradeTone(grade: Grade): Tone {
  return GRADE_TONES[grade];
}

/** A good class does not look good when a finding made the run fail. */
export function verdictTone(name: OutcomeClass, exitCode = 0): Tone {
  return spoiled(name, exitCode) ? 'bad' : VERDICT_TONES[name];
}

function spoiled(name: OutcomeClass, exitCode: number): boolean {
  return exitCode === 1 && ['clean', 'late', 'not-observed'].includes(name);
}

/** Milliseconds for people: one decimal below a second, then seconds. */
export function duration(ms: number): string {
  if (ms < 1000) return `${trim(ms.toFixed(1))} ms`;
  return `${trim((ms / 1000).toFixed(2))} s`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${String(n).replace(/\B(?=(?:\d{3})+$)/gu, ' ')} ${n === 1 ? one : many}`;
}

function basis(outcome: Outcome, findings: readonly Finding[]): string[] {
  const parts = [];
  if (outcome.closedFirst !== 'none') {
    parts.push(`closed first: ${outcome.closedFirst === 'local' ? 'we did' : 'the peer'}`);
  }
  // Before the shutdown there was no data to lose.
  if (outcome.exitCode !== 3) parts.push(`truncation possible: ${outcome.truncationPossible}`);
  const clause = byGrade(findings).find(({ grade, who }) => grade !== 'pass' && who !== 'local')?.clause;
  if (clause !== undefined) parts.push(clause);
  if (spoiled(outcome.class, outcome.exitCode)) parts.push('exit code 1 for what was found above');
  return parts;
}

function trim(number: string): string {
  return number.replace(/\.?0+$/, '');
}

const VERDICT_TONES: Readonly<Record<OutcomeClass, Tone>> = {
  unreachable: 'bad',
  'no-version': 'bad',
  'stateless-reset': 'bad',
  'peer-closed': 'warn',
  'idle-timeout': 'bad',
  'never-quiet': 'bad',
  'handshake-failed': 'bad',
  interrupted: 'warn',
  alert: 'bad',
  'fin-mid-record': 'bad',
  reset: 'bad',
  fin: 'bad',
  'alive-after-close': 'bad',
  silent: 'bad',
  'reset-after-close': 'warn',
  'held-open': 'warn',
  late: 'warn',
  clean: 'good',
  'not-observed': 'faint',
};

const GRADE_TONES: Readonly<Record<Grade, Tone>> = { pass: 'good', info: 'faint', warn: 'warn', fail: 'bad' };
const GRADE_ORDER: Readonly<Record<Grade, number>> = { pass: 0, info: 1, warn: 2, fail: 3 };
