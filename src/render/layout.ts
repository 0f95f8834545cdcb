import { columns, escapeText } from './escape.ts';

/** What a piece of text is, for whoever colours it. Meaning never hangs on the tone alone. */
export type Tone = 'plain' | 'strong' | 'faint' | 'local' | 'peer' | 'good' | 'warn' | 'bad';
/** Adds colour to text that is already escaped; may only add characters that take no room. */
export type Style = (tone: Tone, text: string) => string;
/** `whole`: not broken between its words, as long as it fits a line. */
export type Span = { text: string; tone?: Tone; whole?: true };
/** A line before it is fitted: `lead` is printed once, what follows is wrapped and indented under `body`. */
export type Row = { lead?: readonly Span[]; body: readonly Span[]; indent?: number };
export type Page = { width: number; style: Style; unicode: boolean };

export const plainStyle: Style = (_tone, text) => text;

/** Fits a row to the page: escapes, breaks between words (inside one that is longer than a line), indents, colours. */
export function fitRow(row: Row, page: Page): string[] {
  const lead = (row.lead ?? []).map((span) => clean(span, page));
  const leadWidth = lead.reduce((sum, span) => sum + columns(span.text), 0);
  const indent = row.indent ?? leadWidth;
  const room = Math.max(16, page.width - Math.max(indent, leadWidth));
  const body = row.body.map((span) => clean(span, page));
  return breakWords(body, room).map((spans, index) => {
    const start = index === 0 ? lead : [{ text: ' '.repeat(indent) }];
    return paint([...start, ...spans], page.style);
  });
}

function clean(span: Span, page: Page): Span {
  const spelled = page.unicode ? span.text : span.text.replace(SIGNS, (sign) => ASCII[sign] ?? sign);
  return { ...span, text: escapeText(spelled, { ascii: !page.unicode }) };
}

function breakWords(spans: readonly Span[], room: number): Span[][] {
  if (spans.reduce((sum, { text }) => sum + columns(text), 0) <= room) {
    return [spans.map(({ text, tone }) => (tone === undefined ? { text } : { text, tone }))];
  }
  const lines: Span[][] = [];
  let line: Span[] = [];
  let used = 0;
  const end = (): void => {
    lines.push(line);
    line = [];
    used = 0;
  };
  for (const { text, tone, whole } of spans) {
    const words = whole === true && columns(text) <= room ? [text] : (text.match(WORDS) ?? []);
    for (const word of words) {
      const size = columns(word);
      if (used > 0 && used + size > room) end();
      if (word.startsWith(' ') && used === 0 && lines.length > 0) continue;
      for (const piece of size > room ? pieces(word, room) : [word]) {
        if (used + columns(piece) > room) end();
        line.push(tone === undefined ? { text: piece } : { text: piece, tone });
        used += columns(piece);
      }
    }
  }
  if (line.length > 0 || lines.length === 0) end();
  return lines;
}

function pieces(word: string, room: number): string[] {
  const out: string[] = [];
  let piece = '';
  for (const character of word) {
    if (columns(piece + character) > room) {
      out.push(piece);
      piece = '';
    }
    piece += character;
  }
  out.push(piece);
  return out;
}

/** Neighbours of the same tone are painted as one, and nothing at the end of a line is blank. */
function paint(spans: readonly Span[], style: Style): string {
  const merged: { text: string; tone: Tone }[] = [];
  for (const { text, tone = 'plain' } of spans) {
    const last = merged.at(-1);
    if (last?.tone === tone) last.text += text;
    else merged.push({ text, tone });
  }
  const last = merged.at(-1);
  if (last !== undefined) last.text = last.text.trimEnd();
  return merged
    .map(({ text, tone }) => (tone === 'plain' || text.trim() === '' ? text : style(tone, text)))
    .join('')
    .trimEnd();
}

/** In ASCII, as all regular expressions: a bundler leaves them as they are, and bin/sslshut.js reads its files as Latin-1. */
const SIGNS = /[\u00a7\u2192\u2190\u00b7\u00d7\u2026\u2013\u2713\u2717]/g;
/** A number stays with its unit, a section with its RFC. */
const WORDS = / +|\d[\d. ]*(?:ms|s|bytes?)(?![a-z])[^ ]*|RFC \d+ \u00a7[^ ]*|[^ ]+/g;
const ASCII: Readonly<Record<string, string>> = {
  '§': 'section ',
  '→': '->',
  '←': '<-',
  '·': '|',
  '×': 'x',
  '…': '...',
  '–': '-',
  '✓': 'ok',
  '✗': 'x',
};
