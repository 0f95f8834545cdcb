import type { Served } from '../../catalog/behaviours/find.ts';
import { UsageError } from '../../driver/usage-error.ts';
import type { Grade, ServedRun } from '../../index.ts';
import { serveExec } from '../../index.ts';
import { type Context, remember } from '../command.ts';
import type { OutputOptions, PageOptions } from '../output.ts';
import { openKeylog } from '../secrets-file.ts';
import { choice, duration, flagOf, textOf } from '../values.ts';
import { runText } from './serve-text.ts';
import { toServeOptions } from './serve-wishes.ts';

/** Runs a client against one behaviour or all of a protocol's. 0 unless a grade is as bad as --fail-on; 3 when there was nothing to grade. */
export async function runExec(
  context: Context,
  protocol: Served,
  output: OutputOptions,
  page: PageOptions,
): Promise<number> {
  const { terminal, raw } = context;
  for (const other of ['byName', 'count', 'for']) {
    if (raw[other] === undefined) continue;
    const option = other === 'byName' ? '--by-name' : `--${other}`;
    throw new UsageError('conflict', `--exec and ${option}: a run ends with its program`);
  }
  const { behavioursOf } = await import('../../catalog/behaviours/find.ts');
  const { behaviour = 'well-behaved', ...options } = toServeOptions(context, protocol);
  const behaviours = flagOf(raw, 'all') ? behavioursOf(protocol).map(({ id }) => id) : [behaviour];
  const failOn = choice('--fail-on', textOf(raw, 'failOn') ?? 'fail', ['info', 'warn', 'fail'] as const);
  const keylog = openKeylog(output.keylog, terminal);
  const width = Math.max(...behaviours.map((name) => name.length));
  const runs = await serveExec({
    ...options,
    command: textOf(raw, 'exec') ?? '',
    behaviours,
    limitMs: duration('--exec-timeout', textOf(raw, 'execTimeout') ?? '30s'),
    signal: terminal.signal,
    onEvent: (event) => {
      remember(context, event);
      keylog?.take(event);
    },
    onRun: (run) => terminal.out(runText(run, output, page, width)),
  });
  keylog?.close();
  return exitCodeOf(runs, failOn, terminal.signal.reason);
}

function exitCodeOf(runs: readonly ServedRun[], failOn: Grade, stopped: unknown): number {
  if (stopped !== undefined) return stopped === 'SIGTERM' ? 143 : 130;
  if (runs.some(({ grade }) => ORDER.indexOf(grade.grade) >= ORDER.indexOf(failOn))) return 1;
  return runs.every(({ grade }) => grade.verdict === 'not-graded') ? 3 : 0;
}

const ORDER: readonly Grade[] = ['pass', 'info', 'warn', 'fail'];
