import type { ProbeRun } from '../../driver/diagnose/run.ts';
import {
  type CheckFinding,
  type CheckGrade,
  type CheckReport,
  type CheckVersion,
  worstGrade,
} from '../../timeline/diagnosis.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import { at } from '../close-facts.ts';
import { effectOf } from '../probes/effects.ts';
import { FIXES } from '../probes/fixes.ts';
import type { Hit, Probe, ProbeOf, ProbeRule } from '../probes/probe.ts';
import { opened, readTold, type Told } from '../probes/told.ts';

/** What the repetitions of one probe come to. Runs that were cut off prove nothing and are not among them. */
export function judgeProbe(
  probe: Probe,
  version: '1.2' | '1.3',
  runs: readonly ProbeRun[],
  options: { strict: boolean },
): CheckReport {
  const repetitions = runs.map(({ events }) => {
    const told = readTold(events, version);
    return { told, unreached: notReached(probe, told) };
  });
  return judgeTold(probe, version, repetitions, options);
}

/** What one repetition told, and why there is nothing in it to judge. */
export type Repetition<T> = { told: T; unreached: Hit | undefined };

/** The same for the probes of any protocol. */
export function judgeTold<T extends { version: V }, V extends CheckVersion>(
  probe: Pick<ProbeOf<unknown, T, V>, 'id' | 'asks' | 'passes' | 'rules'>,
  version: V,
  repetitions: readonly Repetition<T>[],
  options: { strict: boolean },
): CheckReport {
  const judged = settle(repetitions.map((repetition) => judgeOne(probe.rules, repetition, options.strict)));
  const grades = judged.map((verdicts) => worstGrade(verdicts.map(({ grade }) => grade)));
  const spread: Partial<Record<CheckGrade, number>> = {};
  for (const grade of grades) spread[grade] = (spread[grade] ?? 0) + 1;
  return {
    check: probe.id,
    version,
    asks: probe.asks,
    grade: worstGrade(grades),
    passes: probe.passes,
    repetitions: repetitions.length,
    spread,
    findings: gather(judged.flat(), repetitions.length),
  };
}

/** Of a rule, whatever it judges. */
type RuleFacts = Pick<ProbeRule, 'id' | 'clause' | 'silent' | 'effect' | 'fix'>;
type Verdict = { rule: RuleFacts; hit: Hit; grade: CheckGrade };

/** Every rule that one repetition shows. */
function judgeOne<T extends { version: V }, V extends CheckVersion>(
  rules: readonly ProbeRule<T, V>[],
  { told, unreached }: Repetition<T>,
  strict: boolean,
): Verdict[] {
  if (unreached !== undefined) return [{ rule: NOT_REACHED, hit: unreached, grade: 'inconclusive' }];
  return rules.flatMap((rule) => {
    const hit = rule.when(told);
    if (hit === undefined) return [];
    const grade = hit.grade ?? rule.grade;
    const must = strict && grade === 'warn' && rule.must?.includes(told.version) === true;
    return [{ rule, hit, grade: must ? ('fail' as const) : grade }];
  });
}

/** Silence that was not met every time, or not often enough, may have been loss (RFC 9000 has no way to tell). */
function settle(judged: readonly Verdict[][]): Verdict[][] {
  const isSure = ({ rule }: Verdict): boolean =>
    judged.length >= SURE && judged.every((verdicts) => verdicts.some((one) => one.rule.id === rule.id));
  return judged.map((verdicts) =>
    verdicts.map((verdict) =>
      verdict.rule.silent !== true || isSure(verdict) ? verdict : { ...verdict, grade: 'inconclusive' },
    ),
  );
}

/** No connection of this repetition came to be: nothing can be said. */
function notReached(probe: Probe, told: Told): Hit | undefined {
  const shaking = probe.connections.every((plan) => plan.shaking === true);
  const there = shaking ? told.conns.some(({ ourFin }) => ourFin !== undefined) : opened(told).length > 0;
  if (there) return undefined;
  const [conn] = told.conns;
  const failed = conn?.unreachable ?? conn?.handshakeFailed;
  const errno = conn?.unreachable === undefined ? '' : `${conn.unreachable.errno}: `;
  const why = failed === undefined ? '' : `: ${errno}${failed.detail}`;
  const text = `no connection could be made${why}`;
  return { text, evidence: [failed], who: 'network' };
}

/** The same rule and grade, over all repetitions, as one finding. */
function gather(verdicts: readonly Verdict[], of: number): CheckFinding[] {
  const found = new Map<string, CheckFinding>();
  for (const { rule, hit, grade } of verdicts) {
    const key = `${rule.id} ${grade}`;
    const known = found.get(key);
    found.set(
      key,
      known === undefined ? toFinding(rule, hit, grade, of) : { ...known, seen: known.seen + 1 },
    );
  }
  return [...found.values()];
}

function toFinding(rule: RuleFacts, hit: Hit, grade: CheckGrade, of: number): CheckFinding {
  const evidence = hit.evidence
    .filter((event): event is TimelineEvent => event !== undefined)
    .sort((one, other) => at(one) - at(other) || one.seq - other.seq);
  return {
    rule: rule.id,
    grade,
    who: hit.who ?? 'peer',
    clause: rule.clause,
    text: hit.text,
    seen: 1,
    of,
    evidence,
    effect: rule.effect === undefined ? [] : effectOf(rule.effect),
    fixes: rule.fix === undefined ? [] : FIXES[rule.fix],
  };
}

const NOT_REACHED: RuleFacts = { id: 'not-reached', clause: '' };
/** Repetitions after which silence is believed. */
const SURE = 3;
