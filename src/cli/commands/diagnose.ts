import { changesSince, isWorse, readBaseline } from '../../catalog/diagnose/compare.ts';
import { differences } from '../../catalog/diagnose/difference.ts';
import { PROBES } from '../../catalog/probes/find.ts';
import { DATAGRAM_PROBES } from '../../catalog/probes/find-datagrams.ts';
import { UsageError } from '../../driver/usage-error.ts';
import { STARTTLS_NAMES } from '../../exchange/starttls.ts';
import { type DiagnoseOptions, diagnose } from '../../index.ts';
import { readText } from '../../io/files.ts';
import { escapeJson, escapeText } from '../../render/escape.ts';
import { toJson } from '../../render/json.ts';
import { fitRow, type Row } from '../../render/layout.ts';
import { toAgainstText } from '../../render/text-against.ts';
import { toDiagnosisLine, toDiagnosisText } from '../../render/text-diagnose.ts';
import type { Diagnosis } from '../../timeline/diagnosis.ts';
import type { Command, Context, RawOptions } from '../command.ts';
import { addressOptions, given, handshakeOptions, toLimits } from '../options.ts';
import { type OutputOptions, type PageOptions, textOptions, toOutputOptions } from '../output.ts';
import { startSpinner } from '../spinner.ts';
import { atMostOne, choice, duration, flagOf, integer, list, textOf } from '../values.ts';
import { note } from '../voice.ts';
import { diagnoseSpec } from './diagnose-spec.ts';

export const diagnoseCommand: Command = { spec: diagnoseSpec, run: runDiagnose };

async function runDiagnose(context: Context): Promise<number> {
  const { terminal, raw } = context;
  const output = toOutputOptions(raw);
  const page = await textOptions(terminal, output);
  if (flagOf(raw, 'list')) {
    terminal.out(listed(output, page));
    return 0;
  }
  const [target] = context.arguments;
  if (target === undefined) {
    throw new UsageError('bad-target', 'there is no target', 'sslshut diagnose example.net');
  }
  atMostOne(
    [
      ['--baseline', raw.baseline !== undefined],
      ['--against', raw.against !== undefined],
    ],
    'are two things to compare with',
  );
  const baseline = baselineOf(raw);
  const spinner = startSpinner(terminal, escapeText(target));
  try {
    const diagnosis = await diagnose({
      target,
      ...toDiagnoseOptions(raw),
      signal: terminal.signal,
      onProgress: (done, all, check) => spinner.say(`${escapeText(target)}: ${done} of ${all}, ${check}`),
    });
    const against = textOf(raw, 'against');
    if (against !== undefined) return await compareTargets(context, diagnosis, against, output, page);
    spinner.stop();
    print(context, diagnosis, output, page);
    return baseline === undefined ? diagnosis.exitCode : compared(context, diagnosis, baseline);
  } finally {
    spinner.stop();
  }
}

/** The same questions to another server, and what the two differ in. */
async function compareTargets(
  { terminal, raw }: Context,
  one: Diagnosis,
  target: string,
  output: OutputOptions,
  page: PageOptions,
): Promise<number> {
  const other = await diagnose({ target, ...toDiagnoseOptions(raw), signal: terminal.signal });
  const between = differences(one, other);
  if (output.format === 'json') {
    terminal.out(escapeJson(toJson({ ...one, against: other, differences: between })));
  } else {
    const first = output.format === 'quiet' ? toDiagnosisLine(one, page) : toDiagnosisText(one, page);
    const lines = [
      ...first,
      ...toDiagnosisLine(other, page),
      '',
      ...toAgainstText(one, other, between, page),
    ];
    terminal.out(`${lines.join('\n')}\n`);
  }
  return Math.max(one.exitCode, other.exitCode);
}

