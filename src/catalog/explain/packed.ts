import { CAUSES } from '../causes/all-causes.ts';
import { OPENSSL_LIBRARIES, OPENSSL_REASONS } from '../causes/openssl-reasons.ts';
import { type CodeFacts, type Explanation, ofCause, ofCode } from './explanation.ts';
import { alertFacts, errnoFacts, errnosOf } from './meanings.ts';
import { fold } from './shape.ts';
import type { Token } from './tokens.ts';

/**
 * What an error number of OpenSSL says: "0A000126" and the like. Three ways of packing: OpenSSL 3 (library << 23 | reason, bit 31 for errno),
 * 1.1.1 and before (library << 24 | function << 12 | reason) and BoringSSL (library << 24 | reason). Empty for what none of them would pack.
 */
export function packedMeanings(packed: number, matched: string, boring = false): Explanation[] {
  const unpacked = unpack(packed);
  const wanted = boring ? unpacked.filter(({ series }) => series === 'BoringSSL') : unpacked;
  return (wanted.length > 0 ? wanted : unpacked).map((one) => {
    const hex = packed.toString(16).toUpperCase().padStart(8, '0');
    const source = `${one.series} error ${hex}: ${one.libraryName}, reason ${one.reason}`;
    return reasonOf(`openssl/${hex}`, source, one, matched);
  });
}

/** A reason of the SSL library without its library: "reason(1000)". */
export function reasonMeaning(reason: number, matched: string): Explanation | undefined {
  if (sslFacts(reason) === undefined && causeOf(reason) === undefined) return undefined;
  const unpacked = { series: 'OpenSSL', library: SSL, libraryName: 'SSL routines', reason };
  return reasonOf(`openssl/reason/${reason}`, `OpenSSL: SSL routines, reason ${reason}`, unpacked, matched);
}

/** "wrong version number", WRONG_VERSION_NUMBER, ERR_SSL_WRONG_VERSION_NUMBER: the reason that a word or the words from it on name. */
export function namedReason(
  tokens: readonly Token[],
  at: number,
): { number: number; matched: string } | undefined {
  const token = tokens[at];
  if (token === undefined) return undefined;
  const name = token.low.replace(/^(?:err_ssl|ssl_r)_/, '').replaceAll('_', ' ');
  for (const [key, { name: wanted }] of Object.entries(OPENSSL_REASONS)) {
    if (name === wanted) return { number: Number(key), matched: token.raw };
    const words = wanted.split(' ');
    if (words[0] !== token.low || words.length < 2) continue;
    if (words.every((word, index) => tokens[at + index]?.low === word))
      return { number: Number(key), matched: wanted };
  }
  return undefined;
}

type Unpacked = { series: string; library: number; libraryName: string; reason: number };

function unpack(packed: number): Unpacked[] {
  if (packed >= 0x8000_0000) {
    return [
      { series: 'OpenSSL 3', library: SYSTEM, libraryName: 'system library', reason: packed % 0x8000_0000 },
    ];
  }
  const found: Unpacked[] = [];
  const first = packed >>> 24;
  if (first === 0x14) {
    found.push({ series: 'OpenSSL 1.1', library: SSL, libraryName: 'SSL routines', reason: packed & 0xfff });
  }
  if (first === 0x10 && (packed & 0xff_ffff) < 0x1000) {
    found.push({ series: 'BoringSSL', library: SSL, libraryName: 'SSL routines', reason: packed & 0xfff });
  }
  const library = packed >>> 23;
  const libraryName = OPENSSL_LIBRARIES[library];
  if (libraryName !== undefined)
    found.push({ series: 'OpenSSL 3', library, libraryName, reason: packed & 0x7f_ffff });
  return found;
}

function reasonOf(id: string, source: string, unpacked: Unpacked, matched: string): Explanation {
  const { library, reason, libraryName } = unpacked;
  if (library === SYSTEM) {
    const name = errnosOf(reason)[0]?.name;
    const facts = name === undefined ? undefined : errnoFacts(name);
    if (facts !== undefined)
      return { ...ofCode(id, 'openssl', source, facts, matched), entry: `errno/${name}` };
  }
  if (library === SSL) {
    const cause = causeOf(reason);
    if (cause !== undefined)
      return { ...ofCause(cause, matched), id, entry: cause.id, space: 'openssl', source };
    const facts = sslFacts(reason);
    if (facts !== undefined) {
      const same = reason >= ALERTS ? { entry: `tls-alert/${reason - ALERTS}` } : {};
      return { ...ofCode(id, 'openssl', source, facts, matched), ...same };
    }
  }
  return ofCode(id, 'openssl', source, { ...OTHER, title: `reason ${reason} of ${libraryName}` }, matched);
}

/** The catalogue's entry for a reason: its patterns name it as OpenSSL 3 packs it. */
function causeOf(reason: number): (typeof CAUSES)[number] | undefined {
  const hex = fold(((SSL << 23) + reason).toString(16).padStart(8, '0'));
  return CAUSES.find(({ patterns }) => patterns.some((pattern) => fold(pattern) === hex));
}

function sslFacts(reason: number): CodeFacts | undefined {
  const alert = reason >= ALERTS ? alertFacts(reason - ALERTS) : undefined;
  if (alert !== undefined) {
    return { ...alert, title: `the peer sent alert ${alert.title}`, protocols: ['TLS', 'DTLS'] };
  }
  const known = OPENSSL_REASONS[reason];
  if (known === undefined) return undefined;
  const { name, meaning, ...rest } = known;
  return { title: name, happened: meaning, protocols: ['TLS', 'DTLS'], refs: [], ...rest };
}

const SSL = 20;
const SYSTEM = 2;
/** SSL_AD_REASON_OFFSET: reasons from here on are the peer's alerts. */
const ALERTS = 1000;
const OTHER = {
  protocols: ['TLS', 'DTLS'],
  happened:
    'A failure inside OpenSSL that has nothing to do with how connections end, as far as is known here.',
  who: 'local',
  severity: 'misconfiguration',
  fix: '`openssl errstr` names it; the lines around it in the log say what was being done.',
  confirm: 'handshake',
  refs: [],
} as const;
