import { ascii, fromAscii } from '../wire/bytes.ts';
import { Breach, type Hearing, type Voice } from './dialogue.ts';

/** A reply with a code of three digits. `text`: its last line, code included. `lines`: all of them. */
export type Reply = { code: number; text: string; lines: readonly string[] };

/** Sends one line. */
export function command(voice: Voice, text: string): void {
  voice.say(ascii(`${text}\r\n`), text);
}

/** RFC 5321 §4.2: "250-" on every line but the last, the same code on each. NNTP's single lines fit too (RFC 3977 §3.1). */
export function* smtpReply(voice: Voice): Hearing<Reply> {
  const lines: string[] = [];
  for (;;) {
    const line = yield* readLine(voice, (text) => /^\d{3}-/.test(text));
    const [, code, more] = /^([1-5]\d\d)([ -]|$)/.exec(line) ?? notAReply(line);
    lines.push(line);
    if (code !== lines[0]?.slice(0, 3))
      throw new Breach('malformed', 'the lines of a reply differ in their code');
    if (more !== '-') return { code: Number(code), text: line, lines };
    checkCount(lines);
  }
}

/** RFC 959 §4.2: "220-" begins, whatever comes in between, "220 " ends. */
export function* ftpReply(voice: Voice): Hearing<Reply> {
  const first = yield* readLine(voice, (text) => /^\d{3}-/.test(text));
  const [, code = '', more] = /^([1-6]\d\d)([ -]|$)/.exec(first) ?? notAReply(first);
  const lines = [first];
  for (let last = first; more === '-' && !last.startsWith(`${code} `); ) {
    last = yield* readLine(voice, (text) => !text.startsWith(`${code} `));
    lines.push(last);
    checkCount(lines);
  }
  return { code: Number(code), text: lines.at(-1) ?? '', lines };
}

/** RFC 1939 §3. */
export function* popReply(voice: Voice): Hearing<{ ok: boolean; text: string }> {
  const text = yield* readLine(voice);
  if (!/^(?:\+OK|-ERR)(?: |$)/i.test(text)) notAReply(text);
  return { ok: text.startsWith('+'), text };
}

/** RFC 9051 §7: the tagged line; untagged ones before it are passed over. */
export function* imapReply(
  voice: Voice,
  tag: string,
): Hearing<{ ok: boolean; text: string; untagged: readonly string[] }> {
  const untagged: string[] = [];
  for (;;) {
    const text = yield* readLine(voice, (line) => !line.startsWith(`${tag} `));
    const [, status] = new RegExp(`^${tag} (OK|NO|BAD)(?: |$)`, 'i').exec(text) ?? [];
    if (status !== undefined) return { ok: status.toUpperCase() === 'OK', text, untagged };
    if (!/^[*+]/.test(text)) notAReply(text);
    untagged.push(text);
    checkCount(untagged);
  }
}

/** RFC 9051 §7.1: OK, PREAUTH or BYE. */
export function* imapGreeting(voice: Voice): Hearing<{ status: string; text: string }> {
  const text = yield* readLine(voice);
  const [, status = ''] = /^\* (OK|PREAUTH|BYE)(?: |$)/i.exec(text) ?? notAReply(text);
  return { status: status.toUpperCase(), text };
}

/** One line, without its end: CR LF, or LF alone. */
export function* readLine(voice: Voice, goesOn: (line: string) => boolean = () => false): Hearing<string> {
  const bytes = yield { kind: 'until', byte: LF, most: MOST_LINE };
  const text = fromAscii(bytes).replace(/\r?\n$/, '');
  voice.heard(bytes, text, goesOn(text));
  return text;
}

function notAReply(line: string): never {
  throw new Breach('malformed', `not a reply: ${quoted(line)}`);
}

/** A line of the peer's, in a sentence. */
export function quoted(line: string): string {
  return `"${line.slice(0, MOST_QUOTED)}"`;
}

function checkCount(lines: readonly string[]): void {
  if (lines.length >= MOST_LINES) throw new Breach('too-long', `a reply of more than ${MOST_LINES} lines`);
}

const LF = 10;
const MOST_LINE = 8192;
const MOST_LINES = 200;
const MOST_QUOTED = 200;
