import type { CommandSpec } from '../command.ts';
import { optionGroup } from '../shared-options.ts';

const MEANING = optionGroup('Meaning', [
  ['--space <name>', 'only this: message, tls-alert, quic-transport, quic-application, errno or openssl'],
  ['--alpn <name>', 'whose QUIC application codes they are: h3, doq, moq'],
]);

const OUTPUT = optionGroup('Output', [
  ['--json', 'one JSON object'],
  ['-v, --verbose', 'everything that it can mean, each in full'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected'],
]);

export const explainSpec: CommandSpec = {
  name: 'explain',
  summary: 'what an error message or a code says about the end of a connection',
  arguments: '<message...>',
  description:
    'Says of an error message, a log line, a stack trace or a code what happened on the wire, whose doing it is, whether data can be ' +
    'lost, what to do, and which command shows it. "-" reads standard input. Codes: TLS alerts, QUIC errors of every space, ' +
    'error numbers of OpenSSL and of the system, by number or name. What begins with a minus sign comes after "--".',
  options: [...MEANING, ...OUTPUT],
  examples: [
    ["sslshut explain 'unexpected eof while reading'", 'cause, fix, and how to see it'],
    ['journalctl -u app | tail -5 | sslshut explain -', 'whatever the log says'],
    ['sslshut explain 0x1d 0x100', 'a QUIC close: frame type and code'],
    ['sslshut explain alert 40', 'a TLS alert; a bare 40 gives all that 40 can be'],
    ['sslshut explain -- -0x7280', 'a return value of a library'],
    ['sslshut explain --json 0A000126 | jq -r .candidates[0].confirm.command', 'for scripts'],
  ],
};
