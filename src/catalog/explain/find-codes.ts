import { alertNumber } from '../../wire/alert.ts';
import { quicErrorCode, quicErrorNames } from '../../wire/quic-errors.ts';
import type { Explanation } from './explanation.ts';
import {
  alertMeaning,
  applicationMeaning,
  errnoMeaning,
  errnoName,
  errnosOf,
  transportMeaning,
} from './meanings.ts';
import { namedReason, packedMeanings, reasonMeaning } from './packed.ts';
import { fold, type Meter } from './shape.ts';
import { snakeCase, type Token } from './tokens.ts';

/** `weight`: how likely it is meant, for numbers that stand for several things. */
export type Coded = { meaning: Explanation; weight: number };

/** `alpn`: of the connection in question, where it is known. */
export type CodeContext = { alpn?: string | undefined };

/** What the names and numbers of a text mean where something beside them says which space they are of. */
export function findCodes(
  text: string,
  tokens: readonly Token[],
  context: CodeContext,
  meter: Meter = { steps: 0 },
): Coded[] {
  const low = fold(text);
  const setting: Setting = {
    tokens,
    text: low,
    quic: QUIC.test(low),
    boring: low.includes('openssl_internal'),
    openssl: OPENSSL.test(low),
    alpns: alpnsOf(context),
    known: context.alpn !== undefined,
  };
  const found: Coded[] = [];
  for (const [at, token] of tokens.entries()) {
    meter.steps++;
    if (found.length >= MOST_CODES) break;
    found.push(
      ...(token.value === undefined ? ofName(token, at, setting) : ofNumber(token, token.value, at, setting)),
    );
    found.push(...ofPacked(token, setting));
  }
  const packed = new Set(
    found.filter(({ meaning }) => isPacked(meaning)).map(({ meaning }) => meaning.title),
  );
  // The words after a packed number say the same once more.
  return found.filter(({ meaning }) => isPacked(meaning) || !packed.has(meaning.title));
}

function isPacked({ id }: Explanation): boolean {
  return id.startsWith('openssl/') && !id.startsWith('openssl/reason/');
}

/** `quic`: the text speaks of QUIC. `openssl`, `boring`: of OpenSSL's errors, of BoringSSL's. `known`: the ALPN was given. */
type Setting = {
  tokens: readonly Token[];
  text: string;
  quic: boolean;
  boring: boolean;
  openssl: boolean;
  alpns: readonly string[];
  known: boolean;
};

function ofName(token: Token, at: number, setting: Setting): Coded[] {
  const { raw } = token;
  const errno = /^(?:WSA)?E[A-Z]{2,}$/.test(raw) ? errnoMeaning(raw, raw) : undefined;
  if (errno !== undefined) return coded([errno], 60);
  const alert = alertAt(token, at, setting);
  if (alert !== undefined) return coded([alert], 60);
  const reason = setting.openssl ? namedReason(setting.tokens, at) : undefined;
  if (reason !== undefined) return coded([reasonMeaning(reason.number, reason.matched)], 61);
  return /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(raw) ? coded(quicNamed(raw, setting), 55) : [];
}

/** close_notify, CloseNotify after "alert", SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_AD_DECODE_ERROR, "alert handshake failure". */
function alertAt(token: Token, at: number, { tokens }: Setting): Explanation | undefined {
  const { raw, low } = token;
  const remote = low === 'tls' && tokens[at - 1]?.low === 'error' && tokens[at - 2]?.low === 'remote';
  if (low === 'alert' || remote) {
    for (let words = 4; words >= 1; words--) {
      const name = tokens
        .slice(at + 1, at + 1 + words)
        .map((one) => snakeCase(one.raw))
        .join('_');
      const number = alertNumber(remote ? (GO_ALERTS[name] ?? name) : name);
      if (number !== undefined)
        return alertMeaning(number, `${remote ? 'tls:' : raw} ${name.replaceAll('_', ' ')}`);
    }
    return undefined;
  }
  const bare = raw.replace(
    /^(?:ERR_SSL_)?(?:SSLV3|TLSV13|TLSV1|TLS)_(?:ALERT_)?|^SSL_AD_|^ALERT_|^TLS1_AD_/,
    '',
  );
  if (!bare.includes('_')) return undefined;
  const number = alertNumber(snakeCase(bare));
  return number === undefined ? undefined : alertMeaning(number, raw);
}

/** Names of QUIC's registries. Those that HTTP/2 has too count only where QUIC is spoken of. */
export function quicNamed(name: string, { quic, alpns }: Pick<Setting, 'quic' | 'alpns'>): Explanation[] {
  const own = /^(?:H3|QPACK|DOQ|WEBTRANSPORT)_/.test(name);
  if (!own && !quic) return [];
  const transport = quicErrorCode(name, { layer: 'transport' });
  return [
    ...(transport === undefined ? [] : [transportMeaning(transport, name)]),
    ...alpns.map((alpn) => {
      const code = quicErrorCode(name, { layer: 'application', alpn });
      return code === undefined ? undefined : applicationMeaning(code, alpn, name);
    }),
  ].filter((one) => one !== undefined);
}