function toDiagnoseOptions(raw: RawOptions): Omit<DiagnoseOptions, 'target'> {
  atMostOne(
    [
      ['--only-safe', flagOf(raw, 'onlySafe')],
      ['--intrusive', flagOf(raw, 'intrusive')],
    ],
    'contradict each other',
  );
  return {
    ...given(raw, 'protocol', (text) => ({ protocol: choice('--protocol', text, ['tls', 'dtls', 'quic']) })),
    ...handshakeOptions(raw, 'tls'),
    ...addressOptions(raw),
    ...given(raw, 'starttls', (text) => ({ starttls: choice('--starttls', text, STARTTLS_NAMES) })),
    ...given(raw, 'check', (text) => ({ checks: list('--check', text, /[,\s]+/u) })),
    ...given(raw, 'skip', (text) => ({ skip: list('--skip', text, /[,\s]+/u) })),
    intrusive: flagOf(raw, 'intrusive'),
    strict: flagOf(raw, 'strict'),
    ...given(raw, 'exchange', (text) => ({ ask: choice('--exchange', text, ['auto', 'http1', 'none']) })),
    ...given(raw, 'repeat', (text) => ({ repeat: integer('--repeat', text, 1, 100) })),
    ...given(raw, 'concurrency', (text) => ({ concurrency: integer('--concurrency', text, 1, 64) })),
    ...given(raw, 'budget', (text) => ({ budgetMs: duration('--budget', text) })),
    limits: limitsOf(raw),
  };
}

function limitsOf(raw: RawOptions): NonNullable<DiagnoseOptions['limits']> {
  const text = textOf(raw, 'timeout');
  const { exchange, ...limits } = text === undefined ? {} : toLimits(text);
  return {
    ...limits,
    ...(exchange === undefined ? {} : { answer: exchange }),
    ...given(raw, 'idleLimit', (value) => ({ idle: duration('--idle-limit', value) })),
  };
}

function print({ terminal }: Context, diagnosis: Diagnosis, output: OutputOptions, page: PageOptions): void {
  if (output.format === 'json') terminal.out(escapeJson(toJson(diagnosis)));
  else {
    const lines =
      output.format === 'quiet' ? toDiagnosisLine(diagnosis, page) : toDiagnosisText(diagnosis, page);
    terminal.out(`${lines.join('\n')}\n`);
  }
}

type Baseline = NonNullable<ReturnType<typeof readBaseline>>;

function baselineOf(raw: RawOptions): Baseline | undefined {
  const path = textOf(raw, 'baseline');
  if (path === undefined) return undefined;
  const text = readText(path);
  const baseline = readBaseline(parsed(text));
  if (baseline !== undefined) return baseline;
  throw new UsageError(
    'bad-file',
    `--baseline: ${path} is not a diagnosis`,
    'make one with sslshut diagnose --json TARGET >FILE',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Each change is said; only what became worse fails. */
function compared({ terminal }: Context, diagnosis: Diagnosis, baseline: Baseline): number {
  const changes = changesSince(baseline, diagnosis);
  for (const change of changes) {
    const { check, version, before, now } = change;
    note(
      terminal,
      `${isWorse(change) ? 'worse' : 'changed'}: ${check} in ${version}: ${before ?? 'not made'} before, ${now} now`,
    );
  }
  if (diagnosis.exitCode > 1) return diagnosis.exitCode;
  return changes.some(isWorse) ? 1 : 0;
}

function listed(output: OutputOptions, page: PageOptions): string {
  return [...PROBES, ...DATAGRAM_PROBES]
    .map((probe) => {
      const { id, protocol, versions, kind, asks, passes, rules } = probe;
      if (output.format === 'json') {
        const told = rules.map(({ when: _, effect: _effect, fix: _fix, ...rule }) => rule);
        return toJson({ id, protocol, versions, kind, asks, passes, rules: told }, { indent: 0 });
      }
      const rows: Row[] = [
        {
          body: [
            { text: id, tone: 'strong' },
            {
              text:
                kind === 'safe'
                  ? ''
                  : `  ${kind}: runs when it is named${kind === 'intrusive' ? ', or with --intrusive' : ''}`,
              tone: 'faint',
            },
            { text: versionNote(probe), tone: 'faint' },
          ],
        },
        { lead: [{ text: '    ' }], body: [{ text: asks }] },
        ...(output.verbose
          ? rules.map(
              (rule): Row => ({
                lead: [{ text: `    ${rule.grade.padEnd(13)}` }],
                body: [{ text: `${rule.says}  ` }, { text: rule.clause, tone: 'faint' }],
              }),
            )
          : []),
      ];
      return `${rows.flatMap((row) => fitRow(row, page)).join('\n')}\n`;
    })
    .join('');
}

/** Only what is not so for every version of the protocol. */
function versionNote({ protocol, versions }: { protocol: string; versions: readonly string[] }): string {
  const isAll = protocol === 'quic' || versions.length === 2;
  return isAll ? '' : `  ${protocol.toUpperCase()} ${versions.join(', ')} only`;
}
