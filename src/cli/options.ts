import { groupByName } from '../crypto/groups.ts';
import { suiteByName } from '../crypto/suites.ts';
import { CLOSE_MODES, type CloseLimits, type CloseMode, DEFAULT_LIMITS } from '../driver/close/plan.ts';
import { UsageError } from '../driver/usage-error.ts';
import { EXCHANGE_NAMES } from '../exchange/exchanges.ts';
import { STARTTLS_NAMES } from '../exchange/starttls.ts';
import type { TlsCloseOptions } from '../index.ts';
import { readBytes, readText } from '../io/files.ts';
import type { RawOptions } from './command.ts';
import { atMostOne, bad, choice, duration, flagOf, integer, list, textOf, unescaped } from './values.ts';
import { chosenWay, type Way } from './ways.ts';

/*
 * The only place where the strings of a command line become types. Everything that can be wrong with them is a UsageError
 * here, before anything is sent.
 */

/** What `tls-close` is asked for, but for its target. `readInput` gives standard input, for `--send @-`. */
export function toTlsCloseOptions(
  raw: RawOptions,
  readInput: () => Uint8Array,
): Omit<TlsCloseOptions, 'target'> {
  refuseForeign(raw);
  const mode = closeMode(raw);
  checkAgainstMode(raw, mode);
  return {
    mode,
    ...handshakeOptions(raw, 'tls'),
    ...given(raw, 'starttls', (text) => ({ starttls: choice('--starttls', text, STARTTLS_NAMES) })),
    ...exchangeOptions(raw, readInput),
    ...spokenOptions(raw),
    // biome-ignore lint/suspicious/noThenProperty: the option's name; its value is never callable
    ...given(raw, 'then', (text) => ({ then: thenOf(text, readInput) })),
    ignoreUnexpectedEof: flagOf(raw, 'ignoreUnexpectedEof'),
    ...closeOptions(raw),
  };
}

/** What every closing command takes. */
export function closeOptions(
  raw: RawOptions,
): Pick<
  TlsCloseOptions,
  | 'limits'
  | 'idleMs'
  | 'lingerMs'
  | 'drain'
  | 'noBlock'
  | 'writeAfterClose'
  | 'resume'
  | 'profile'
  | 'failOn'
  | 'repeat'
  | 'family'
  | 'connectTo'
> {
  return {
    ...timeOptions(raw),
    drain: raw.drain !== false,
    noBlock: raw.block === false,
    writeAfterClose: flagOf(raw, 'writeAfterClose'),
    resume: flagOf(raw, 'resume'),
    ...given(raw, 'profile', (text) => ({ profile: choice('--profile', text, PROFILES) })),
    ...given(raw, 'failOn', (text) => ({ failOn: choice('--fail-on', text, GRADES) })),
    ...given(raw, 'repeat', (text) => ({ repeat: integer('--repeat', text, 1, 10_000) })),
    ...addressOptions(raw),
  };
}

export function toLimits(text: string): Partial<CloseLimits> {
  if (!text.includes('=')) {
    const all = limit(text);
    return { connect: all, handshake: all, exchange: all, close: all, fin: all };
  }
  const limits: Partial<CloseLimits> = {};
  for (const part of text.split(',')) {
    const [phase = '', value = ''] = part.split('=');
    limits[choice('--timeout', phase.trim(), PHASES)] = limit(value);
  }
  return limits;
}

export function versionsOf(text: string, option = '--tls'): readonly ('1.2' | '1.3')[] {
  return list(option, text).map((one) => choice(option, one, ['1.2', '1.3'] as const));
}

/** `--cert FILE --key FILE`; a key in the certificate's file will do. */
export function identityOf(raw: RawOptions): { cert: string; key: string } | undefined {
  const cert = textOf(raw, 'cert');
  const key = textOf(raw, 'key');
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) {
    throw new UsageError('conflict', '--key without --cert', 'give the certificate chain with --cert FILE');
  }
  const pem = readText(cert);
  if (key !== undefined) return { cert: pem, key: readText(key) };
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/u.test(pem)) return { cert: pem, key: pem };
  throw new UsageError('conflict', `--cert: there is no private key in ${cert}`, 'give it with --key FILE');
}

