import type { CommandSpec } from '../command.ts';
import {
  connectionOptions,
  foreignOptions,
  OUTPUT_OPTIONS,
  optionGroup,
  PROFILE,
  RUNS_OPTIONS,
} from '../shared-options.ts';

const CLOSING = optionGroup('Closing', [
  ['--rapid', 'return once CONNECTION_CLOSE is out: SSL_SHUTDOWN_FLAG_RAPID (data is still flushed)'],
  ['--wait-peer', 'let the peer close first: SSL_SHUTDOWN_FLAG_WAIT_PEER'],
  ['--no-stream-flush', "don't wait until what was sent is acknowledged"],
  ['--no-block', 'non-blocking calls, each 0 shown'],
  ['--code <n>', 'error code: decimal, 0x…, or a registered name such as H3_NO_ERROR (default 0)'],
  ['--reason <text>', 'reason phrase; cut at a character where it does not fit'],
  ['--reason-hex <hex>', 'reason phrase as bytes, which need not be UTF-8'],
  ['--transport-error', 'close with 0x1c, a code of the transport, instead of 0x1d'],
  ['--close-in <space>', 'close as early as this: initial, handshake or 1rtt (default)'],
  ['--vanish', 'leave without a word: the peer is left to its idle timeout'],
  ['--idle <duration>', 'do nothing for so long before closing'],
  ['--linger <duration>', 'listen so long after closing is over: does the peer go quiet?'],
  PROFILE,
]);

const BEFORE = optionGroup('Before closing', [
  ['--get <path>', 'with h3 and hq-interop: ask for this (default "/", unless there is something to --send)'],
  ['--no-get', 'ask for nothing'],
  [
    '--send <text>',
    'send this on a stream; \\r \\n \\xHH are understood, @FILE sends a file, @- standard input',
  ],
  ['--fin', 'conclude that stream (default)'],
  ['--no-fin', 'leave that stream open'],
  ['--reset-stream <code>', 'then reset it with this code: number or registered name'],
  ['--read-until <what>', 'then read until "eof" (FIN), "idle" (quiet for 500 ms) or so many bytes'],
]);

const CONNECTION = connectionOptions(
  [
    ['--quic <versions>', 'versions to offer, the first for the first packet: v1, v2 (default: v1,v2)'],
    ['--mtu <n>', 'most bytes in a datagram of ours (default 1200)'],
    ['--idle-timeout <duration>', 'our max_idle_timeout (default 30s; 0: none)'],
    ['--keep-alive <duration>', 'send PING after so long without a packet'],
  ],
  ['connect', 'handshake', 'exchange', 'close'],
);

const FOREIGN = foreignOptions('QUIC', [
  '--abrupt <how>',
  '--half-close',
  '--then <what>',
  '--ignore-unexpected-eof',
  '--quiet-shutdown',
  '--write-after-close',
  '--no-drain',
  '--tls <versions>',
  '--starttls <protocol>',
  '--dtls <versions>',
  '--psk <hex>',
  '--retry-close <n>',
]);

export const quicCloseSpec: CommandSpec = {
  name: 'quic-close',
  summary: 'connect to a QUIC server, close, and say how the connection ended',
  arguments: '<target>',
  description:
    'Connects to a QUIC server (v1 or v2), shuts the connection down as SSL_shutdown_ex(3) does, and shows what both sides did.\n' +
    'The target is host:port, [v6]:port, or a quic:// or https:// URL; the port is 443 unless given.',
  options: [...CLOSING, ...BEFORE, ...CONNECTION, ...RUNS_OPTIONS, ...OUTPUT_OPTIONS, ...FOREIGN],
  examples: [
    ['sslshut quic-close example.net', 'a GET over HTTP/3, then a close: does the peer go quiet?'],
    ['sslshut quic-close --rapid --code H3_NO_ERROR --reason bye example.net', 'say why, and leave'],
    [
      'sslshut quic-close --wait-peer --timeout close=60s example.net',
      'who ends an idle connection, and when',
    ],
    ['sslshut quic-close --close-in handshake --code 7 example.net', 'a close before the handshake is over'],
    ['sslshut quic-close --alpn doq --no-get --linger 2s dns.example:853', 'listen after the close'],
    ['sslshut quic-close --repeat 20 --quiet example.net', '19 clean, 1 never-quiet'],
  ],
};
