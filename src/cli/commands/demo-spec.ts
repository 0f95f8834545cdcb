import type { CommandSpec, OptionSpec } from '../command.ts';

const OPTIONS: readonly OptionSpec[] = [
  ['-v, --verbose', 'records, single messages, certificate details', 'Output'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected', 'Output'],
].map(([flags = '', text = '', group = '']) => ({ flags, text, group }));

export const demoSpec: CommandSpec = {
  name: 'demo',
  summary: 'close against embedded peers that end differently, over TLS and DTLS',
  arguments: '',
  description:
    'Starts four servers on loopback, one that closes cleanly, one that sends a bare FIN, one that resets and one that stays ' +
    'silent, and two of DTLS, one clean and one silent; closes a connection with each: a timeline and a verdict for each. ' +
    'Needs no network.',
  options: OPTIONS,
  examples: [['sslshut demo', 'takes about a second']],
};
