import { fromAscii } from '../wire/bytes.ts';
import { encodeUtf8 } from '../wire/utf8.ts';
import type { Speaker } from './byte-exchange.ts';
import { Breach, type Dialogue, type Hearing } from './dialogue.ts';

/** `authority`: host, or host:port. `path`: begins with a slash. `leave`: ask the server to close behind its answer. */
export type HttpQuestion = { authority: string; path: string; leave: boolean };

/** One GET of HTTP/1.1 (RFC 9112); the body is counted as far as its framing reaches (§6.3). */
export function* http1Talk(speaker: Speaker, { authority, path, leave }: HttpQuestion): Dialogue {
  const connection = leave ? 'close' : 'keep-alive';
  const head = [
    `GET ${path} HTTP/1.1`,
    `Host: ${authority}`,
    'User-Agent: sslshut',
    'Accept: */*',
    `Connection: ${connection}`,
  ];
  speaker.say(encodeUtf8(`${head.join('\r\n')}\r\n\r\n`), `GET ${path} HTTP/1.1, Connection: ${connection}`);
  speaker.answer.about = 'no head yet';
  for (let heads = 0; heads < MOST_INTERIM; heads++) {
    const { status, fields } = yield* readHead(speaker);
    if (status >= 200) {
      yield* readBody(speaker, status, fields);
      return;
    }
  }
  throw new Breach('too-long', `more than ${MOST_INTERIM} interim answers`);
}

type Head = { status: number; fields: ReadonlyMap<string, string> };

function* readHead(speaker: Speaker): Hearing<Head> {
  const [first, line] = yield* readLine();
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(line)?.[1] ?? 0);
  if (status === 0) throw new Breach('malformed', `not a status line: "${line.slice(0, 100)}"`);
  if (status === 101) throw new Breach('malformed', 'status 101, though no upgrade was asked for');
  speaker.heard(first, line);
  const fields = new Map<string, string>();
  let size = 0;
  for (;;) {
    const [bytes, text] = yield* readLine();
    if (text === '') return { status, fields };
    size += bytes.length;
    if (size > MOST_HEAD) throw new Breach('too-long', `a head of more than ${MOST_HEAD} bytes`);
    const [, name, value = ''] = /^([!#$%&'*+\-.^_`|~0-9a-z]+):[\t ]*(.*?)[\t ]*$/i.exec(text) ?? [];
    // A line that goes on with the one before it (§5.2): of no interest here.
    if (name === undefined && /^[\t ]/.test(text)) continue;
    if (name === undefined) throw new Breach('malformed', `not a header line: "${text.slice(0, 100)}"`);
    const before = fields.get(name.toLowerCase());
    fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
}

/** RFC 9112 §6.3, in its order. */
function* readBody(speaker: Speaker, status: number, fields: Head['fields']): Hearing<void> {
  const { answer } = speaker;
  const coding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  answer.framing = 'self-delimited';
  if (status === 204 || status === 304) {
    answer.about = `status ${status}, which has no body`;
  } else if (coding !== undefined && /(?:^|,)[\t ]*chunked$/i.test(coding)) {
    yield* readChunks(speaker);
  } else if (coding === undefined && length !== undefined) {
    const said = lengthOf(length);
    answer.expected = said;
    answer.about = `0 of ${said} bytes by Content-Length`;
    yield* readBytes(speaker, said, () => `${answer.bytes} of ${said} bytes by Content-Length`);
  } else {
    yield* readToEnd(speaker);
  }
}

function lengthOf(value: string): number {
  const [first = '', ...others] = value.split(',').map((one) => one.trim());
  if (!/^\d{1,15}$/.test(first) || others.some((one) => one !== first))
    throw new Breach('malformed', `Content-Length is no number: "${value.slice(0, 50)}"`);
  return Number(first);
}

function* readChunks(speaker: Speaker): Hearing<void> {
  const { answer } = speaker;
  const about = (): string => `${answer.bytes} bytes in chunks`;
  answer.about = about();
  for (;;) {
    const [, line] = yield* readLine();
    const [, digits] = /^([0-9a-f]{1,12})[\t ]*(?:;.*)?$/i.exec(line) ?? [];
    if (digits === undefined)
      throw new Breach('malformed', `not the size of a chunk: "${line.slice(0, 50)}"`);
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    yield* readBytes(speaker, size, about);
    const [end] = yield* readLine();
    if (end.length > 2) throw new Breach('malformed', 'a chunk is longer than it says');
  }
  for (let lines = 0; ; lines++) {
    const [, line] = yield* readLine();
    if (line === '') return;
    if (lines >= MOST_TRAILERS) throw new Breach('too-long', `more than ${MOST_TRAILERS} trailers`);
  }
}

function* readBytes({ answer }: Speaker, count: number, about: () => string): Hearing<void> {
  for (let left = count; left > 0; ) {
    const piece = yield { kind: 'some', most: left };
    left -= piece.length;
    answer.bytes += piece.length;
    answer.about = about();
  }
}

function* readToEnd({ answer }: Speaker): Hearing<void> {
  answer.framing = 'close-delimited';
  answer.about = '0 bytes';
  for (;;) {
    const piece = yield { kind: 'some', most: MOST_PIECE, orEnd: true };
    if (piece.length === 0) return;
    answer.bytes += piece.length;
    answer.about = `${answer.bytes} bytes`;
  }
}

function* readLine(): Hearing<[bytes: Uint8Array, text: string]> {
  const bytes = yield { kind: 'until', byte: LF, most: MOST_LINE };
  return [bytes, fromAscii(bytes).replace(/\r?\n$/, '')];
}

const LF = 10;
const MOST_LINE = 65_536;
const MOST_HEAD = 262_144;
const MOST_TRAILERS = 100;
const MOST_INTERIM = 10;
const MOST_PIECE = 65_536;
