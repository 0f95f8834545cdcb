import type { CommandSpec } from '../command.ts';
import {
  BEFORE_OPTIONS,
  CALLS_OF_CLOSING,
  connectionOptions,
  foreignOptions,
  OUTPUT_OPTIONS,
  optionGroup,
  PROFILE,
  RUNS_OPTIONS,
  WAYS_OF_CLOSING,
} from '../shared-options.ts';

const CLOSING = optionGroup('Closing', [
  ...WAYS_OF_CLOSING,
  ['--vanish', 'leave without a word: no SSL_shutdown at all'],
  [
    '--retry-close <n>',
    'send close_notify up to n times more, 1, 3, 7 s after the first, until the peer reacts',
  ],
  ...CALLS_OF_CLOSING,
  [
    '--linger <duration>',
    "listen so long after the peer's close_notify; after --rapid, --quiet-shutdown and --vanish, look so long at what the peer does",
  ],
  PROFILE,
]);

const CONNECTION = connectionOptions(
  [
    ['--dtls <versions>', 'versions to offer: 1.2, 1.3 or both (default)'],
    ['--mtu <n>', 'most bytes in a datagram of ours (default 1200)'],
    ['--cid', 'offer connection IDs (RFC 9146), and ask for one'],
    ['--psk <hex>', 'offer this pre-shared key'],
    ['--psk-identity <text>', 'the name of that key (default: Client_identity)'],
  ],
  ['connect', 'handshake', 'exchange', 'close'],
);

const EXCHANGE = optionGroup('Before closing', [
  ['--exchange <protocol>', 'speak it: coap, raw (--send) or none (default)'],
]);

const FOREIGN = foreignOptions('DTLS', [
  '--abrupt <how>',
  '--half-close',
  '--then <what>',
  '--ignore-unexpected-eof',
  '--tls <versions>',
  '--starttls <protocol>',
  '--code <n>',
  '--reason <text>',
]);

export const dtlsCloseSpec: CommandSpec = {
  name: 'dtls-close',
  summary: 'connect to a DTLS server, close, and say how the association ended',
  arguments: '<target>',
  description:
    'Connects to a DTLS 1.2 or 1.3 server over UDP, shuts the association down as SSL_shutdown(3) does, and shows what both sides did.\n' +
    'The target is host:port, [v6]:port, or a dtls:// URL; the port is 443 unless given.',
  options: [
    ...CLOSING,
    ...EXCHANGE,
    ...BEFORE_OPTIONS,
    ...CONNECTION,
    ...RUNS_OPTIONS,
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
