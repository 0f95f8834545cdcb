import {
  CHECK_GRADES,
  type CheckFinding,
  type CheckGrade,
  type CheckReport,
  type Diagnosis,
  type VersionReport,
} from '../timeline/diagnosis.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import { capPeerText } from './escape.ts';
import { fitRow, type Page, type Row, type Span, type Tone } from './layout.ts';
import { describeEvent } from './text-event.ts';
import { count, duration } from './verdict-text.ts';

/** A diagnosis for a terminal: each version's grade, what was found with its evidence, what users see of it, what to do. */
export function toDiagnosisText(diagnosis: Diagnosis, page: Page & { verbose: boolean }): string[] {
  const { versions } = diagnosis;
  const protocol = PROTOCOLS[diagnosis.protocol];
  const rows = [
    ...versions.map((version) => headRow(version, protocol)),
    BLANK,
    ...foundIn(versions).flatMap((found) => findingRows(found, { verbose: page.verbose, protocol })),
    ...(page.verbose ? passedRows(versions, protocol) : passedRow(versions)),
    ...leftRows(versions),
    ...(versions.some(({ state }) => state === 'checked') ? [BLANK] : []),
    ...fixRows(diagnosis, page.verbose),
    conclusion(diagnosis),
  ];
  return rows.flatMap((row) => fitRow(row, page));
}

/** The verdict alone. */
export function toDiagnosisLine(diagnosis: Diagnosis, page: Page): string[] {
  return fitRow(conclusion(diagnosis), page);
}

function headRow(report: VersionReport, protocol: string): Row {
  const name: Span = { text: `${protocol} ${report.version}`, tone: 'strong' };
  if (report.state === 'not-offered') {
    const why = capPeerText(report.reason ?? 'no handshake');
    return { body: [name, { text: `  not checked: ${why}`, tone: 'faint' }] };
  }
  const grade: Span = { text: report.grade, tone: GRADE_TONES[report.grade] };
  return { body: [name, { text: '  ' }, grade, { text: `  ${exchangeText(report)}`, tone: 'faint' }] };
}

function exchangeText({ exchange, keepAlive }: VersionReport): string {
  const over = EXCHANGES[exchange];
  if (over === undefined) return 'without an exchange: only what needs no answer was checked';
  return keepAlive ? over : `${over}, one request for each connection`;
}

/** A finding, once for all versions that show it alike. `only`: where another version was checked and does not. */
type Found = { check: string; finding: CheckFinding; versions: string[]; only: boolean };

function foundIn(versions: readonly VersionReport[]): Found[] {
  const found = new Map<string, Found>();
  for (const { version, checks } of versions) {
    for (const { check, findings } of checks) {
      for (const finding of findings) {
        const key = [check, finding.rule, finding.grade, finding.text].join(' ');
        const known = found.get(key);
        if (known === undefined) found.set(key, { check, finding, versions: [version], only: true });
        else known.versions.push(version);
      }
    }
  }
  const all = [...found.values()];
  for (const one of all) {
    const asked = versions.filter(({ checks }) => checks.some(({ check }) => check === one.check));
    one.only = asked.length > one.versions.length;
  }
  return all.sort((a, b) => CHECK_GRADES.indexOf(b.finding.grade) - CHECK_GRADES.indexOf(a.finding.grade));
}

function passed({ checks }: VersionReport): CheckReport[] {
  return checks.filter(({ findings }) => findings.length === 0);
}

function passedRow(versions: readonly VersionReport[]): Row[] {
  const names = new Set(versions.flatMap(passed).map(({ check }) => check));
  const failed = versions.flatMap(({ checks }) => checks).filter(({ findings }) => findings.length > 0);
  for (const { check } of failed) names.delete(check);
  return names.size === 0 ? [] : [lead('passed', 'pass', [{ text: [...names].join(', '), tone: 'faint' }])];
}

function passedRows(versions: readonly VersionReport[], protocol: string): Row[] {
  return versions.flatMap((version) =>
    passed(version).map(({ check, passes }) =>
      lead('pass', 'pass', [
        { text: check, tone: 'strong' },
        { text: ` ${protocol} ${version.version}: ${passes}`, tone: 'faint' },
      ]),
    ),
  );
}

function findingRows(
  { check, finding, versions, only }: Found,
  { verbose, protocol }: { verbose: boolean; protocol: string },
): Row[] {
  const { grade, text, clause, seen, of, who, effect } = finding;
  const often = seen === of ? '' : ` (${seen} of ${of} times)`;
  const where = only ? ` (${protocol} ${versions.join(', ')} only)` : '';
  const by = who === 'peer' ? '' : ` · ${who === 'local' ? 'we' : who}`;
  const rows: Row[] = [
    lead(GRADE_WORDS[grade], grade, [
      { text: check, tone: 'strong' },
      { text: ` ${capPeerText(text)}${often}${where}` },
      ...(clause === '' ? [] : [{ text: `  ${clause}${by}`, tone: 'faint' as const }]),
    ]),
  ];
  const serious = grade === 'fail' || grade === 'warn';
  if (serious || verbose) rows.push(...evidenceRows(finding));
  if (effect.length > 0 && serious) rows.push(effectRow(effect, verbose));
  return rows;
}

/** The events that prove it, one line: when and what. */
function evidenceRows({ evidence }: CheckFinding): Row[] {
  const [first] = evidence;
  const start = first === undefined ? 0 : (first.arrived ?? first.t);
  const words = evidence.flatMap((event) => eventText(event, start) ?? []);
  return words.length === 0 ? [] : [indented('seen', words.join(' · '))];
}

