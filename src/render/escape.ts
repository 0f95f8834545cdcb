/**
 * Makes text safe to print: control and format characters, bidirectional overrides, line breaks and lone surrogates become
 * visible escapes. With `ascii`, everything outside ASCII does too.
 */
export function escapeText(text: string, options: { ascii?: boolean } = {}): string {
  if (options.ascii === true) return text.replace(BEYOND_ASCII, escapeCharacter);
  return UNUSUAL.test(text) ? text.replace(invisible(), escapeCharacter) : text;
}

/** Text that came from a peer, cut to so many bytes of UTF-8 (at a character boundary); what was cut is counted. */
export function capPeerText(text: string, limit = 256): string {
  let bytes = 0;
  let kept = '';
  let total = 0;
  for (const character of text) {
    const size = utf8Length(character);
    total += size;
    if (total <= limit) {
      kept += character;
      bytes = total;
    }
  }
  return total <= limit ? text : `${kept}… (${total - bytes} bytes more)`;
}

/** The same for JSON text: what a terminal could act on becomes \\u escapes; the value it stands for is the same. */
export function escapeJson(json: string): string {
  // What is pretty-printed has line breaks; beyond them and ASCII it gets expensive.
  if (!/[^\n\x20-\x7e]/u.test(json)) return json;
  return json.replace(activeInJson(), (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** Columns a text takes on a terminal: two for wide East Asian characters and emoji, none for combining marks. */
export function columns(text: string): number {
  if (!UNUSUAL.test(text)) return text.length;
  const { combining, wide } = widths();
  let count = 0;
  for (const character of text) {
    if (combining.test(character)) continue;
    count += wide.test(character) ? 2 : 1;
  }
  return count;
}

function escapeCharacter(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

function utf8Length(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const BEYOND_ASCII = /[^\x20-\x7e]/gu;
/** Anything but printable ASCII and the accents, dashes and arrows that we print ourselves: all visible, one column each. */
const UNUSUAL = /[^\x20-\x7e\xa0-\xac\xae-\xff\u2010-\u2027\u2190-\u23e8]/u;

/*
 * Made when they are first needed, not when the file is loaded: a class of Unicode properties takes milliseconds to make,
 * and most runs print nothing that needs it (BENCH.md).
 */
const invisible = (): RegExp => /[\p{C}\p{Zl}\p{Zp}]/gu;
/** C1 controls, DEL, format characters, line separators; JSON itself escapes the rest. */
const activeInJson = (): RegExp => /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;
const widths = (): { combining: RegExp; wide: RegExp } => ({
  combining: /\p{M}/u,
  wide: /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u,
});
