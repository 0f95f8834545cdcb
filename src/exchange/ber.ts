import { concat, fromAscii } from '../wire/bytes.ts';
import { Malformed, type Reader } from '../wire/reader.ts';
import { Breach, type Hearing } from './dialogue.ts';

/** A BER element of definite length, as LDAP uses them (RFC 4511 §5.1). Tags of one byte. */
export function berElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const { length } = content;
  // Two bytes of length are enough for all that we say.
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.from(head), content);
}

/** Throws `Malformed` unless an element of this tag comes next. Gives its content. */
export function readBer(reader: Reader, tag: number): Uint8Array {
  const at = reader.offset;
  const found = reader.u8();
  if (found !== tag)
    throw new Malformed(at, `tag 0x${found.toString(16)} where 0x${tag.toString(16)} belongs`);
  const first = reader.u8();
  if (first < 0x80) return reader.take(first);
  if (first === 0x80 || first > 0x84) throw new Malformed(at, 'a length that LDAP does not have');
  let length = 0;
  for (let left = first & 0x7f; left > 0; left--) length = length * 256 + reader.u8();
  return reader.take(length);
}

/** A whole element from the stream, head and all. Throws `Breach` when it is another one, or larger than `most`. */
export function* hearBer(tag: number, most: number): Hearing<Uint8Array> {
  const head = yield { kind: 'count', bytes: 2 };
  const [found = 0, first = 0] = head;
  if (found !== tag)
    throw new Breach('malformed', `0x${found.toString(16)} where an LDAP message begins with 0x30`);
  if (first === 0x80 || first > 0x84) throw new Breach('malformed', 'a length that LDAP does not have');
  const more: Uint8Array = first < 0x80 ? new Uint8Array(0) : yield { kind: 'count', bytes: first & 0x7f };
  const length = first < 0x80 ? first : more.reduce((value, byte) => value * 256 + byte, 0);
  if (length > most) throw new Breach('too-long', `an LDAP message of ${length} bytes`);
  const content = yield { kind: 'count', bytes: length };
  return concat(head, more, content);
}

export function berInteger(bytes: Uint8Array): number {
  if (bytes.length === 0 || bytes.length > 4) throw new Malformed(0, 'an integer of no use');
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

export function berText(bytes: Uint8Array): string {
  return fromAscii(bytes.subarray(0, 200));
}
