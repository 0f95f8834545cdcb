import { fromHex } from '../wire/bytes.ts';
import { Reader } from '../wire/reader.ts';
import type { Speaker } from './byte-exchange.ts';
import { Breach, type Dialogue } from './dialogue.ts';

/** The name servers of the root, over TLS with two bytes of length in front (RFC 7858 §3.3). There is no way to ask for a close. */
export function* dnsTalk(speaker: Speaker): Dialogue {
  speaker.answer.framing = 'self-delimited';
  speaker.say(QUERY, 'NS of the root');
  for (let strays = 0; ; strays++) {
    const length = new Reader(yield { kind: 'count', bytes: 2 }).u16();
    speaker.answer.expected = length;
    if (length < HEAD) throw new Breach('malformed', `a message of ${length} bytes is none`);
    const message = yield { kind: 'count', bytes: length };
    const reader = new Reader(message);
    const id = reader.u16();
    const flags = reader.u16();
    reader.u16();
    const answers = reader.u16();
    if ((flags & RESPONSE) === 0) throw new Breach('malformed', 'a query where an answer belongs');
    if (id === ID) {
      const code = flags & 0xf;
      const text = `${CODES[code] ?? `code ${code}`}, ${answers} answers`;
      speaker.heard(message, text);
      speaker.answer.bytes = length;
      speaker.answer.about = `${length} bytes`;
      return;
    }
    if (strays >= MOST_STRAYS) throw new Breach('malformed', 'answers to questions that nobody asked');
  }
}

const ID = 0x5353;
const HEAD = 12;
const RESPONSE = 0x8000;
const MOST_STRAYS = 3;
/** Length 17; recursion desired; one question: ".", NS, IN. */
const QUERY = fromHex('0011 5353 0100 0001 0000 0000 0000 00 0002 0001');
const CODES: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
};
