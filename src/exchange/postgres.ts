import { ascii, concat, fromAscii } from '../wire/bytes.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { Breach, type Dialogue, type Hearing, type Voice } from './dialogue.ts';

/** SSLRequest: one byte answers it, S or N; a server that is too old, or has no room, sends an ErrorResponse. */
export function* postgresStarttls(voice: Voice): Dialogue {
  voice.say(new Writer().u32(8).u32(SSL_REQUEST).finish(), 'SSLRequest');
  const answer = yield { kind: 'count', bytes: 1 };
  const letter = fromAscii(answer);
  if (letter === 'S') {
    voice.heard(answer, 'S: goes on with TLS');
    return;
  }
  if (letter === 'N') {
    voice.heard(answer, 'N: no TLS');
    throw new Breach('refused', 'the server answers SSLRequest with N: it has no TLS to offer');
  }
  if (letter !== 'E')
    throw new Breach(
      'malformed',
      `byte 0x${answer[0]?.toString(16)} in answer to SSLRequest: neither S nor N`,
    );
  const { text } = yield* hearMessage(voice, letter);
  throw new Breach('refused', `the server answers SSLRequest with an error: ${text}`);
}

/**
 * A StartupMessage, read as far as the server goes without a password; then Terminate, where it may be said (the server is ready for
 * queries: otherwise an error, or a question that nobody answers, is the end of it).
 */
export function* postgresTalk(voice: Voice, { leave }: { leave: boolean }): Dialogue {
  const parameters = ascii('user\0sslshut\0database\0postgres\0application_name\0sslshut\0\0');
  const startup = new Writer()
    .u32(8 + parameters.length)
    .u32(PROTOCOL_3)
    .raw(parameters)
    .finish();
  voice.say(startup, 'StartupMessage, user sslshut');
  for (let count = 0; ; count++) {
    const { letter, content } = yield* hearMessage(voice);
    if (letter === 'E') return;
    if (letter === 'R' && content.length >= 4 && new Reader(content).u32() !== AUTHENTICATION_OK) return;
    if (letter === 'Z') break;
    if (!'RSKNv'.includes(letter))
      throw new Breach('malformed', `message "${letter}" while the connection is made`);
    if (count >= MOST_MESSAGES) throw new Breach('too-long', 'no end of parameters');
  }
  if (leave) voice.say(concat(ascii('X'), new Writer().u32(4).finish()), 'Terminate');
}

type Message = { letter: string; content: Uint8Array; text: string };

/** A type of one byte and a length that counts itself. `known`: its type, where it was read already. */
function* hearMessage(voice: Voice, known?: string): Hearing<Message> {
  const letter = known ?? fromAscii(yield { kind: 'count', bytes: 1 });
  const head = yield { kind: 'count', bytes: 4 };
  const length = new Reader(head).u32();
  if (length < 4)
    throw new Breach('malformed', `a message of length ${length}, which is less than its own head`);
  if (length > MOST_MESSAGE) throw new Breach('too-long', `a message of ${length} bytes`);
  const content: Uint8Array = yield { kind: 'count', bytes: length - 4 };
  const text = textOf(letter, content);
  voice.heard(concat(ascii(letter), head, content), text, letter === 'S' || letter === 'K');
  return { letter, content, text };
}

function textOf(letter: string, content: Uint8Array): string {
  if (letter === 'E' || letter === 'N')
    return `${letter === 'E' ? 'ErrorResponse' : 'NoticeResponse'} ${fields(content)}`;
  if (letter === 'R') return `Authentication request ${content[3] ?? 0}`;
  return NAMES[letter] ?? `message ${letter}`;
}

/** Severity, code and message out of the fields of an error. */
function fields(content: Uint8Array): string {
  const parts = fromAscii(content).split('\0');
  const value = (letter: string): string =>
    parts.find((part) => part.startsWith(letter))?.slice(1, 200) ?? '';
  return [value('S'), value('C'), value('M')].filter((part) => part !== '').join(' ');
}

const SSL_REQUEST = 80_877_103;
const PROTOCOL_3 = 196_608;
const AUTHENTICATION_OK = 0;
const MOST_MESSAGE = 65_536;
const MOST_MESSAGES = 200;
const NAMES: Readonly<Record<string, string>> = {
  S: 'ParameterStatus',
  K: 'BackendKeyData',
  Z: 'ReadyForQuery',
  v: 'NegotiateProtocolVersion',
};