function refuseForeign(raw: RawOptions): void {
  if (raw.code !== undefined || raw.reason !== undefined || raw.reasonHex !== undefined) {
    const option = raw.code !== undefined ? '--code' : '--reason';
    throw new UsageError(
      'bad-option',
      `${option}: a TLS close carries neither code nor reason`,
      'quic-close has --code and --reason: QUIC is the protocol that can say why it closes',
    );
  }
  if (raw.vanish !== undefined) {
    throw new UsageError(
      'bad-option',
      '--vanish: a TCP connection does not vanish, the kernel ends it',
      '--abrupt fin and --abrupt rst close without close_notify',
    );
  }
}

function closeMode(raw: RawOptions): CloseMode {
  const abrupt = textOf(raw, 'abrupt');
  const how = abrupt === undefined ? undefined : choice('--abrupt', abrupt, ['fin', 'rst'] as const);
  const ways: readonly Way<CloseMode>[] = [
    ['--rapid', 'rapid', flagOf(raw, 'rapid')],
    ['--quiet-shutdown', 'quiet', flagOf(raw, 'quietShutdown')],
    ['--wait-peer', 'wait-peer', flagOf(raw, 'waitPeer')],
    [`--abrupt ${how}`, how === 'rst' ? 'abrupt-rst' : 'abrupt-fin', how !== undefined],
    ['--half-close', 'half-close', flagOf(raw, 'halfClose')],
  ];
  return chosenWay(ways, CLOSE_MODES[0]);
}

/** What a way of closing cannot do, it must not be asked. */
function checkAgainstMode(raw: RawOptions, mode: CloseMode): void {
  const wants = (option: string, on: boolean, modes: readonly CloseMode[], why: string): void => {
    if (on && !modes.includes(mode))
      throw new UsageError('conflict', `${option}: ${why}`, `not with ${FLAGS[mode]}`);
  };
  wants(
    '--then',
    raw.then !== undefined,
    ['full'],
    'only a full shutdown leaves the connection ready for more',
  );
  wants(
    '--no-drain',
    raw.drain === false,
    ['full', 'half-close'],
    'this way of closing does not read to the end',
  );
  wants(
    '--write-after-close',
    flagOf(raw, 'writeAfterClose'),
    ['full', 'half-close', 'wait-peer'],
    'no close_notify goes out, or nothing is left open after it',
  );
}

/** `versions`: how the option is called that names them. */
export function handshakeOptions(
  raw: RawOptions,
  versions: 'tls' | 'dtls' | 'quic',
): Omit<Partial<TlsCloseOptions>, 'mode'> {
  const identity = identityOf(raw);
  return {
    ...(versions === 'quic'
      ? {}
      : given(raw, versions, (text) => ({ versions: versionsOf(text, `--${versions}`) }))),
    ...given(raw, 'sni', (text) => ({ sni: text })),
    ...(raw.sni === false ? { sni: false as const } : {}),
    ...given(raw, 'alpn', (text) => ({ alpn: list('--alpn', text, /,/u) })),
    ...given(raw, 'ciphers', (text) => ({ suites: suitesOf(text) })),
    ...given(raw, 'groups', (text) => ({ groups: groupsOf(text) })),
    ...given(raw, 'ca', (path) => ({ ca: readText(path) })),
    ...(identity ?? {}),
    insecure: flagOf(raw, 'insecure'),
    ...given(raw, 'crypto', (text) => ({ crypto: choice('--crypto', text, PROVIDERS) })),
  };
}

function suitesOf(text: string): string[] {
  return list('--ciphers', text).map((name) => {
    const suite = suiteByName(name);
    if (suite === undefined) {
      throw bad(
        '--ciphers',
        name,
        'is not a suite that sslshut speaks',
        'IANA and OpenSSL names of AES-GCM and ChaCha20 suites with ECDHE; man sslshut-tls-close lists them',
      );
    }
    return suite.name;
  });
}

function groupsOf(text: string): string[] {
  return list('--groups', text).map((name) => {
    const group = groupByName(name);
    if (group === undefined) {
      throw bad(
        '--groups',
        name,
        'is not a group that sslshut speaks',
        'x25519, secp256r1 (P-256), secp384r1, secp521r1, X25519MLKEM768',
      );
    }
    return group.name;
  });
}

