import {
  type DatagramCloseMode,
  type DatagramCloseOptions,
  LEAST_MTU,
  MOST_MTU,
  MOST_RETRIES,
} from '../driver/close/datagram-plan.ts';
import { UsageError } from '../driver/usage-error.ts';
import { fromHex } from '../wire/bytes.ts';
import type { RawOptions } from './command.ts';
import { closeOptions, exchangeOptions, given, handshakeOptions, spokenOptions } from './options.ts';
import { bad, flagOf, integer, textOf } from './values.ts';
import { chosenWay, type Foreign, refuseStreams, type Way } from './ways.ts';

/** What `dtls-close` is asked for, but for its target. `readInput` gives standard input, for `--send @-`. */
export function toDtlsCloseOptions(
  raw: RawOptions,
  readInput: () => Uint8Array,
): Omit<DatagramCloseOptions, 'target'> {
  refuseStreams(raw, FOREIGN);
  const mode = closeMode(raw);
  checkAgainstMode(raw, mode);
  const psk = pskOf(raw);
  return {
    mode,
    ...handshakeOptions(raw, 'dtls'),
    ...exchangeOptions(raw, readInput),
    ...spokenOptions(raw),
    ...closeOptions(raw),
    ...given(raw, 'mtu', (text) => ({ mtu: integer('--mtu', text, LEAST_MTU, MOST_MTU) })),
    ...given(raw, 'retryClose', (text) => ({ retryClose: integer('--retry-close', text, 0, MOST_RETRIES) })),
    ...(flagOf(raw, 'cid') ? { connectionId: true as const } : {}),
    ...(psk === undefined ? {} : { psk }),
  };
}

function closeMode(raw: RawOptions): DatagramCloseMode {
  const ways: readonly Way<DatagramCloseMode>[] = [
    ['--rapid', 'rapid', flagOf(raw, 'rapid')],
    ['--quiet-shutdown', 'quiet', flagOf(raw, 'quietShutdown')],
    ['--wait-peer', 'wait-peer', flagOf(raw, 'waitPeer')],
    ['--vanish', 'vanish', flagOf(raw, 'vanish')],
  ];
  return chosenWay(ways, 'full');
}

/** What a way of closing cannot do, it must not be asked. */
function checkAgainstMode(raw: RawOptions, mode: DatagramCloseMode): void {
  const wants = (option: string, on: boolean, modes: readonly DatagramCloseMode[], why: string): void => {
    if (on && !modes.includes(mode))
      throw new UsageError('conflict', `${option}: ${why}`, `not with ${FLAGS[mode]}`);
  };
  wants('--no-drain', raw.drain === false, ['full'], 'this way of closing does not read to the end');
  wants(
    '--write-after-close',
    flagOf(raw, 'writeAfterClose'),
    ['full', 'wait-peer'],
    'no close_notify goes out, or nobody listens after it',
  );
  wants(
    '--retry-close',
    raw.retryClose !== undefined,
    ['full'],
    'only who waits for an answer to close_notify can tell that none came',
  );
}

/** `--psk HEX --psk-identity TEXT`. */
export function pskOf(raw: RawOptions): DatagramCloseOptions['psk'] {
  const hex = textOf(raw, 'psk');
  const identity = textOf(raw, 'pskIdentity');
  if (hex === undefined) {
    if (identity === undefined) return undefined;
    throw new UsageError('conflict', '--psk-identity without --psk', 'give the key with --psk HEX');
  }
  if (!/^(?:[0-9a-f]{2})+$/iu.test(hex)) throw bad('--psk', hex, 'is no key in hexadecimal digits');
  return { key: fromHex(hex), identity: new TextEncoder().encode(identity ?? OPENSSL_IDENTITY) };
}

const NO_STREAM = 'UDP has no connection that could be ended below DTLS';
const FOREIGN: readonly Foreign[] = [
  ['abrupt', '--abrupt', `FIN and RST are TCP's: ${NO_STREAM}`, '--vanish leaves without close_notify'],
  [
    'halfClose',
    '--half-close',
    `there is no FIN to send: ${NO_STREAM}`,
    'the default reads on after our close_notify',
  ],
  [
    'then',
    '--then',
    'no stream is left that could be used again: each datagram stands for itself',
    'tls-close has --then',
  ],
  [
    'ignoreUnexpectedEof',
    '--ignore-unexpected-eof',
    'datagrams have no end of stream that could be unexpected',
    'tls-close has it',
  ],
  ['starttls', '--starttls', 'over UDP nothing begins in the clear', 'tls-close has --starttls'],
  ['tls', '--tls', 'the versions of this command are those of DTLS', 'give --dtls 1.2 or --dtls 1.3'],
  ['code', '--code', 'a DTLS close carries no code', 'QUIC is the protocol that can say why it closes'],
  ['reason', '--reason', 'a DTLS close carries no reason', 'QUIC is the protocol that can say why it closes'],
];

const FLAGS: Readonly<Record<DatagramCloseMode, string>> = {
  full: 'a full shutdown',
  rapid: '--rapid',
  quiet: '--quiet-shutdown',
  'wait-peer': '--wait-peer',
  vanish: '--vanish',
};
/** What OpenSSL's programs call themselves. */
const OPENSSL_IDENTITY = 'Client_identity';
