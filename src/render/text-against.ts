import type { CheckGrade, Diagnosis } from '../timeline/diagnosis.ts';
import { fitRow, type Page, type Row } from './layout.ts';

type Difference = {
  check: string;
  version: string;
  one: CheckGrade | undefined;
  other: CheckGrade | undefined;
};

/** Two servers beside each other: only what they are not alike in. */
export function toAgainstText(
  one: Diagnosis,
  other: Diagnosis,
  differences: readonly Difference[],
  page: Page,
): string[] {
  const width = Math.max(0, ...differences.map(({ check }) => check.length));
  const rows: Row[] = [
    { body: [{ text: `${one.target} against ${other.target}`, tone: 'strong' }] },
    ...differences.map(
      (each): Row => ({
        lead: [{ text: `  ${each.check.padEnd(width)}  ${each.version}  ` }],
        body: [{ text: `${each.one ?? 'not made'} against ${each.other ?? 'not made'}` }],
      }),
    ),
    ...(differences.length === 0 ? [{ body: [{ text: '  no check tells them apart' }] }] : []),
  ];
  return rows.flatMap((row) => fitRow(row, page));
}
