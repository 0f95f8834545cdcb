import { type TlsCloseOptions, type TlsCloseResult, tlsClose } from '../../index.ts';
import { escapeJson, escapeText } from '../../render/escape.ts';
import { toJson, toNdjson } from '../../render/json.ts';
import { toRepeatReport, toReport } from '../../render/report.ts';
import type { Command, Context } from '../command.ts';
import { remember } from '../command.ts';
import { toTlsCloseOptions } from '../options.ts';
import { type OutputOptions, toOutputOptions } from '../output.ts';
import { openKeylog } from '../secrets-file.ts';
import { startSpinner } from '../spinner.ts';
import { flagOf } from '../values.ts';
import { warn } from '../voice.ts';
import { tlsCloseSpec } from './tls-close-spec.ts';

export const tlsCloseCommand: Command = { spec: tlsCloseSpec, run: runTlsClose };

async function runTlsClose(context: Context): Promise<number> {
  const { raw, terminal } = context;
  const output = toOutputOptions(raw);
  const [target = ''] = context.arguments;
  const options = { target, ...toTlsCloseOptions(raw, terminal.readInput) };
  if (!flagOf(raw, 'allAddresses')) return closeOnce(context, options, output);
  const { addressesOf } = await import('../addresses.ts');
  const codes = [];
  for (const address of await addressesOf(options)) {
    codes.push(await closeOnce(context, { ...options, connectTo: address }, output));
    if (terminal.signal.aborted) break;
  }
  return Math.max(...codes);
}

async function closeOnce(context: Context, options: TlsCloseOptions, output: OutputOptions): Promise<number> {
  const { terminal } = context;
  const { withBytes, withKeys } = output;
  const keylog = openKeylog(output.keylog, terminal);
  if (withKeys)
    warn(terminal, 'the output carries secrets (--with-keys): who has them can read this traffic');
  const target = formatted(options.target);
  const spinner = startSpinner(terminal, target);
  try {
    const result = await tlsClose({
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

async function print(
  { terminal, raw }: Context,
  output: OutputOptions,
  result: TlsCloseResult,
): Promise<void> {
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
  const { textOptions } = await import('../output.ts');
  const { closeLines } = await import('../close-text.ts');
  const lines = closeLines(result, await textOptions(terminal, output), output.format === 'quiet');
  const address = result.events.find((event) => event.kind === 'address.attempt')?.address;
  const named = flagOf(raw, 'allAddresses') && output.format === 'quiet' && address !== undefined;
  terminal.out(`${named ? `${address}  ` : ''}${lines.join('\n')}\n`);
}

function formatted(target: TlsCloseOptions['target']): string {
  return escapeText(typeof target === 'string' ? target : target.host);
}
