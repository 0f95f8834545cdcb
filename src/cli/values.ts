import { UsageError } from '../driver/usage-error.ts';
import type { RawOptions } from './command.ts';

/** "500ms", "5s", "1.5s", "2m"; a bare number is ms. */
export function duration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/u.exec(text.trim());
  const factor = UNITS[match?.[2] ?? 'ms'];
  if (match?.[1] === undefined || factor === undefined) {
    throw bad(option, text, 'is not a duration', 'durations look like 500ms, 5s or 2m; a bare number is ms');
  }
  return Number(match[1]) * factor;
}

export function integer(option: string, text: string, least: number, most: number): number {
  const number = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw bad(option, text, `is not a whole number from ${least} to ${most}`);
  }
  return number;
}

export function choice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === text);
  if (found !== undefined) return found;
  throw bad(option, text, `is none of ${choices.join(', ')}`);
}

/** Names separated by commas, colons (as OpenSSL does) or spaces. */
export function list(option: string, text: string, separators = /[,:\s]+/u): string[] {
  const names = text.split(separators).filter((name) => name !== '');
  if (names.length === 0) throw bad(option, text, 'names nothing');
  return names;
}

/** Text as UTF-8 bytes, with \r \n \t \0 \\ and \xHH (one byte) understood. */
export function unescaped(option: string, text: string): Uint8Array {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const [piece] of text.matchAll(/\\x[0-9a-f]{2}|\\.|\\$|[^\\]+/gisu)) {
    if (!piece.startsWith('\\')) bytes.push(...encoder.encode(piece));
    else if (piece.length === 4) bytes.push(Number.parseInt(piece.slice(2), 16));
    else bytes.push(escaped(option, text, piece));
  }
  return Uint8Array.from(bytes);
}

function escaped(option: string, text: string, piece: string): number {
  const meant = ESCAPES[piece.slice(1)];
  if (meant !== undefined) return meant;
  throw bad(option, text, `has ${piece} in it`, 'known escapes: \\r \\n \\t \\0 \\\\ and \\xHH');
}

export function textOf(raw: RawOptions, name: string): string | undefined {
  const value = raw[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOf(raw: RawOptions, name: string): boolean {
  return raw[name] === true;
}

/** At most one of these may be given; names the first two otherwise. */
export function atMostOne(flags: readonly (readonly [string, boolean])[], why: string): void {
  const [one, two] = flags.filter(([, given]) => given);
  if (one !== undefined && two !== undefined) {
    throw new UsageError('conflict', `${one[0]} and ${two[0]} ${why}`, 'give one of them');
  }
}

export function bad(option: string, text: string, what: string, hint?: string): UsageError {
  return new UsageError('bad-option', `${option}: ${JSON.stringify(text)} ${what}`, hint);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };
const ESCAPES: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 };
