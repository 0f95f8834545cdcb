import type { CheckGrade, Diagnosis } from '../../timeline/diagnosis.ts';

/** A check that two servers answer differently. Undefined: it was not made there. */
export type Difference = {
  check: string;
  version: string;
  one: CheckGrade | undefined;
  other: CheckGrade | undefined;
};

/** What two diagnoses differ in, check by check: those of the first, then what only the second was asked. */
export function differences(one: Diagnosis, other: Diagnosis): Difference[] {
  const places = [...placesOf(one), ...placesOf(other)];
  const seen = new Set<string>();
  return places.flatMap(({ check, version }) => {
    const key = `${check} ${version}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const [first, second] = [gradeOf(one, check, version), gradeOf(other, check, version)];
    return first === second ? [] : [{ check, version, one: first, other: second }];
  });
}

function placesOf({ versions }: Diagnosis): { check: string; version: string }[] {
  return versions.flatMap(({ version, checks }) => checks.map(({ check }) => ({ check, version })));
}

function gradeOf({ versions }: Diagnosis, check: string, version: string): CheckGrade | undefined {
  return versions.find((each) => each.version === version)?.checks.find((each) => each.check === check)
    ?.grade;
}
