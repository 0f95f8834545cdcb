import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../driver/usage-error.ts';
import type { CommandSpec, RawOptions } from './command.ts';

export type Parsed =
  | { kind: 'help'; text: string }
  | { kind: 'run'; arguments: readonly string[]; raw: RawOptions };

/** Reads a command's arguments. Throws UsageError, with a suggestion where an option is nearly right. */
export function parse(spec: CommandSpec, argv: readonly string[], width: number): Parsed {
  let help = '';
  const command = describe(spec, width);
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: () => {},
    getOutHelpWidth: () => width,
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text: help };
    throw toUsageError(error, spec);
  }
  return { kind: 'run', arguments: command.args, raw: command.opts() };
}

export function helpText(spec: CommandSpec, width: number): string {
  return describe(spec, width)
    .configureOutput({ getOutHelpWidth: () => width })
    .helpInformation();
}

function describe(spec: CommandSpec, width: number): Command {
  const command = new Command(`sslshut ${spec.name}`)
    .usage(`[options] ${spec.arguments}`.trim())
    .description(spec.description)
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments(false);
  if (spec.arguments !== '') command.argument(spec.arguments);
  for (const { flags, text, group, hidden } of spec.options) {
    const option = new Option(flags, text).helpGroup(`${group}:`);
    command.addOption(hidden === true ? option.hideHelp() : option);
  }
  const inherited = command.helpInformation.bind(command);
  command.helpInformation = (context) => inherited(context) + examples(spec, width);
  return command;
}

function examples(spec: CommandSpec, width: number): string {
  const blocks = spec.examples.map(([line, what]) => {
    const oneLine = `  ${line.padEnd(46)}  ${what}`;
    return oneLine.length <= width && line.length <= 46 ? oneLine : `  ${line}\n      ${what}`;
  });
  return blocks.length === 0 ? '' : `\nExamples:\n${blocks.join('\n')}\n`;
}

function toUsageError(error: CommanderError, spec: CommandSpec): UsageError {
  const [first = '', second] = error.message.replace(/^error: /u, '').split('\n');
  const guess = /did you mean (?:one of )?(.+)\?/iu.exec(second ?? '')?.[1];
  const hint =
    guess === undefined ? `sslshut ${spec.name} --help shows all options` : `did you mean ${guess}?`;
  return new UsageError('bad-option', first.replace(/[.]$/u, ''), hint);
}
