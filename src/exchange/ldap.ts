import { ascii } from '../wire/bytes.ts';
import { Malformed, Reader } from '../wire/reader.ts';
import { berElement, berInteger, berText, hearBer, readBer } from './ber.ts';
import { Breach, type Dialogue, type Hearing, type Voice } from './dialogue.ts';

/** StartTLS as an extended operation (RFC 4511 §4.14). */
export function* ldapStarttls(voice: Voice): Dialogue {
  const name = berElement(0x80, ascii(STARTTLS_OID));
  voice.say(message(1, berElement(EXTENDED_REQUEST, name)), 'ExtendedRequest StartTLS');
  const response = yield* hearMessage(voice);
  const { code, text } = result(response.content, 'StartTLS');
  if (response.tag !== EXTENDED_RESPONSE)
    throw new Breach('malformed', `operation 0x${response.tag.toString(16)} in answer to StartTLS`);
  if (response.id === 0) throw new Breach('refused', `the server disconnects: ${text}`);
  if (code !== 0) throw new Breach('refused', `the server answers StartTLS with ${text}`);
}

/** The root entry, without any attribute (RFC 4511 §4.5); then unbind, which nobody answers. */
export function* ldapTalk(voice: Voice, { leave }: { leave: boolean }): Dialogue {
  voice.say(message(2, SEARCH_ROOT), 'SearchRequest for the root entry');
  for (let entries = 0; ; entries++) {
    const { tag, id } = yield* hearMessage(voice);
    if (id === 0) return;
    if (tag === SEARCH_DONE) break;
    if (!SEARCH_ANSWERS.has(tag))
      throw new Breach('malformed', `operation 0x${tag.toString(16)} in answer to a search`);
    if (entries >= MOST_ENTRIES) throw new Breach('too-long', 'one entry was asked for, many came');
  }
  if (leave) voice.say(message(3, berElement(UNBIND)), 'UnbindRequest');
}

type Message = { id: number; tag: number; content: Uint8Array };

function* hearMessage(voice: Voice): Hearing<Message> {
  const bytes = yield* hearBer(SEQUENCE, MOST_MESSAGE);
  const reader = new Reader(readBer(new Reader(bytes), SEQUENCE));
  const id = berInteger(readBer(reader, INTEGER));
  const tag = reader.bytes[reader.offset] ?? 0;
  const content = readBer(reader, tag);
  const about = tag === EXTENDED_RESPONSE || tag === SEARCH_DONE ? `: ${result(content, '').text}` : '';
  voice.heard(bytes, `${OPERATIONS[tag] ?? `operation 0x${tag.toString(16)}`}${about}`, tag !== SEARCH_DONE);
  return { id, tag, content };
}

/** LDAPResult: code, matched DN, diagnostic message (RFC 4511 §4.1.9). */
function result(content: Uint8Array, of: string): { code: number; text: string } {
  try {
    const reader = new Reader(content);
    const code = berInteger(readBer(reader, ENUMERATED));
    readBer(reader, OCTETS);
    const diagnostic = berText(readBer(reader, OCTETS));
    const text = `${RESULTS[code] ?? 'resultCode'} (${code})${diagnostic === '' ? '' : ` "${diagnostic}"`}`;
    return { code, text };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Breach(
      'malformed',
      `the result ${of === '' ? 'is' : `of ${of} is`} no LDAPResult: ${error.message}`,
    );
  }
}

function message(id: number, operation: Uint8Array): Uint8Array {
  return berElement(SEQUENCE, berElement(INTEGER, Uint8Array.of(id)), operation);
}

const STARTTLS_OID = '1.3.6.1.4.1.1466.20037';
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTETS = 0x04;
const ENUMERATED = 0x0a;
const EXTENDED_REQUEST = 0x77;
const EXTENDED_RESPONSE = 0x78;
const UNBIND = 0x42;
const SEARCH_DONE = 0x65;
/** SearchResultEntry, SearchResultReference, IntermediateResponse. */
const SEARCH_ANSWERS: ReadonlySet<number> = new Set([0x64, 0x73, 0x79]);
const OPERATIONS: Readonly<Record<number, string>> = {
  100: 'SearchResultEntry',
  101: 'SearchResultDone',
  115: 'SearchResultReference',
  120: 'ExtendedResponse',
  121: 'IntermediateResponse',
};
/** RFC 4511 §4.1.9, those that are met here. */
const RESULTS: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'operationsError',
  2: 'protocolError',
  8: 'strongerAuthRequired',
  10: 'referral',
  32: 'noSuchObject',
  48: 'inappropriateAuthentication',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
};
/** Base "", scope baseObject, never dereference, no limits, filter (objectClass=*), no attributes ("1.1"). */
const SEARCH_ROOT = berElement(
  0x63,
  berElement(OCTETS),
  berElement(ENUMERATED, Uint8Array.of(0)),
  berElement(ENUMERATED, Uint8Array.of(0)),
  berElement(INTEGER, Uint8Array.of(0)),
  berElement(INTEGER, Uint8Array.of(0)),
  berElement(0x01, Uint8Array.of(0)),
  berElement(0x87, ascii('objectClass')),
  berElement(SEQUENCE, berElement(OCTETS, ascii('1.1'))),
);
const MOST_MESSAGE = 65_536;
const MOST_ENTRIES = 100;
