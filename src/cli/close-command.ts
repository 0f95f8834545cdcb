import type { CloseOptions, CloseResult } from '../driver/close/options.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { escapeJson, escapeText } from '../render/escape.ts';
import { toJson, toNdjson } from '../render/json.ts';
import { toRepeatReport, toReport } from '../render/report.ts';
import { type Context, remember } from './command.ts';
import { type OutputOptions, toOutputOptions } from './output.ts';
import { openKeylog } from './secrets-file.ts';
import { startSpinner } from './spinner.ts';
import { flagOf } from './values.ts';
import { warn } from './voice.ts';

/** What the command line itself has to know of a close. */
type CloseRequest = Pick<CloseOptions, 'target' | 'family' | 'connectTo'>;
/** What it adds. */
type Watching = Pick<CloseOptions, 'capture' | 'onEvent'> & { signal: StopSignal };
type Close<O> = (options: O & Watching) => Promise<CloseResult>;

/** Runs a closing command, once or for each address, and prints what comes of it. Gives the exit code. */
export async function runClose<O extends CloseRequest>(
  context: Context,
  toOptions: () => O,
  close: Close<O>,
): Promise<number> {
  const { raw, terminal } = context;
  const output = toOutputOptions(raw);
  const options = toOptions();
  if (!flagOf(raw, 'allAddresses')) return closeOnce(context, options, output, close);
  const { addressesOf } = await import('./addresses.ts');
  const codes = [];
  for (const address of await addressesOf(options)) {
    codes.push(await closeOnce(context, { ...options, connectTo: address }, output, close));
    if (terminal.signal.aborted) break;
  }
  return Math.max(...codes);
}

async function closeOnce<O extends CloseRequest>(
  context: Context,
  options: O,
  output: OutputOptions,
  close: Close<O>,
): Promise<number> {
  const { terminal } = context;
  const { withBytes, withKeys } = output;
  const keylog = openKeylog(output.keylog, terminal);
  if (withKeys)
    warn(terminal, 'the output carries secrets (--with-keys): who has them can read this traffic');
  const target = formatted(options.target);
  const spinner = startSpinner(terminal, target);
  try {
    const result = await close({
      ...options,
      capture: withBytes,
      signal: terminal.signal,
      onEvent: (event) => {
        remember(context, event);
        keylog?.take(event);
        if (event.kind === 'phase') spinner.say(`${target}: ${event.name}`);
        if (output.format === 'ndjson') terminal.out(escapeJson(toNdjson(event, { withBytes, withKeys })));
      },
    });
    spinner.stop();
    await print(context, output, result);
    return result.exitCode;
  } finally {
    spinner.stop();
    keylog?.close();
  }
}

async function print({ terminal, raw }: Context, output: OutputOptions, result: CloseResult): Promise<void> {
  if (output.format === 'ndjson') return;
  if (output.format === 'json') {
    const only = { withBytes: output.withBytes, withKeys: output.withKeys };
    const report =
      raw.repeat !== undefined
        ? toRepeatReport(
            result.runs.map((run) => run.events),
            only,
          )
        : toReport(result.events, only);
    // One line per object where there is one object per address.
    terminal.out(escapeJson(toJson(report, flagOf(raw, 'allAddresses') ? { ...only, indent: 0 } : only)));
    return;
  }
  const { textOptions } = await import('./output.ts');
  const { closeLines } = await import('./close-text.ts');
  const lines = closeLines(result, await textOptions(terminal, output), output.format === 'quiet');
  const address = result.events.find((event) => event.kind === 'address.attempt')?.address;
  const named = flagOf(raw, 'allAddresses') && output.format === 'quiet' && address !== undefined;
  terminal.out(`${named ? `${address}  ` : ''}${lines.join('\n')}\n`);
}

function formatted(target: CloseRequest['target']): string {
  return escapeText(typeof target === 'string' ? target : target.host);
}
