/**
 * A pattern of the error catalogue, taken apart. Patterns are literal text but for what stands in braces: `{n}` digits, `{x}` hex
 * digits, `{w}` a word, `{..60}` at most so many characters within a line, `{b}` a word's edge, `{^}` and `{$}` a line's, `{!text}`
 * "not followed by text", `{a|b}` one of these (either may be empty). Case does not matter, a blank stands for any run of blanks
 * or line breaks.
 *
 * No part repeats but single characters, greedily and never given back; only a gap tries more than one place, at most as
 * many as its length. What one attempt costs is bounded by the pattern, not by the text.
 */
export type Shape = { first: string; before: readonly Edge[]; rest: readonly Part[] };

type Edge = 'word' | 'line-start' | 'line-end';
type Part =
  | { is: 'text'; text: string }
  | { is: 'run'; of: keyof typeof RUNS }
  | { is: 'gap'; most: number }
  | { is: 'not'; text: string }
  | { is: 'edge'; edge: Edge };

/** Text made ready for matching; both strings have the same length. Line breaks are kept in `text` only. */
export type Prepared = { text: string; folded: string };

/** Counts what matching costs, in characters looked at. */
export type Meter = { steps: number };

/** All shapes that a pattern stands for: one for each choice of its alternatives. Throws on a pattern that is none. */
export function shapesOf(pattern: string): Shape[] {
  return choices(pattern).map((one) => {
    const parts = partsOf(one);
    const at = parts.findIndex((part) => part.is === 'text');
    const [head, before] = [parts[at], parts.slice(0, at)];
    if (head?.is !== 'text' || head.text.length < LEAST || before.some((part) => part.is !== 'edge')) {
      throw new Error(`a pattern begins with ${LEAST} characters of text: ${pattern}`);
    }
    return {
      first: head.text,
      before: before.flatMap((part) => (part.is === 'edge' ? [part.edge] : [])),
      rest: parts.slice(at + 1),
    };
  });
}

/** Where the match ends that begins at `at`, or -1. */
export function matchAt(shape: Shape, prepared: Prepared, at: number, meter: Meter): number {
  if (!startsWith(prepared.folded, shape.first, at, meter)) return -1;
  if (!shape.before.every((edge) => isEdge(prepared, at, edge))) return -1;
  return follow(shape.rest, 0, prepared, at + shape.first.length, meter);
}

/** Blanks become one space, line breaks one line break; letters become small in `folded`, as far as ASCII goes. */
export function prepare(input: string): Prepared {
  const text = input
    .replace(/[\t\v\f\u00a0 ]+/g, ' ')
    .replace(/ ?[\r\n]+ ?/g, '\n')
    .replace(/\n+/g, '\n')
    .trim();
  return { text, folded: fold(text) };
}

export function fold(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replace(/\n/g, ' ');
}

export const LEAST = 3;

function follow(parts: readonly Part[], index: number, prepared: Prepared, at: number, meter: Meter): number {
  const part = parts[index];
  if (part === undefined) return at;
  switch (part.is) {
    case 'text':
      if (!startsWith(prepared.folded, part.text, at, meter)) return -1;
      return follow(parts, index + 1, prepared, at + part.text.length, meter);
    case 'run': {
      const end = runEnd(prepared.folded, at, RUNS[part.of], meter);
      return end === at ? -1 : follow(parts, index + 1, prepared, end, meter);
    }
    case 'gap':
      for (let place = at; place <= at + part.most; place++) {
        const end = follow(parts, index + 1, prepared, place, meter);
        if (end >= 0) return end;
        if (place >= prepared.text.length || prepared.text[place] === '\n') return -1;
      }
      return -1;
    case 'not':
      return startsWith(prepared.folded, part.text, at, meter)
        ? -1
        : follow(parts, index + 1, prepared, at, meter);
    case 'edge':
      return isEdge(prepared, at, part.edge) ? follow(parts, index + 1, prepared, at, meter) : -1;
  }
}

function startsWith(text: string, wanted: string, at: number, meter: Meter): boolean {
  for (let index = 0; index < wanted.length; index++) {
    meter.steps++;
    if (text.charCodeAt(at + index) !== wanted.charCodeAt(index)) return false;
  }
  return true;
}

function runEnd(text: string, at: number, allowed: (code: number) => boolean, meter: Meter): number {
  let end = at;
  while (end < text.length && end - at < LONGEST_RUN && allowed(text.charCodeAt(end))) end++;
  meter.steps += end - at + 1;
  return end;
}

function isEdge({ text, folded }: Prepared, at: number, edge: Edge): boolean {
  if (edge === 'line-start') return at === 0 || text[at - 1] === '\n';
  if (edge === 'line-end') return at === text.length || text[at] === '\n';
  return isWord(folded.charCodeAt(at - 1)) !== isWord(folded.charCodeAt(at));
}

/** Every text that the alternatives in braces make. */
function choices(pattern: string): string[] {
  const found = /\{([^{}]*\|[^{}]*)\}/.exec(pattern);
  if (found === null) return [pattern];
  const [whole, inside = ''] = found;
  const [before, after] = [pattern.slice(0, found.index), pattern.slice(found.index + whole.length)];
  return choices(after).flatMap((tail) => inside.split('|').map((one) => before + one + tail));
}

function partsOf(pattern: string): Part[] {
  return pattern
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece) =>
      piece.startsWith('{') ? special(piece.slice(1, -1), pattern) : { is: 'text', text: fold(piece) },
    );
}

function special(name: string, pattern: string): Part {
  if (name === 'n' || name === 'x' || name === 'w') return { is: 'run', of: name };
  if (name.startsWith('!')) return { is: 'not', text: fold(name.slice(1)) };
  if (/^\.\.\d{1,3}$/.test(name)) return { is: 'gap', most: Number(name.slice(2)) };
  const edge = EDGES[name];
  if (edge === undefined) throw new Error(`{${name}} means nothing in a pattern: ${pattern}`);
  return { is: 'edge', edge };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x66);
}

function isWord(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
}

const RUNS = { n: isDigit, x: isHex, w: isWord } as const;
const EDGES: Readonly<Record<string, Edge>> = { b: 'word', '^': 'line-start', $: 'line-end' };
const LONGEST_RUN = 64;
