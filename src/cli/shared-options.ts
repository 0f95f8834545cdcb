import { type CloseLimits, DEFAULT_LIMITS } from '../driver/close/plan.ts';
import type { OptionSpec } from './command.ts';

/** An option as commander writes it, and what it does. */
export type OptionRow = readonly [flags: string, text: string];

/** Options under one heading of --help. */
export function optionGroup(group: string, rows: readonly OptionRow[]): readonly OptionSpec[] {
  return rows.map(([flags, text]) => ({ flags, text, group }));
}

/** Options of other protocols: they are refused with a reason, and with the name of the command that has them. */
export function foreignOptions(protocol: string, flags: readonly string[]): readonly OptionSpec[] {
  return flags.map((each) => ({ flags: each, text: `not for ${protocol}`, group: 'Closing', hidden: true }));
}

/** How a client connects. `own`: what only its protocol knows; `phases`: what `--timeout` can limit apart. */
export function connectionOptions(
  own: readonly OptionRow[],
  phases: readonly (keyof CloseLimits)[],
): readonly OptionSpec[] {
  const limits = phases.map((phase) => `${phase}=${DEFAULT_LIMITS[phase] / 1000}s`);
  return optionGroup('Connection', [
    ...own,
    ...CONNECTION,
    ['--timeout <limits>', `one limit for every phase ("5s"), or some: ${limits.join(',')}`],
    ['--crypto <provider>', 'auto (default), noble or native'],
  ]);
}

/** Ways of closing that TLS and DTLS share. */
export const WAYS_OF_CLOSING: readonly OptionRow[] = [
  ['--rapid', 'one SSL_shutdown, then the socket is closed at once, without waiting'],
  ['--quiet-shutdown', 'send nothing: SSL_shutdown only sets the flags, then the socket is closed'],
  ['--wait-peer', 'let the peer close first, then answer'],
];

/** What else the calls of a close may do, whatever the protocol below. */
export const CALLS_OF_CLOSING: readonly OptionRow[] = [
  ['--no-drain', "don't read between the two SSL_shutdown calls"],
  ['--no-block', 'non-blocking calls, each -1 or 0 shown'],
  ['--write-after-close', 'after our close_notify try to write: refused, then forced below SSL_write'],
  ['--idle <duration>', 'do nothing for so long before closing'],
];

export const PROFILE: OptionRow = [
  '--profile <name>',
  'what the calls return: "manual" (default) or "openssl-3.5"',
];

export const BEFORE_OPTIONS: readonly OptionSpec[] = optionGroup('Before closing', [
  [
    '--send <text>',
    'send this after the handshake; \\r \\n \\xHH are understood, @FILE sends a file, @- standard input',
  ],
  ['--read-until <what>', 'then read until "eof", "idle" (quiet for 500 ms) or so many bytes'],
]);

export const RUNS_OPTIONS: readonly OptionSpec[] = optionGroup('Runs', [
  ['--resume', "connect again with the first run's session: was it eligible, was it accepted"],
  ['--repeat <n>', 'do it n times, and count the outcomes'],
  ['--all-addresses', 'one run for each address of the name'],
  ['--fail-on <grade>', 'exit 1 also for findings of this grade: info, warn or fail (default)'],
]);

/** What comes out, and how. */
export const OUTPUT_OPTIONS: readonly OptionSpec[] = optionGroup('Output', [
  ['--json', 'one JSON object'],
  ['--ndjson', 'events as JSON lines, as they happen'],
  ['--with-bytes', 'JSON: the bytes on the wire too'],
  ['--with-keys', 'JSON: the secrets too'],
  ['--keylog <file>', 'append the secrets for Wireshark (also: SSLKEYLOGFILE)'],
  ['-q, --quiet', 'the verdict alone'],
  ['-v, --verbose', 'records or packets, single messages, certificate details'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected'],
]);

const CONNECTION: readonly OptionRow[] = [
  ['--sni <name>', "server name to send and to verify (default: the target's host)"],
  ['--no-sni', 'send no server name'],
  ['--alpn <names>', 'protocol names to offer, separated by commas (default: none; quic-close: h3)'],
  ['--ciphers <names>', 'suites to offer, IANA or OpenSSL names, separated by : or ,'],
  ['--groups <names>', 'groups to offer; X25519MLKEM768 only when named here'],
  ['--ca <file>', 'PEM certificates to trust instead of the default roots'],
  ['--insecure', 'go on when the certificate fails, and say so'],
  ['--cert <file>', 'our certificate chain, PEM'],
  ['--key <file>', 'its private key, PEM (default: in the certificate file)'],
  ['--connect-to <address>', "connect to this address; name and verification stay the target's"],
  ['-4, --ipv4', 'IPv4 addresses only'],
  ['-6, --ipv6', 'IPv6 addresses only'],
];
