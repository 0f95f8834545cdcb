import { alertName } from '../../wire/alert.ts';
import {
  type CodeSpace,
  isReservedHttp3Code,
  quicErrorName,
  registeredCode,
} from '../../wire/quic-errors.ts';
import { ALERT_CAUSES } from '../causes/alerts.ts';
import { ERRNOS } from '../causes/errnos.ts';
import { OTHER_QUIC_CODE, QUIC_CODES, UNKNOWN_QUIC_CODE } from '../causes/quic-codes.ts';
import { type CodeFacts, type Explanation, ofCode } from './explanation.ts';

/** An alert by its number; undefined for a number that no alert has. */
export function alertMeaning(number: number, matched: string): Explanation | undefined {
  const facts = alertFacts(number);
  if (facts === undefined) return undefined;
  return ofCode(`tls-alert/${number}`, 'tls-alert', 'TLS alert', facts, matched);
}

/** An error of the system by its name ("ECONNRESET", "WSAECONNRESET"). */
export function errnoMeaning(name: string, matched: string): Explanation | undefined {
  const plain = errnoName(name);
  const facts = plain === undefined ? undefined : errnoFacts(plain);
  return plain === undefined || facts === undefined
    ? undefined
    : ofCode(`errno/${plain}`, 'errno', 'errno', facts, matched);
}

/** What an error number is called on the systems that have it. */
export function errnosOf(number: number): NumberedErrno[] {
  return Object.entries(ERRNOS).flatMap(([name, { linux, bsd, windows }]): NumberedErrno[] => {
    if (number === linux) return [{ name, system: 'linux' }];
    if (number === bsd) return [{ name, system: 'bsd' }];
    return number === windows ? [{ name, system: 'windows' }] : [];
  });
}

export type NumberedErrno = { name: string; system: 'linux' | 'bsd' | 'windows' };

export function errnoName(name: string): string | undefined {
  const plain = name
    .toUpperCase()
    .replace(/^WSA/, '')
    .replace(/^EWOULDBLOCK$/, 'EAGAIN');
  return Object.hasOwn(ERRNOS, plain) ? plain : undefined;
}

/** A code of CONNECTION_CLOSE 0x1c, RFC 9000 §20.1; undefined where nothing is registered, unless `whatever`. */
export function transportMeaning(code: bigint, matched: string, whatever = false): Explanation | undefined {
  const id = `quic-transport/0x${code.toString(16)}`;
  const space: CodeSpace = { layer: 'transport' };
  const build = (facts: CodeFacts): Explanation =>
    ofCode(id, 'quic-transport', 'QUIC transport error (0x1c)', facts, matched);
  if (code >= 0x100n && code <= 0x1ffn) return build(cryptoFacts(code));
  const known = registeredCode(code, space);
  if (known === undefined && !whatever) return undefined;
  const title = `${quicErrorName(code, space)} (0x${code.toString(16)})`;
  return build(quicFacts(title, known, ['QUIC']));
}

/** A code of CONNECTION_CLOSE 0x1d, RESET_STREAM or STOP_SENDING under this ALPN. */
export function applicationMeaning(
  code: bigint,
  alpn: string,
  matched: string,
  whatever = false,
): Explanation | undefined {
  const space: CodeSpace = { layer: 'application', alpn };
  const known = registeredCode(code, space);
  if (known === undefined && !whatever) return undefined;
  const name = quicErrorName(code, space);
  const hex = `0x${code.toString(16)}`;
  const title = name.startsWith('0x') ? name : `${name} (${hex})`;
  const facts = quicFacts(title, known, alpn.startsWith('h3') ? ['QUIC', 'HTTP/3'] : ['QUIC']);
  const peaceful = known === undefined && alpn.startsWith('h3') && isReservedHttp3Code(code);
  return ofCode(
    `quic-application/${alpn}/${hex}`,
    'quic-application',
    alpn === 'unknown'
      ? 'QUIC application error (0x1d), ALPN not known'
      : `QUIC application error (0x1d), ALPN ${alpn}`,
    peaceful ? { ...facts, ...GREASE } : facts,
    matched,
  );
}

