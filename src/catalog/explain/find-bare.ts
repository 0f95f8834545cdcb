import { alertNumber } from '../../wire/alert.ts';
import { CAUSES } from '../causes/all-causes.ts';
import { ofCause } from './explanation.ts';
import { alpnsOf, type CodeContext, type Coded, findCodes, isName, quicNamed } from './find-codes.ts';
import {
  alertMeaning,
  applicationMeaning,
  errnoMeaning,
  errnosOf,
  type NumberedErrno,
  transportMeaning,
} from './meanings.ts';
import { packedMeanings } from './packed.ts';
import { snakeCase, type Token } from './tokens.ts';

/** Is this nothing but codes and names, with at most a word before them that says what they are? */
export function isBare(tokens: readonly Token[]): boolean {
  return (
    tokens.length > 0 &&
    tokens.length <= MOST &&
    tokens.every((token) => isCode(token) || LABELS.has(token.low)) &&
    tokens.some(isCode)
  );
}

/** Everything that codes standing alone can mean. Where a label or a frame type says which space, only that. */
export function findBareCodes(text: string, tokens: readonly Token[], context: CodeContext): Coded[] {
  const labelled = findCodes(text, tokens, context);
  const said = new Set(labelled.map(({ meaning }) => meaning.matched));
  const frames = tokens.some(({ value }) => value === 0x1cn || value === 0x1dn);
  if (labelled.length > 0 && (tokens.length > 1 || frames)) return labelled;
  return [
    ...labelled,
    ...tokens.filter(({ raw }) => !said.has(raw)).flatMap((token) => everything(token, context)),
  ];
}

function everything(token: Token, context: CodeContext): Coded[] {
  const found = token.value === undefined ? named(token, context) : numbered(token, token.value, context);
  return [...found, ...packed(token)];
}

function named({ raw }: Token, context: CodeContext): Coded[] {
  const alert = alertNumber(snakeCase(raw));
  return weighed([
    [60, errnoMeaning(raw, raw)],
    [59, alert === undefined ? undefined : alertMeaning(alert, raw)],
    ...quicNamed(raw.toUpperCase(), { quic: true, alpns: alpnsOf(context) }).map((one) => [58, one] as const),
  ]);
}

function numbered({ raw, hex }: Token, value: bigint, context: CodeContext): Coded[] {
  const number = value < 0n || value > 0xffff_ffffn ? -1 : Number(value);
  return weighed([
    [hex ? 60 : 100, number < 0 ? undefined : alertMeaning(number, raw)],
    ...errnosOf(number).map((one) => [errnoWeight(one, hex), errnoMeaning(one.name, raw)] as const),
    ...CAUSES.filter(({ numbers }) => numbers?.some((one) => BigInt(one) === value)).map(
      (cause) => [hex ? 85 : 80, ofCause(cause, raw)] as const,
    ),
    ...(value < 0n ? [] : quicNumbers(raw, hex, value, context)),
  ]);
}

/** What the registries say; a code that is in none of them only where `--alpn` says whose it would be. */
function quicNumbers(raw: string, hex: boolean, value: bigint, context: CodeContext): Weighed[] {
  const plain = value >= 0x100n ? 70 : 50;
  return [
    [hex ? 97 : plain, transportMeaning(value, raw)],
    ...alpnsOf(context).map((alpn, at): Weighed => {
      const asked = context.alpn !== undefined;
      const weight = (hex ? (alpn === 'h3' && value >= 0x100n ? 99 : 95) : plain - 5) - at + (asked ? 10 : 0);
      return [weight, applicationMeaning(value, alpn, raw, asked)];
    }),
  ];
}

function errnoWeight({ system }: NumberedErrno, hex: boolean): number {
  if (hex) return 40;
  return system === 'bsd' ? 60 : 90;
}

/** As OpenSSL prints it, eight digits; with 0x in front, or as the decimal number that its API gives. */
function packed({ raw, low, hex, value }: Token): Coded[] {
  const digits = hex ? low.slice(2) : low;
  const isHex = /^[0-9a-f]{8}$/.test(digits) || (hex && /^[0-9a-f]{7}$/.test(digits));
  const number = isHex ? Number.parseInt(digits, 16) : Number(value ?? 0n);
  if (number < LEAST_PACKED || number > 0xffff_ffff) return [];
  return packedMeanings(number, raw).map((meaning, at) => ({ meaning, weight: 98 - at }));
}

function isCode({ raw, value, low }: Token): boolean {
  return value !== undefined || /^[0-9a-f]{8}$/.test(low) || isName(raw);
}

type Weighed = readonly [weight: number, meaning: Coded['meaning'] | undefined];

function weighed(rows: readonly Weighed[]): Coded[] {
  return rows.flatMap(([weight, meaning]) => (meaning === undefined ? [] : [{ meaning, weight }]));
}

const MOST = 8;
/** Library 2 with reason 0, as OpenSSL 3 packs it: nothing smaller is a packed number. */
const LEAST_PACKED = 0x0100_0000;
const LABELS: ReadonlySet<string> = new Set(
  'alert ad number code error errno os reason frame type quic tls ssl dtls h3 http3 application transport crypto_error connection_close reset_stream stop_sending close description level fatal warning'.split(
    ' ',
  ),
);
