import type { ProbeRun } from '../../driver/diagnose/run.ts';
import {
  type CheckFinding,
  type CheckGrade,
  type CheckReport,
  worstGrade,
} from '../../timeline/diagnosis.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import { effectOf } from '../probes/effects.ts';
import { FIXES } from '../probes/fixes.ts';
import type { Hit, Probe, ProbeRule } from '../probes/probe.ts';
import { opened, readTold, type Told } from '../probes/told.ts';

/** What the repetitions of one probe come to. Runs that were cut off prove nothing and are not among them. */
export function judgeProbe(
  probe: Probe,
  version: '1.2' | '1.3',
  runs: readonly ProbeRun[],
  options: { strict: boolean },
): CheckReport {
  const judged = runs.map((run) => judgeRun(probe, readTold(run.events, version), options.strict));
  const spread: Partial<Record<CheckGrade, number>> = {};
  for (const { grade } of judged) spread[grade] = (spread[grade] ?? 0) + 1;
  return {
    check: probe.id,
    version,
    asks: probe.asks,
    grade: worstGrade(judged.map(({ grade }) => grade)),
    passes: probe.passes,
    repetitions: runs.length,
    spread,
    findings: gather(
      judged.flatMap(({ verdicts }) => verdicts),
      runs.length,
    ),
  };
}

type Verdict = { rule: ProbeRule; hit: Hit; grade: CheckGrade };

/** Every rule that one repetition shows. */
function judgeRun(probe: Probe, told: Told, strict: boolean): { grade: CheckGrade; verdicts: Verdict[] } {
  const unreached = notReached(probe, told);
  if (unreached !== undefined) return { grade: 'inconclusive', verdicts: [unreached] };
  const verdicts = probe.rules.flatMap((rule) => {
    const hit = rule.when(told);
    if (hit === undefined) return [];
    const grade = hit.grade ?? rule.grade;
    const must = strict && grade === 'warn' && rule.must?.includes(told.version) === true;
    return [{ rule, hit, grade: must ? ('fail' as const) : grade }];
  });
  return { grade: worstGrade(verdicts.map(({ grade }) => grade)), verdicts };
}

/** No connection of this repetition came to be: nothing can be said. */
function notReached(probe: Probe, told: Told): Verdict | undefined {
  const shaking = probe.connections.every((plan) => plan.shaking === true);
  const there = shaking ? told.conns.some(({ ourFin }) => ourFin !== undefined) : opened(told).length > 0;
  if (there) return undefined;
  const [conn] = told.conns;
  const failed = conn?.unreachable ?? conn?.handshakeFailed;
  const text =
    failed === undefined ? 'no connection could be made' : `no connection could be made: ${failed.detail}`;
  return { rule: NOT_REACHED, hit: { text, evidence: [failed], who: 'network' }, grade: 'inconclusive' };
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

function toFinding(rule: ProbeRule, hit: Hit, grade: CheckGrade, of: number): CheckFinding {
  const evidence = hit.evidence.filter((event): event is TimelineEvent => event !== undefined);
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

const NOT_REACHED: ProbeRule = {
  id: 'not-reached',
  grade: 'inconclusive',
  clause: '',
  says: 'no connection could be made',
  when: () => undefined,
};
