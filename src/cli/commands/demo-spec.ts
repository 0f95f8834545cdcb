import type { CommandSpec, OptionSpec } from '../command.ts';

const OPTIONS: readonly OptionSpec[] = [
  ['-v, --verbose', 'records, single messages, certificate details', 'Output'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected', 'Output'],
].map(([flags = '', text = '', group = '']) => ({ flags, text, group }));

export const demoSpec: CommandSpec = {
  name: 'demo',
  summary: 'close against embedded peers that end differently, over TLS, DTLS and QUIC',
  arguments: '',
  description:
    'Starts ten servers on loopback and closes a connection with each: a timeline and a verdict for each. Of TLS: one that closes ' +
    'cleanly, one that sends a bare FIN, one that resets, one that stays silent. Of DTLS: one clean and one silent. Of QUIC: one that ' +
    'goes quiet, one that closes first, one that has forgotten the connection, one that vanishes. Needs no network.',
  options: OPTIONS,
  examples: [['sslshut demo', 'takes about two seconds']],
};