export function exchangeOptions(
  raw: RawOptions,
  readInput: () => Uint8Array,
): Pick<TlsCloseOptions, 'send' | 'readUntil'> {
  return {
    ...given(raw, 'send', (text) => ({ send: payload('--send', text, readInput) })),
    ...given(raw, 'readUntil', (text) => ({ readUntil: readUntil(text) })),
  };
}

/** `--exchange`, and what it asks for. `none` is the default, `raw` what --send and --read-until do. */
export function spokenOptions(raw: RawOptions): Pick<TlsCloseOptions, 'exchange' | 'path' | 'readUntil'> {
  const name = textOf(raw, 'exchange');
  const known =
    name === undefined ? 'none' : choice('--exchange', name, [...EXCHANGE_NAMES, 'raw', 'none'] as const);
  const path = given(raw, 'get', (text) => ({ path: text }));
  if (known === 'raw') return raw.readUntil === undefined ? { readUntil: 'idle', ...path } : path;
  return known === 'none' ? path : { exchange: known, ...path };
}

function payload(option: string, text: string, readInput: () => Uint8Array): Uint8Array {
  if (text === '@-') return readInput();
  return text.startsWith('@') ? readBytes(text.slice(1)) : unescaped(option, text);
}

function readUntil(text: string): 'eof' | 'idle' | number {
  if (text === 'eof' || text === 'idle') return text;
  if (/^\d+$/u.test(text)) return integer('--read-until', text, 1, 16 * 1024 * 1024);
  throw bad('--read-until', text, 'is none of eof, idle or a number of bytes');
}

function thenOf(text: string, readInput: () => Uint8Array): { plain: Uint8Array } | 'tls' {
  if (text === 'tls') return 'tls';
  if (text.startsWith('plain:')) return { plain: payload('--then', text.slice('plain:'.length), readInput) };
  throw bad('--then', text, 'is neither tls nor plain:TEXT');
}

function timeOptions(raw: RawOptions): Partial<TlsCloseOptions> {
  return {
    ...given(raw, 'timeout', (text) => ({ limits: { ...DEFAULT_LIMITS, ...toLimits(text) } })),
    ...given(raw, 'idle', (text) => ({ idleMs: duration('--idle', text) })),
    ...given(raw, 'linger', (text) => ({ lingerMs: duration('--linger', text) })),
  };
}

export function addressOptions(raw: RawOptions): Partial<TlsCloseOptions> {
  atMostOne(
    [
      ['-4', flagOf(raw, 'ipv4')],
      ['-6', flagOf(raw, 'ipv6')],
    ],
    'leave no address to try',
  );
  atMostOne(
    [
      ['--connect-to', raw.connectTo !== undefined],
      ['--all-addresses', flagOf(raw, 'allAddresses')],
    ],
    'contradict each other',
  );
  return {
    ...(flagOf(raw, 'ipv4') ? { family: 4 as const } : {}),
    ...(flagOf(raw, 'ipv6') ? { family: 6 as const } : {}),
    ...given(raw, 'connectTo', (text) => ({ connectTo: text })),
  };
}

function limit(text: string): number {
  const ms = duration('--timeout', text);
  if (ms > 0) return ms;
  throw bad('--timeout', text, 'leaves no time at all');
}

/** What an option with a value comes to, or nothing where it was not given. */
export function given<T extends object>(
  raw: RawOptions,
  name: string,
  read: (text: string) => T,
): T | object {
  const text = textOf(raw, name);
  return text === undefined ? {} : read(text);
}

const PROFILES = ['manual', 'openssl-3.5'] as const;
const GRADES = ['info', 'warn', 'fail'] as const;
const PROVIDERS = ['auto', 'noble', 'native'] as const;
const PHASES = ['connect', 'handshake', 'exchange', 'close', 'fin'] as const;
const FLAGS: Readonly<Record<CloseMode, string>> = {
  full: 'a full shutdown',
  rapid: '--rapid',
  quiet: '--quiet-shutdown',
  'wait-peer': '--wait-peer',
  'abrupt-fin': '--abrupt fin',
  'abrupt-rst': '--abrupt rst',
  'half-close': '--half-close',
};