function ofNumber(token: Token, value: bigint, at: number, setting: Setting): Coded[] {
  const before = (back: number): string => setting.tokens[at - back]?.low ?? '';
  const number = value < 0n || value > 0xffff_ffffn ? -1 : Number(value);
  if (before(1) === 'errno' || (before(1) === 'error' && before(2) === 'os')) {
    return coded(
      errnosOf(number).map(({ name }) => errnoMeaning(name, `${before(1)} ${token.raw}`)),
      60,
    );
  }
  if (saysAlert(before) && number >= 0) return coded([alertMeaning(number, `alert ${token.raw}`)], 60);
  if (before(1) === 'reason' && number > 99) return coded([reasonMeaning(number, `reason ${token.raw}`)], 50);
  if (value < 0n || number === FRAME_TRANSPORT || number === FRAME_APPLICATION) return [];
  return coded(quicNumbered(token, value, at, setting), 55);
}

function saysAlert(before: (back: number) => string): boolean {
  const [one, two, three] = [before(1), before(2), before(3)];
  if (one === 'alert' || one === 'description') return true;
  if ((one === 'number' || one === 'code') && two === 'alert') return true;
  return one === 'error' && two === 'failed' && three === 'handshake';
}

/** A code after a frame type, or after a word that names its layer; hex alone where the text is about QUIC. */
function quicNumbered(token: Token, value: bigint, at: number, setting: Setting): Explanation[] {
  const near = setting.tokens.slice(Math.max(0, at - 6), at);
  const layer = near.map(layerOf).findLast((one) => one !== undefined);
  const crypto = near.at(-1)?.low === 'crypto_error';
  const labelled = crypto || near.some(({ low }) => CODE_WORDS.has(low));
  const said = token.hex || CODE_WORDS.has(near.at(-1)?.low ?? '');
  if (layer === undefined && !crypto && !(said && setting.quic)) return [];
  if (layer !== undefined && !token.hex && !labelled) return [];
  const code = crypto && value < 0x100n ? value + 0x100n : value;
  const transport =
    layer === 'application' ? undefined : transportMeaning(code, token.raw, layer === 'transport');
  const application =
    layer === 'transport' || crypto
      ? []
      : setting.alpns.map((alpn) => applicationMeaning(code, alpn, token.raw, setting.known));
  // From 0x100 on HTTP/3 is likelier than a TLS alert, where both have the code.
  const inOrder = code < 0x100n ? [transport, ...application] : [...application, transport];
  const found = inOrder.filter((one) => one !== undefined);
  if (found.length > 0 || layer !== 'application') return found;
  const unknown = applicationMeaning(code, 'unknown', token.raw, true);
  return unknown === undefined ? [] : [unknown];
}

function layerOf({ low, value }: Token): 'transport' | 'application' | undefined {
  if (value === BigInt(FRAME_TRANSPORT) || low === 'transport') return 'transport';
  return value === BigInt(FRAME_APPLICATION) || low === 'application' ? 'application' : undefined;
}

/** "error:0A000126": eight hex digits, in a text about OpenSSL; bare ones are find-bare.ts's. */
function ofPacked({ raw, low, from }: Token, { text, boring }: Setting): Coded[] {
  if (!/^[0-9a-f]{8}$/.test(low) || !/error[: ]$/.test(text.slice(Math.max(0, from - 6), from))) return [];
  const packed = Number.parseInt(low, 16);
  return packed === 0 ? [] : coded(packedMeanings(packed, raw, boring), 62);
}

function coded(meanings: readonly (Explanation | undefined)[], weight: number): Coded[] {
  return meanings.flatMap((meaning, at) => (meaning === undefined ? [] : [{ meaning, weight: weight - at }]));
}

/** Registries of application codes, the likeliest first. */
export function alpnsOf({ alpn }: CodeContext): readonly string[] {
  return alpn === undefined ? ['h3', 'doq', 'moq'] : [alpn];
}

/** Everything that a text may be asked by name. */
export function isName(raw: string): boolean {
  return (
    errnoName(raw) !== undefined ||
    alertNumber(snakeCase(raw)) !== undefined ||
    NAMED_SPACES.some((space) => quicErrorNames(space).includes(raw.toUpperCase()))
  );
}

/** A text that goes on and on has said what it has to say. */
const MOST_CODES = 100;
const FRAME_TRANSPORT = 0x1c;
const FRAME_APPLICATION = 0x1d;
const QUIC = /quic|http\/?3|\bh3\b|h3_|connection_close|connectionclose|reset_stream|stop_sending|moq/;
/** Where OpenSSL's reasons are named in words that others use too. */
const OPENSSL = /ssl routines|\[ssl: |_ssl\.c:|err_ssl_|ssl_r_/;
const CODE_WORDS: ReadonlySet<string> = new Set([
  'code',
  'error',
  'error_code',
  'errorcode',
  'close',
  'closed',
]);
/** What Go's crypto/tls calls alerts, where it is not the registry's name with blanks. */
const GO_ALERTS: Readonly<Record<string, string>> = {
  error_decoding_message: 'decode_error',
  error_decrypting_message: 'decrypt_error',
  protocol_version_not_supported: 'protocol_version',
  unknown_certificate_authority: 'unknown_ca',
  unknown_certificate: 'certificate_unknown',
  expired_certificate: 'certificate_expired',
  revoked_certificate: 'certificate_revoked',
  insufficient_security_level: 'insufficient_security',
};
const NAMED_SPACES = [
  { layer: 'transport' },
  { layer: 'application', alpn: 'h3' },
  { layer: 'application', alpn: 'doq' },
  { layer: 'application', alpn: 'moq' },
] as const;
