import type { OptionSpec } from './command.ts';

/** How a client connects. */
export const CONNECTION_OPTIONS: readonly OptionSpec[] = [
  ['--tls <versions>', 'versions to offer: 1.2, 1.3 or both (default)'],
  ['--sni <name>', "server name to send and to verify (default: the target's host)"],
  ['--no-sni', 'send no server name'],
  ['--alpn <names>', 'protocol names to offer, separated by commas (default: none)'],
  ['--ciphers <names>', 'suites to offer, IANA or OpenSSL names, separated by : or ,'],
  ['--groups <names>', 'groups to offer; X25519MLKEM768 only when named here'],
  ['--ca <file>', 'PEM certificates to trust instead of the default roots'],
  ['--insecure', 'go on when the certificate fails, and say so'],
  ['--cert <file>', 'our certificate chain, PEM'],
  ['--key <file>', 'its private key, PEM (default: in the certificate file)'],
  ['--connect-to <address>', "connect to this address; name and verification stay the target's"],
  ['-4, --ipv4', 'IPv4 addresses only'],
  ['-6, --ipv6', 'IPv6 addresses only'],
  [
    '--timeout <limits>',
    'one limit for every phase ("5s"), or some: connect=5s,handshake=10s,exchange=10s,close=5s,fin=5s',
  ],
  ['--crypto <provider>', 'auto (default), noble or native'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Connection' }));

/** What comes out, and how. */
export const OUTPUT_OPTIONS: readonly OptionSpec[] = [
  ['--json', 'one JSON object'],
  ['--ndjson', 'events as JSON lines, as they happen'],
  ['--with-bytes', 'JSON: the bytes on the wire too'],
  ['--with-keys', 'JSON: the secrets too'],
  ['--keylog <file>', 'append the secrets for Wireshark (also: SSLKEYLOGFILE)'],
  ['-q, --quiet', 'the verdict alone'],
  ['-v, --verbose', 'records, single messages, certificate details'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Output' }));
