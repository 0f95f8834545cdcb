import type { Style } from '../render/layout.ts';
import type { TextOptions } from '../render/text.ts';
import type { RawOptions } from './command.ts';
import { createStyle } from './style.ts';
import { pageWidth, speaksUnicode, type Terminal } from './terminal.ts';
import { atMostOne, choice, flagOf, textOf } from './values.ts';

export type OutputFormat = 'text' | 'quiet' | 'json' | 'ndjson';
export type OutputOptions = {
  format: OutputFormat;
  verbose: boolean;
  color: 'auto' | 'always' | 'never';
  withBytes: boolean;
  withKeys: boolean;
  keylog: string | undefined;
};

/** What is to come out. Throws UsageError where options contradict each other. */
export function toOutputOptions(raw: RawOptions): OutputOptions {
  const json = flagOf(raw, 'json');
  const ndjson = flagOf(raw, 'ndjson');
  const quiet = flagOf(raw, 'quiet');
  const verbose = flagOf(raw, 'verbose');
  atMostOne(
    [
      ['--json', json],
      ['--ndjson', ndjson],
      ['--quiet', quiet],
    ],
    'are two kinds of output',
  );
  atMostOne(
    [
      ['--quiet', quiet],
      ['--verbose', verbose],
    ],
    'contradict each other',
  );
  return {
    format: json ? 'json' : ndjson ? 'ndjson' : quiet ? 'quiet' : 'text',
    verbose,
    color: choice('--color', textOf(raw, 'color') ?? 'auto', ['auto', 'always', 'never']),
    withBytes: flagOf(raw, 'withBytes'),
    withKeys: flagOf(raw, 'withKeys'),
    keylog: textOf(raw, 'keylog'),
  };
}

/** How text looks on this terminal. */
export type PageOptions = TextOptions & { style: Style };

export async function textOptions(
  terminal: Terminal,
  output: Pick<OutputOptions, 'verbose' | 'color' | 'format'>,
): Promise<PageOptions> {
  return {
    width: pageWidth(terminal),
    verbose: output.verbose,
    unicode: speaksUnicode(terminal.env, process.platform),
    style: await createStyle(output.color, terminal),
  };
}
