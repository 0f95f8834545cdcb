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
  ['--abrupt <how>', 'no close_notify at all: "fin" or "rst"'],
  ['--half-close', 'close_notify, then FIN, and go on reading'],
  ...CALLS_OF_CLOSING,
  [
    '--linger <duration>',
    "stay so long after the peer's FIN to see a reset (default 100ms); after --rapid, --quiet-shutdown and --abrupt fin, look so long at what the peer does",
  ],
  ['--then <what>', 'use the TCP connection again after a full shutdown: "plain:TEXT" or "tls"'],
  ['--ignore-unexpected-eof', 'count a FIN without close_notify as a close (SSL_OP_IGNORE_UNEXPECTED_EOF)'],
  PROFILE,
]);

const CONNECTION = connectionOptions(
  [
    ['--tls <versions>', 'versions to offer: 1.2, 1.3 or both (default)'],
    [
      '--starttls <protocol>',
      'ask for TLS in the clear first: smtp, lmtp, imap, pop3, ftp, ldap, postgres, mysql, xmpp or nntp',
    ],
  ],
  ['connect', 'handshake', 'exchange', 'close', 'fin'],
);

const EXCHANGE = optionGroup('Before closing', [
  [
    '--exchange <protocol>',
    'speak it: http1, h2, smtp, lmtp, imap, pop3, ftp, nntp, ldap, postgres, mysql, dot, raw (--send) or none (default); with --wait-peer it asks the peer to close',
  ],
  ['--get <path>', 'with http1 and h2: ask for this (default "/")'],
]);

const FOREIGN = foreignOptions('TLS', ['--code <n>', '--reason <text>', '--reason-hex <hex>', '--vanish']);

export const tlsCloseSpec: CommandSpec = {
  name: 'tls-close',
  summary: 'connect to a TLS server, close, and say how the connection ended',
  arguments: '<target>',
  description:
    'Connects to a TLS 1.2 or 1.3 server, shuts the connection down as SSL_shutdown(3) does, and shows what both sides did.\n' +
    'The target is host, host:port, [v6]:port, or a tls:// or https:// URL; the port is 443 unless given.\n' +
    'smtp://, imap://, ldap://, postgres:// and the like stand for --starttls and its port.',
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
    ['sslshut tls-close example.net', 'close_notify both ways, then FIN?'],
    ['sslshut tls-close --rapid example.net:993', 'close the way most clients do'],
    ['sslshut tls-close --wait-peer --timeout close=2m mail:465', 'who closes an idle connection, and when'],
    [
      "sslshut tls-close --send 'GET / HTTP/1.0\\r\\n\\r\\n' --wait-peer example.net",
      'does the server end its answer with close_notify',
    ],
    [
      'sslshut tls-close --exchange http1 --wait-peer example.net',
      'is the answer whole, does close_notify follow',
    ],
    ['sslshut tls-close --starttls smtp mail.example.net', 'the same behind STARTTLS, on port 25'],
    ['sslshut tls-close --repeat 20 --quiet example.net', '17 clean, 3 reset'],
    ['sslshut tls-close --json example.net | jq .outcome.class', 'for scripts'],
  ],
};