/** `start`: when the first of them was; the others count from it. */
function eventText(event: TimelineEvent, start: number): string | undefined {
  const told = describeEvent(event, undefined, true);
  if (told === undefined) return undefined;
  const what = told.spans
    .map(({ text }) => text)
    .join('')
    .trim();
  const side = told.side === 'none' ? '' : told.side === 'local' ? 'we: ' : 'peer: ';
  const after = (event.arrived ?? event.t) - start;
  return `${after > 0 ? `+${duration(after)} ` : ''}${side}${what}`;
}

function effectRow(effect: CheckFinding['effect'], verbose: boolean): Row {
  const shown = effect.slice(0, verbose ? effect.length : MOST_EFFECTS);
  const more = effect.length - shown.length;
  const text = shown.map(({ program, message }) => `${program}: "${shortened(message)}"`).join(' · ');
  return indented('users', `${text}${more > 0 ? ` · and ${more} more` : ''}`);
}

function shortened(message: string): string {
  return message.length > MOST_MESSAGE ? `${message.slice(0, MOST_MESSAGE)}…` : message;
}

function leftRows(versions: readonly VersionReport[]): Row[] {
  const left = versions.flatMap((version) => version.left);
  const reasons = [...new Set(left.map(({ why }) => why))];
  return reasons.map((why) => {
    const checks = new Set(left.filter((one) => one.why === why).map(({ check }) => check));
    return lead('left out', 'inconclusive', [{ text: `${[...checks].join(', ')}: ${why}`, tone: 'faint' }]);
  });
}

/** What to do about it, once for each remedy. */
function fixRows(diagnosis: Diagnosis, verbose: boolean): Row[] {
  const findings = diagnosis.versions
    .flatMap(({ checks }) => checks)
    .flatMap((check) => check.findings.map((finding) => ({ check: check.check, finding })))
    .filter(({ finding }) => finding.grade === 'fail' || finding.grade === 'warn');
  const remedies = new Map<string, { checks: Set<string>; fixes: CheckFinding['fixes'] }>();
  for (const { check, finding } of findings) {
    if (finding.fixes.length === 0) continue;
    const key = JSON.stringify(finding.fixes);
    const known = remedies.get(key) ?? { checks: new Set<string>(), fixes: finding.fixes };
    known.checks.add(check);
    remedies.set(key, known);
  }
  return [...remedies.values()].flatMap(({ checks, fixes }, at) => [
    { body: [{ text: `To put right ${[...checks].join(', ')}:`, tone: 'strong' as const }] },
    ...(verbose || at < MOST_REMEDIES ? fixes : []).map(({ where, what }) => ({
      lead: [{ text: `  ${where.padEnd(9)} `, tone: 'faint' as const }],
      body: [{ text: what }],
    })),
    ...(verbose || at < MOST_REMEDIES ? [] : [indented('', '--verbose shows how')]),
    BLANK,
  ]);
}

function conclusion({ target, grade, counts, stopped, versions }: Diagnosis): Row {
  const parts = (['fail', 'warn', 'info', 'inconclusive', 'pass'] as const)
    .filter((one) => counts[one] > 0)
    .map((one) => `${counts[one]} ${one}`);
  const checked = versions.some(({ state }) => state === 'checked');
  return {
    body: [
      { text: checked ? grade : 'not reached', tone: checked ? GRADE_TONES[grade] : 'bad' },
      { text: `: ${target}` },
      { text: parts.length === 0 ? '' : `, ${count(sum(counts), 'check')}: ${parts.join(', ')}` },
      { text: stopped === undefined ? '' : `; ${capPeerText(stopped)}` },
    ],
    indent: 2,
  };
}

function sum(counts: Diagnosis['counts']): number {
  return Object.values(counts).reduce((total, each) => total + each, 0);
}

function lead(word: string, grade: CheckGrade, body: readonly Span[]): Row {
  return { lead: [{ text: `  ${word.padEnd(LABEL)}`, tone: GRADE_TONES[grade] }], body };
}

function indented(label: string, text: string): Row {
  return {
    lead: [{ text: `  ${' '.repeat(LABEL)}${label.padEnd(6)}`, tone: 'faint' }],
    body: [{ text, tone: 'faint' }],
  };
}

const PROTOCOLS: Readonly<Record<Diagnosis['protocol'], string>> = { tls: 'TLS', dtls: 'DTLS', quic: 'QUIC' };
const EXCHANGES: Readonly<Record<string, string>> = {
  http1: 'over HTTP/1.1',
  h3: 'over HTTP/3',
  hq: 'over hq-interop',
  echo: 'with a server that sends back what comes',
};
const BLANK: Row = { body: [{ text: '' }] };
const LABEL = 9;
const MOST_EFFECTS = 3;
const MOST_MESSAGE = 80;
const MOST_REMEDIES = 2;
const GRADE_WORDS: Readonly<Record<CheckGrade, string>> = {
  pass: 'pass',
  info: 'info',
  inconclusive: 'unknown',
  warn: 'WARN',
  fail: 'FAIL',
};
const GRADE_TONES: Readonly<Record<CheckGrade, Tone>> = {
  pass: 'good',
  info: 'faint',
  inconclusive: 'faint',
  warn: 'warn',
  fail: 'bad',
};
