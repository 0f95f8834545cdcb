import {
  CLOSE_SPACES,
  LEAST_QUIC_MTU,
  MOST_QUIC_MTU,
  type QuicCloseMode,
  type QuicCloseOptions,
} from '../driver/close/quic-plan.ts';
import { UsageError } from '../driver/usage-error.ts';
import { fromHex } from '../wire/bytes.ts';
import { type CodeSpace, quicErrorCode } from '../wire/quic-errors.ts';
import type { RawOptions } from './command.ts';
import { closeOptions, exchangeOptions, given, handshakeOptions } from './options.ts';
import { atMostOne, bad, choice, duration, flagOf, integer, list, textOf } from './values.ts';
import { chosenWay, type Foreign, refuseStreams, type Way } from './ways.ts';

/** What `quic-close` is asked for, but for its target. `readInput` gives standard input, for `--send @-`. */
export function toQuicCloseOptions(
  raw: RawOptions,
  readInput: () => Uint8Array,
): Omit<QuicCloseOptions, 'target'> {
  refuseStreams(raw, FOREIGN);
  const { versions: _, ...handshake } = handshakeOptions(raw, 'quic');
  const { drain: _drain, writeAfterClose: _write, ...closing } = closeOptions(raw);
  const alpn = handshake.alpn?.[0] ?? 'h3';
  const own: CodeSpace = { layer: 'application', alpn };
  const space: CodeSpace = flagOf(raw, 'transportError') ? { layer: 'transport' } : own;
  return {
    mode: closeMode(raw),
    ...handshake,
    ...exchangeOptions(raw, readInput),
    ...closing,
    ...requestOption(raw, alpn),
    ...given(raw, 'code', (text) => ({ code: codeOf('--code', text, space) })),
    ...reasonOption(raw),
    ...given(raw, 'closeIn', (text) => ({ closeIn: choice('--close-in', text, CLOSE_SPACES) })),
    ...given(raw, 'resetStream', (text) => ({ resetStream: codeOf('--reset-stream', text, own) })),
    ...given(raw, 'quic', (text) => ({ quicVersions: versionsOf(text) })),
    ...given(raw, 'mtu', (text) => ({ mtu: integer('--mtu', text, LEAST_QUIC_MTU, MOST_QUIC_MTU) })),
    ...given(raw, 'idleTimeout', (text) => ({ idleTimeoutMs: duration('--idle-timeout', text) })),
    ...given(raw, 'keepAlive', (text) => ({ keepAliveMs: positive('--keep-alive', text) })),
    transportError: flagOf(raw, 'transportError'),
    streamFlush: raw.streamFlush !== false,
    fin: raw.fin !== false,
  };
}

/** Decimal, 0x…, or the name that the registry of that space has for it. */
function codeOf(option: string, text: string, space: CodeSpace): bigint {
  if (/^(?:\d+|0x[0-9a-f]+)$/iu.test(text)) {
    const code = BigInt(text);
    if (code < 2n ** 62n) return code;
    throw bad(option, text, 'is more than 62 bits hold', 'the largest is 0x3fffffffffffffff');
  }
  const code = quicErrorCode(text, space);
  if (code !== undefined) return code;
  throw bad(
    option,
    text,
    `is neither a number nor a registered name ${space.layer === 'transport' ? 'of the transport' : `for ALPN ${space.alpn}`}`,
    'for example H3_NO_ERROR with ALPN h3, DOQ_NO_ERROR with doq, NO_ERROR with --transport-error',
  );
}

function requestOption(raw: RawOptions, alpn: string): Pick<QuicCloseOptions, 'request'> {
  const path = textOf(raw, 'get');
  if (path !== undefined && !path.startsWith('/'))
    throw bad('--get', path, 'is no path', 'a path begins with /');
  if (path !== undefined && !SPOKEN.test(alpn)) {
    throw new UsageError(
      'conflict',
      `--get: nothing is known of how to ask over ALPN ${alpn}`,
      'give the request with --send',
    );
  }
  if (raw.get === false) return { request: false };
  return path === undefined ? {} : { request: path };
}

function reasonOption(raw: RawOptions): Pick<QuicCloseOptions, 'reason'> {
  const text = textOf(raw, 'reason');
  const hex = textOf(raw, 'reasonHex');
  atMostOne(
    [
      ['--reason', text !== undefined],
      ['--reason-hex', hex !== undefined],
    ],
    'are two reasons',
  );
  if (text !== undefined) return { reason: text };
  if (hex === undefined) return {};
  if (!/^(?:[0-9a-f]{2})*$/iu.test(hex))
    throw bad('--reason-hex', hex, 'is not hexadecimal digits, two for each byte');
  return { reason: fromHex(hex) };
}

function closeMode(raw: RawOptions): QuicCloseMode {
  const ways: readonly Way<QuicCloseMode>[] = [
    ['--rapid', 'rapid', flagOf(raw, 'rapid')],
    ['--wait-peer', 'wait-peer', flagOf(raw, 'waitPeer')],
    ['--vanish', 'vanish', flagOf(raw, 'vanish')],
  ];
  return chosenWay(ways, 'full');
}

function versionsOf(text: string): readonly ('v1' | 'v2')[] {
  return list('--quic', text).map((one) => choice('--quic', one, ['v1', 'v2'] as const));
}

function positive(option: string, text: string): number {
  const ms = duration(option, text);
  if (ms > 0) return ms;
  throw bad(option, text, 'is no time at all');
}

/** What we can ask in. */
const SPOKEN = /^(?:h3|hq)/u;
const FOREIGN: readonly Foreign[] = [
  ['abrupt', '--abrupt', "FIN and RST are TCP's", '--vanish leaves without CONNECTION_CLOSE'],
  [
    'halfClose',
    '--half-close',
    'CONNECTION_CLOSE ends both directions at once',
    '--fin concludes one stream',
  ],
  ['then', '--then', 'no stream is left that could be used again', 'tls-close has --then'],
  [
    'ignoreUnexpectedEof',
    '--ignore-unexpected-eof',
    'QUIC has no end of stream that could be unexpected',
    'tls-close has it',
  ],
  [
    'quietShutdown',
    '--quiet-shutdown',
    'SSL_set_quiet_shutdown does nothing on QUIC',
    '--vanish sends nothing',
  ],
  [
    'writeAfterClose',
    '--write-after-close',
    'CONNECTION_CLOSE ends the connection: nothing is taken after it',
    '--linger listens after it',
  ],
  [
    'drain',
    '--no-drain',
    'SSL_shutdown on QUIC reads nothing',
    '--rapid does not wait for the end of closing',
  ],
  ['starttls', '--starttls', 'over UDP nothing begins in the clear', 'tls-close has --starttls'],
  ['tls', '--tls', 'the versions of this command are those of QUIC', 'give --quic v1 or --quic v2'],
  ['dtls', '--dtls', 'the versions of this command are those of QUIC', 'give --quic v1 or --quic v2'],
  ['psk', '--psk', 'QUIC is spoken with certificates here', 'dtls-close has --psk'],
  [
    'retryClose',
    '--retry-close',
    'QUIC repeats CONNECTION_CLOSE by itself, in answer to packets',
    'dtls-close has it',
  ],
];
