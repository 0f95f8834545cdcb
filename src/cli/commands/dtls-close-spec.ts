import type { CommandSpec, OptionSpec } from '../command.ts';
import { CONNECTION_OPTIONS, OUTPUT_OPTIONS } from '../shared-options.ts';

const CLOSING: readonly OptionSpec[] = [
  ['--rapid', 'one SSL_shutdown, then the socket is closed at once, without waiting'],
  ['--quiet-shutdown', 'send nothing: SSL_shutdown only sets the flags, then the socket is closed'],
  ['--wait-peer', 'let the peer close first, then answer'],
  ['--vanish', 'leave without a word: no SSL_shutdown at all'],
  [
    '--retry-close <n>',
    'send close_notify up to n times more, 1, 3, 7 s after the first, until the peer reacts',
  ],
  ['--no-drain', "don't read between the two SSL_shutdown calls"],
  ['--no-block', 'non-blocking calls, each -1 or 0 shown'],
  ['--write-after-close', 'after our close_notify try to write: refused, then forced below SSL_write'],
  ['--idle <duration>', 'do nothing for so long before closing'],
  [
    '--linger <duration>',
    "listen so long after the peer's close_notify; after --rapid, --quiet-shutdown and --vanish, look so long at what the peer does",
  ],
  ['--profile <name>', 'what the calls return: "manual" (default) or "openssl-3.5"'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Closing' }));

const BEFORE: readonly OptionSpec[] = [
  [
    '--send <text>',
    'send this after the handshake; \\r \\n \\xHH are understood, @FILE sends a file, @- standard input',
  ],
  ['--read-until <what>', 'then read until "eof", "idle" (quiet for 500 ms) or so many bytes'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Before closing' }));

const DATAGRAMS: readonly OptionSpec[] = [
  ['--dtls <versions>', 'versions to offer: 1.2, 1.3 or both (default)'],
  ['--mtu <n>', 'most bytes in a datagram of ours (default 1200)'],
  ['--cid', 'offer connection IDs (RFC 9146), and ask for one'],
  ['--psk <hex>', 'offer this pre-shared key'],
  ['--psk-identity <text>', 'the name of that key (default: Client_identity)'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Connection' }));

const RUNS: readonly OptionSpec[] = [
  ['--resume', "connect again with the first run's session: was it eligible, was it accepted"],
  ['--repeat <n>', 'do it n times, and count the outcomes'],
  ['--all-addresses', 'one run for each address of the name'],
  ['--fail-on <grade>', 'exit 1 also for findings of this grade: info, warn or fail (default)'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Runs' }));

/** Options of other protocols: they are refused with a reason. */
const FOREIGN: readonly OptionSpec[] = [
  '--abrupt <how>',
  '--half-close',
  '--then <what>',
  '--ignore-unexpected-eof',
  '--tls <versions>',
  '--code <n>',
  '--reason <text>',
].map((flags) => ({ flags, text: 'not for DTLS', group: 'Closing', hidden: true }));

const CONNECTION: readonly OptionSpec[] = CONNECTION_OPTIONS.filter(
  ({ flags }) => !flags.startsWith('--tls ') && !flags.startsWith('--timeout '),
);

const TIMEOUT: OptionSpec = {
  flags: '--timeout <limits>',
  text: 'one limit for every phase ("5s"), or some: connect=5s,handshake=10s,exchange=10s,close=5s',
  group: 'Connection',
};

export const dtlsCloseSpec: CommandSpec = {
  name: 'dtls-close',
  summary: 'connect to a DTLS server, close, and say how the association ended',
  arguments: '<target>',
  description:
    'Connects to a DTLS 1.2 or 1.3 server over UDP, shuts the association down as SSL_shutdown(3) does, and shows what both sides did.\n' +
    'The target is host:port, [v6]:port, or a dtls:// URL; the port is 443 unless given.',
  options: [
    ...CLOSING,
    ...BEFORE,
    ...DATAGRAMS,
    ...CONNECTION,
    TIMEOUT,
    ...RUNS,
    ...OUTPUT_OPTIONS,
    ...FOREIGN,
  ],
  examples: [
    ['sslshut dtls-close example.net:4433', 'is our close_notify answered?'],
    ['sslshut dtls-close --retry-close 2 example.net:4433', 'silence, or one lost datagram?'],
    ['sslshut dtls-close --vanish example.net:4433', 'leave the peer with an association that nobody uses'],
    [
      'sslshut dtls-close --psk 1a2b3c4d --psk-identity sensor coap.example:5684',
      'with a key instead of certificates',
    ],
    [
      'sslshut dtls-close --send hello --read-until 5 echo.example:4433',
      'does the association live on after the close',
    ],
    ['sslshut dtls-close --repeat 20 --quiet example.net:4433', '19 clean, 1 silent'],
  ],
};
