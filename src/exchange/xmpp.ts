import { ascii, fromAscii } from '../wire/bytes.ts';
import { encodeUtf8 } from '../wire/utf8.ts';
import { Breach, type Dialogue, type Hearing, type Voice } from './dialogue.ts';

/** RFC 6120 §5.4: the features are read tag by tag, no more of XML than that. `host`: whom the stream is for. */
export function* xmppStarttls(voice: Voice, host: string): Dialogue {
  const stream = `<?xml version='1.0'?><stream:stream to='${host.replace(/[<>&'"]/g, '')}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`;
  voice.say(encodeUtf8(stream));
  let offered = false;
  for (;;) {
    const tag = yield* hearTag(voice);
    offered ||= /^<starttls[\s/>]/.test(tag);
    if (tag.startsWith('</stream:features') || /^<stream:features\s*\/>$/.test(tag)) break;
    if (/^<(?:stream:error|\/stream:stream)/.test(tag))
      throw new Breach('refused', `the server answers with ${tag}`);
  }
  if (!offered) throw new Breach('refused', 'STARTTLS is not among the features of the stream');
  voice.say(ascii("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
  const answer = yield* hearTag(voice);
  if (!answer.startsWith('<proceed'))
    throw new Breach('refused', `the server answers STARTTLS with ${answer}`);
  if (!answer.endsWith('/>')) yield* hearTag(voice);
}

/** From one ">" to the next, white space and text before the tag included in what was heard. */
function* hearTag(voice: Voice): Hearing<string> {
  const bytes = yield { kind: 'until', byte: GREATER, most: MOST_TAG };
  voice.heard(bytes);
  const text = fromAscii(bytes);
  const begin = text.indexOf('<');
  if (begin === -1) throw new Breach('malformed', 'no XML');
  return text.slice(begin).slice(0, MOST_SHOWN);
}

const GREATER = 0x3e;
const MOST_TAG = 4096;
const MOST_SHOWN = 200;
