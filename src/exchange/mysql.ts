import { ascii, concat, fromAscii } from '../wire/bytes.ts';
import { Reader } from '../wire/reader.ts';
import { Breach, type Dialogue, type Hearing, type Voice } from './dialogue.ts';

/** The server greets with what it can do; SSLRequest follows, which nobody answers: TLS begins. */
export function* mysqlStarttls(voice: Voice): Dialogue {
  const { sequence, content } = yield* hearPacket(voice, greetingText);
  if (content[0] === ERROR)
    throw new Breach('refused', `the server greets with an error: ${errorText(content)}`);
  const { version, capabilities } = readGreeting(content);
  if ((capabilities & CLIENT_SSL) === 0)
    throw new Breach('refused', `the server (${version}) does not offer TLS in its greeting`);
  voice.say(packet(sequence + 1, CLIENT_HEAD), 'SSLRequest');
}

/**
 * Only ever behind mysqlStarttls: a login of "sslshut" without a password, whose answer is the end unless it is OK; then COM_QUIT,
 * which nobody answers.
 */
export function* mysqlTalk(voice: Voice, { leave }: { leave: boolean }): Dialogue {
  const login = concat(CLIENT_HEAD, ascii('sslshut\0'), Uint8Array.of(0), ascii('mysql_native_password\0'));
  voice.say(packet(2, login), 'HandshakeResponse, user sslshut, no password');
  const { content } = yield* hearPacket(voice, answerText);
  if (content[0] === OK && leave) voice.say(packet(0, Uint8Array.of(COM_QUIT)), 'COM_QUIT');
}

/** Three bytes of length, least first, and a number. */
function* hearPacket(
  voice: Voice,
  text: (content: Uint8Array) => string,
): Hearing<{ sequence: number; content: Uint8Array }> {
  const head = yield { kind: 'count', bytes: 4 };
  const [low = 0, middle = 0, high = 0, sequence = 0] = head;
  const length = low + middle * 0x100 + high * 0x1_0000;
  if (length === 0) throw new Breach('malformed', 'an empty packet');
  if (length > MOST_PACKET) throw new Breach('too-long', `a packet of ${length} bytes`);
  const content: Uint8Array = yield { kind: 'count', bytes: length };
  voice.heard(concat(head, content), text(content));
  return { sequence, content };
}

/** Protocol 10. Throws `Breach` for any other, `Malformed` where it is cut. */
function readGreeting(content: Uint8Array): { version: string; capabilities: number } {
  const reader = new Reader(content);
  const protocol = reader.u8();
  if (protocol !== 10) throw new Breach('malformed', `a greeting of protocol ${protocol}, not 10`);
  const end = content.indexOf(0, 1);
  if (end === -1) throw new Breach('malformed', 'a greeting without an end of its version');
  const version = fromAscii(reader.take(end - 1)).slice(0, 100);
  reader.take(1 + 4 + 8 + 1);
  const capabilities = reader.u8() + reader.u8() * 0x100;
  return { version, capabilities };
}

function greetingText(content: Uint8Array): string {
  if (content[0] === ERROR) return `error ${errorText(content)}`;
  const end = content.indexOf(0, 1);
  return `greeting of ${fromAscii(content.subarray(1, Math.min(100, end === -1 ? content.length : end)))}`;
}

function answerText(content: Uint8Array): string {
  switch (content[0]) {
    case OK:
      return 'OK';
    case ERROR:
      return `error ${errorText(content)}`;
    case 0xfe:
      return 'AuthSwitchRequest';
    default:
      return `packet 0x${(content[0] ?? 0).toString(16)}`;
  }
}

/** Code, perhaps # and a state of five characters, message. */
function errorText(content: Uint8Array): string {
  const code = (content[1] ?? 0) + (content[2] ?? 0) * 0x100;
  return `${code} ${fromAscii(content.subarray(3, 200)).replace(/^#.{5}/su, '')}`;
}

function packet(sequence: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  return concat(Uint8Array.of(length & 0xff, length >> 8, 0, sequence & 0xff), content);
}

const OK = 0x00;
const ERROR = 0xff;
const COM_QUIT = 0x01;
const CLIENT_SSL = 0x800;
/** LONG_PASSWORD, PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH; packets up to 16 MiB; utf8mb4; 23 zeros. */
const CLIENT_HEAD = concat(
  Uint8Array.of(0x01, 0x8a, 0x08, 0x00, 0x00, 0x00, 0x00, 0x01, 45),
  new Uint8Array(23),
);
const MOST_PACKET = 65_536;
