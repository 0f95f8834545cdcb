import { parseScenario, runScenario, type ScenarioRun, UsageError } from '../../index.ts';
import { escapeJson } from '../../render/escape.ts';
import { toJson } from '../../render/json.ts';
import { toText } from '../../render/text.ts';
import type { Command, Context } from '../command.ts';
import { remember } from '../command.ts';
import { type PageOptions, textOptions, toOutputOptions } from '../output.ts';
import { readScenarioFile } from '../scenario-file.ts';
import { scenarioLines } from '../scenario-text.ts';
import { openKeylog } from '../secrets-file.ts';
import { choice, flagOf, textOf } from '../values.ts';
import { fail } from '../voice.ts';
import { runSpec } from './run-spec.ts';

export const runCommand: Command = { spec: runSpec, run: runFiles };

async function runFiles(context: Context): Promise<number> {
  const { terminal, raw } = context;
  const output = toOutputOptions(raw);
  const options = {
    profile: choice('--profile', textOf(raw, 'profile') ?? 'manual', ['manual', 'openssl-3.5'] as const),
    crypto: choice('--crypto', textOf(raw, 'crypto') ?? 'auto', ['auto', 'noble', 'native'] as const),
  };
  const keylog = openKeylog(output.keylog, terminal);
  const page = await textOptions(terminal, output);
  let worst = 0;
  for (const path of context.arguments) {
    if (terminal.signal.aborted) break;
    const played = await play(context, path, options);
    if (typeof played === 'number') {
      worst = Math.max(worst, played);
      continue;
    }
    for (const event of played.events) keylog?.take(event);
    if (played.failures.length > 0) worst = Math.max(worst, 1);
    terminal.out(
      output.format === 'json'
        ? escapeJson(toJson(caseOf(played), { indent: 0 }))
        : text(path, played, flagOf(raw, 'quiet'), page),
    );
  }
  keylog?.close();
  return terminal.signal.aborted ? (INTERRUPTED[String(terminal.signal.reason)] ?? 130) : worst;
}

/** The run, or the exit code of what kept it from being one: 2 for the file, 3 for a scenario that can't be played. */
async function play(
  context: Context,
  path: string,
  options: Parameters<typeof runScenario>[1],
): Promise<ScenarioRun | number> {
  let value: unknown;
  try {
    value = await readScenarioFile(path);
    parseScenario(value);
  } catch (error) {
    return complain(context, path, error, 2);
  }
  try {
    const run = await runScenario(value, options);
    for (const event of run.events) remember(context, event);
    return run;
  } catch (error) {
    return complain(context, path, error, 3);
  }
}

function complain({ terminal }: Context, path: string, error: unknown, code: number): number {
  if (!(error instanceof UsageError)) throw error;
  fail(terminal, error.message.startsWith(path) ? error.message : `${path}: ${error.message}`, error.hint);
  return code;
}

/** In the format of the case files, so that two runs can be diffed. */
function caseOf({ id, protocol, observed, peer_observed, wire, failures }: ScenarioRun): object {
  const seen = { id, protocol, observed, peer_observed, ...(wire !== undefined && { wire }) };
  return failures.length > 0 ? { ...seen, failures } : seen;
}

function text(path: string, run: ScenarioRun, quiet: boolean, page: PageOptions): string {
  const lines = scenarioLines(path, run, quiet, page);
  const timeline = page.verbose ? ['', ...toText(run.events, page), ''] : [];
  return [...lines, ...timeline].map((line) => `${line}\n`).join('');
}

const INTERRUPTED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };
