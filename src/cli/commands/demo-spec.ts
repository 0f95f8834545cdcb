import type { CommandSpec, OptionSpec } from '../command.ts';

const OPTIONS: readonly OptionSpec[] = [
  ['-v, --verbose', 'records, single messages, certificate details', 'Output'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected', 'Output'],
].map(([flags = '', text = '', group = '']) => ({ flags, text, group }));

export const demoSpec: CommandSpec = {
  name: 'demo',
  summary: 'close against four embedded peers that end differently',
  arguments: '',
  description:
    'Starts four servers on loopback, one that closes cleanly, one that sends a bare FIN, one that resets and one that stays ' +
    'silent, and closes a connection with each: four timelines, four verdicts. Needs no network.',
  options: OPTIONS,
  examples: [['sslshut demo', 'takes about a second']],
};
