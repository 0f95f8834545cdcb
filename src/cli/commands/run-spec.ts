import type { CommandSpec, OptionSpec } from '../command.ts';

const OPTIONS: readonly OptionSpec[] = [
  ['--profile <name>', 'what the calls return: "manual" (default) or "openssl-3.5"', 'Scenario'],
  ['--crypto <provider>', 'auto (default), noble or native', 'Scenario'],
  ['--json', 'one JSON object per file and line: id, observed, peer_observed', 'Output'],
  ['--keylog <file>', 'append the secrets for Wireshark (also: SSLKEYLOGFILE)', 'Output'],
  ['-q, --quiet', 'differences alone', 'Output'],
  ['-v, --verbose', 'the timeline too, records and all', 'Output'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected', 'Output'],
].map(([flags = '', text = '', group = '']) => ({ flags, text, group }));

export const runSpec: CommandSpec = {
  name: 'run',
  summary: 'play scenarios against an embedded peer, and compare what happens with what is expected',
  arguments: '<file...>',
  description:
    'Plays scenarios, JSON or YAML, of SSL_* calls and of acts of the peer and the network, against a peer of our own.\n' +
    'A step with "expect" is an assertion: a difference is shown and the exit code is 1.',
  options: OPTIONS,
  examples: [
    ['sslshut run close.yaml', 'play it and show what each call returned'],
    ['sslshut run --profile openssl-3.5 --json case.json', 'in the format of the case, to be diffed'],
    ['sslshut run scenarios/*.yaml', 'exit 1 when one of them differs, 3 when one cannot be played'],
  ],
};