export function alertFacts(number: number): CodeFacts | undefined {
  const cause = ALERT_CAUSES[number];
  if (cause === undefined) return undefined;
  const { meaning, atShutdown, clause, severity, fix, confirm } = cause;
  return {
    title: `${alertName(number)} (${number})`,
    protocols: ['TLS', 'DTLS', 'QUIC'],
    happened: [meaning, atShutdown ?? (severity === 'benign' ? '' : ERROR_CLOSE)].join(' ').trim(),
    who: 'peer',
    severity,
    fix,
    confirm,
    refs: clause.split('; '),
  };
}

/** `name`: one of the table. */
export function errnoFacts(name: string): CodeFacts | undefined {
  const cause = ERRNOS[name];
  if (cause === undefined) return undefined;
  const { linux, bsd, windows, meaning, who, severity, fix, confirm } = cause;
  const numbers = [
    `${linux} Linux`,
    `${bsd} BSD and macOS`,
    ...(windows === undefined ? [] : [`${windows} Windows`]),
  ];
  return {
    title: `${name} (${numbers.join(', ')})`,
    protocols: ['TLS', 'DTLS', 'QUIC'],
    happened: meaning,
    who,
    severity,
    fix,
    confirm,
    refs: ['errno(3)'],
  };
}

/** 0x0100 to 0x01ff: the alert is in the low byte (RFC 9001 §4.8). */
function cryptoFacts(code: bigint): CodeFacts {
  const number = Number(code & 0xffn);
  const alert = alertFacts(number);
  const title = `${quicErrorName(code, { layer: 'transport' })} (0x${code.toString(16)})`;
  const says = `TLS alert ${alertName(number)} (${number}), in a CONNECTION_CLOSE.`;
  if (number === 0) {
    const happened = `${says} QUIC has no use for close_notify: a close without an error is NO_ERROR here. In a frame 0x1d the same number is H3_NO_ERROR.`;
    return {
      ...UNNAMED,
      ...QUIC_ALERT,
      title,
      happened,
      severity: 'bug',
      fix: 'Look at the frame type first: 0x1c and 0x1d are two spaces.',
    };
  }
  if (alert === undefined) return { ...UNNAMED, ...QUIC_ALERT, title, happened: says };
  return {
    ...alert,
    ...QUIC_ALERT,
    title,
    happened: `${says} ${ALERT_CAUSES[number]?.meaning ?? ''}`.trim(),
  };
}

function quicFacts(
  title: string,
  known: { name: string; clause: string; meaning: string } | undefined,
  protocols: readonly string[],
): CodeFacts {
  if (known === undefined) return { ...UNNAMED, title, protocols };
  const advice = QUIC_CODES[known.name] ?? OTHER_QUIC_CODE;
  return { title, protocols, happened: known.meaning, who: 'either', refs: [known.clause], ...advice };
}

const ERROR_CLOSE = 'An error close: no close_notify follows, and none must be waited for.';
const UNNAMED = {
  protocols: ['QUIC'],
  happened: 'A code that no registry names.',
  who: 'either',
  refs: ['RFC 9000 §20'],
  ...UNKNOWN_QUIC_CODE,
} as const;
const QUIC_ALERT = {
  protocols: ['QUIC'],
  who: 'peer',
  confirm: 'quic-handshake',
  refs: ['RFC 9001 §4.8'],
} as const;
const GREASE = {
  happened:
    'A reserved code (0x1f × N + 0x21): sent so that nobody trips over codes that are new, and means H3_NO_ERROR.',
  severity: 'benign',
  fix: 'Nothing: treat it as H3_NO_ERROR.',
  refs: ['RFC 9114 §8.1'],
} as const;
