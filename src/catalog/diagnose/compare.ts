import { CHECK_GRADES, type CheckGrade, type Diagnosis } from '../../timeline/diagnosis.ts';

/** A check whose grade is not what it was. `before`: undefined where it was not made then. */
export type Change = { check: string; version: string; before: CheckGrade | undefined; now: CheckGrade };

type Graded = {
  versions: readonly { version: string; checks: readonly { check: string; grade: CheckGrade }[] }[];
};

/** What has another grade than in the diagnosis before, in the order of the checks. */
export function changesSince(before: Graded, now: Diagnosis): Change[] {
  return now.versions.flatMap(({ version, checks }) =>
    checks.flatMap(({ check, grade }) => {
      const old = before.versions
        .find((one) => one.version === version)
        ?.checks.find((one) => one.check === check)?.grade;
      return old === grade ? [] : [{ check, version, before: old, now: grade }];
    }),
  );
}

/** Is it a failure that was none, or worse than it was? */
export function isWorse({ before, now }: Change): boolean {
  if (before === undefined) return now === 'fail';
  return CHECK_GRADES.indexOf(now) > CHECK_GRADES.indexOf(before) && (now === 'fail' || now === 'warn');
}

/** Reads what `--json` printed. Undefined: it is something else. */
export function readBaseline(value: unknown): Graded | undefined {
  if (!isRecord(value) || value.schema !== 'sslshut/1' || value.command !== 'diagnose') return undefined;
  if (!Array.isArray(value.versions)) return undefined;
  const versions = value.versions.filter(isRecord).map(({ version, checks }) => ({
    version: String(version),
    checks: (Array.isArray(checks) ? checks.filter(isRecord) : []).flatMap(({ check, grade }) => {
      const known = CHECK_GRADES.find((one) => one === grade);
      return known === undefined ? [] : [{ check: String(check), grade: known }];
    }),
  }));
  return { versions };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
