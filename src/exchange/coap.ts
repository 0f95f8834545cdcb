import { ascii, concat, equalBytes, fromHex } from '../wire/bytes.ts';
import { Malformed, Reader } from '../wire/reader.ts';
import type { Speaker } from './byte-exchange.ts';
import { Breach, type Dialogue } from './dialogue.ts';

/** GET /.well-known/core in a confirmable message (RFC 7252), one message for each datagram. There is no way to ask for a close. */
export function* coapTalk(speaker: Speaker): Dialogue {
  speaker.answer.framing = 'self-delimited';
  speaker.say(REQUEST, ASKED);
  speaker.mayBeLost(REQUEST, ASKED);
  for (let strays = 0; strays < MOST_STRAYS; strays++) {
    const bytes = yield { kind: 'some', most: MOST_MESSAGE };
    const message = readMessage(bytes);
    if (message.id === ID) speaker.mayBeLost();
    if (message.type === RST && message.id === ID) throw new Breach('reset', 'the peer answers with RST');
    // An acknowledgement alone: the answer comes in a message of its own (§5.2.2). Classes 2 to 5 are answers.
    if (message.code >> 5 < 2 || !equalBytes(message.token, TOKEN)) continue;
    const kind = TYPES[message.type] ?? '';
    speaker.heard(
      bytes,
      `${kind} ${message.code >> 5}.${String(message.code & 31).padStart(2, '0')}, ${message.payload} bytes`,
    );
    if (message.type === CON) speaker.say(acknowledgement(message.id), 'ACK');
    speaker.answer.bytes = message.payload;
    speaker.answer.about = `${message.payload} bytes`;
    return;
  }
  throw new Breach('malformed', 'messages that answer nothing');
}

type Message = { type: number; code: number; id: number; token: Uint8Array; payload: number };

/** RFC 7252 §3; options are passed over. */
function readMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  const first = reader.u8();
  const code = reader.u8();
  const id = reader.u16();
  if (first >> 6 !== 1) throw new Breach('malformed', `CoAP version ${first >> 6}`);
  const length = first & 0xf;
  if (length > 8) throw new Breach('malformed', `a token of ${length} bytes`);
  const token = reader.take(length);
  while (!reader.done()) {
    const option = reader.u8();
    if (option === MARKER) break;
    extended(reader, option >> 4);
    reader.take(extended(reader, option & 0xf));
  }
  return { type: (first >> 4) & 3, code, id, token, payload: reader.remaining() };
}

/** §3.1: 13 and 14 stand for more bytes. */
function extended(reader: Reader, nibble: number): number {
  if (nibble === 15) throw new Malformed(reader.offset, 'an option with a length that is reserved');
  if (nibble === 14) return reader.u16() + 269;
  return nibble === 13 ? reader.u8() + 13 : nibble;
}

function acknowledgement(id: number): Uint8Array {
  return Uint8Array.of(0x60, 0, id >> 8, id & 0xff);
}

const ASKED = 'CON GET /.well-known/core';
const CON = 0;
const RST = 3;
const TYPES = ['CON', 'NON', 'ACK', 'RST'];
const ID = 0x5353;
const TOKEN = fromHex('73736c73');
const MARKER = 0xff;
/** Type CON, a token of 4 bytes, GET, message ID; Uri-Path (11) twice. */
const REQUEST = concat(
  fromHex('4401 5353'),
  TOKEN,
  Uint8Array.of(0xbb),
  ascii('.well-known'),
  Uint8Array.of(0x04),
  ascii('core'),
);
const MOST_MESSAGE = 65_536;
const MOST_STRAYS = 10;
