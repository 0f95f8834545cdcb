import type { CommandSpec, OptionSpec } from '../command.ts';
import { CONNECTION_OPTIONS, OUTPUT_OPTIONS } from '../shared-options.ts';

const CLOSING: readonly OptionSpec[] = [
  ['--rapid', 'one SSL_shutdown, then the socket is closed at once, without waiting'],
  ['--quiet-shutdown', 'send nothing: SSL_shutdown only sets the flags, then the socket is closed'],
  ['--wait-peer', 'let the peer close first, then answer'],
  ['--abrupt <how>', 'no close_notify at all: "fin" or "rst"'],
  ['--half-close', 'close_notify, then FIN, and go on reading'],
  ['--no-drain', "don't read between the two SSL_shutdown calls"],
  ['--no-block', 'non-blocking calls, each -1 or 0 shown'],
  ['--write-after-close', 'after our close_notify try to write: refused, then forced below SSL_write'],
  ['--idle <duration>', 'do nothing for so long before closing'],
  [
    '--linger <duration>',
    "stay so long after the peer's FIN to see a reset (default 100ms); after --rapid, --quiet-shutdown and --abrupt fin, look so long at what the peer does",
  ],
  ['--then <what>', 'use the TCP connection again after a full shutdown: "plain:TEXT" or "tls"'],
  ['--ignore-unexpected-eof', 'count a FIN without close_notify as a close (SSL_OP_IGNORE_UNEXPECTED_EOF)'],
  ['--profile <name>', 'what the calls return: "manual" (default) or "openssl-3.5"'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Closing' }));

const BEFORE: readonly OptionSpec[] = [
  [
    '--send <text>',
    'send this after the handshake; \\r \\n \\xHH are understood, @FILE sends a file, @- standard input',
  ],
  ['--read-until <what>', 'then read until "eof", "idle" (quiet for 500 ms) or so many bytes'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Before closing' }));

const RUNS: readonly OptionSpec[] = [
  ['--resume', "connect again with the first run's session: was it eligible, was it accepted"],
  ['--repeat <n>', 'do it n times, and count the outcomes'],
  ['--all-addresses', 'one run for each address of the name'],
  ['--fail-on <grade>', 'exit 1 also for findings of this grade: info, warn or fail (default)'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Runs' }));

/** Options of other protocols: they are refused with the name of the command that has them. */
const FOREIGN: readonly OptionSpec[] = [
  '--code <n>',
  '--reason <text>',
  '--reason-hex <hex>',
  '--vanish',
].map((flags) => ({ flags, text: 'not for TLS', group: 'Closing', hidden: true }));

export const tlsCloseSpec: CommandSpec = {
  name: 'tls-close',
  summary: 'connect to a TLS server, close, and say how the connection ended',
  arguments: '<target>',
  description:
    'Connects to a TLS 1.2 or 1.3 server, shuts the connection down as SSL_shutdown(3) does, and shows what both sides did.\n' +
    'The target is host, host:port, [v6]:port, or a tls:// or https:// URL; the port is 443 unless given.',
  options: [...CLOSING, ...BEFORE, ...CONNECTION_OPTIONS, ...RUNS, ...OUTPUT_OPTIONS, ...FOREIGN],
  examples: [
    ['sslshut tls-close example.net', 'close_notify both ways, then FIN?'],
    ['sslshut tls-close --rapid example.net:993', 'close the way most clients do'],
    ['sslshut tls-close --wait-peer --timeout close=2m mail:465', 'who closes an idle connection, and when'],
    [
      "sslshut tls-close --send 'GET / HTTP/1.0\\r\\n\\r\\n' --wait-peer example.net",
      'does the server end its answer with close_notify',
    ],
    ['sslshut tls-close --repeat 20 --quiet example.net', '17 clean, 3 reset'],
    ['sslshut tls-close --json example.net | jq .outcome.class', 'for scripts'],
  ],
};
