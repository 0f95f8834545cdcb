import { fromAscii } from './bytes.ts';
import { decodeHuffman } from './huffman.ts';
import { readPrefixed } from './qpack.ts';
import type { Field } from './qpack-static.ts';
import { Malformed, Reader } from './reader.ts';
import { encodeUtf8 } from './utf8.ts';
import { Writer } from './writer.ts';

/** The decoder's side of HPACK (RFC 7541): a dynamic table of at most `limit` bytes, newest entry first. */
export type HpackDecoder = { readonly entries: Field[]; size: number; room: number; readonly limit: number };

/** `limit`: what we allow with SETTINGS_HEADER_TABLE_SIZE, 4096 unless we said otherwise. */
export function createHpackDecoder(limit = 4096): HpackDecoder {
  return { entries: [], size: 0, room: limit, limit };
}

/**
 * The fields of one header block. Throws `Malformed` for an index that there is not, text that is not what it says, a table larger than
 * allowed, and for more than `most` bytes of names, values and 32 for each field.
 */
export function decodeHeaderBlock(decoder: HpackDecoder, block: Uint8Array, most: number): Field[] {
  const reader = new Reader(block);
  const fields: Field[] = [];
  let total = 0;
  while (!reader.done()) {
    const field = readField(decoder, reader, fields.length === 0);
    if (field === undefined) continue;
    total += sizeOf(field);
    if (total > most) throw new Malformed(reader.offset, `header fields of more than ${most} bytes`);
    fields.push(field);
  }
  return fields;
}

/** Literals without indexing and without Huffman coding, from the static table where it has them. Names in lower case. */
export function encodeHeaderBlock(fields: readonly Field[]): Uint8Array {
  const writer = new Writer();
  for (const { name, value } of fields) {
    const whole = STATIC.findIndex((field) => field.name === name && field.value === value);
    if (whole !== -1) {
      writer.u8(0x80 | (whole + 1));
      continue;
    }
    const index = STATIC.findIndex((field) => field.name === name) + 1;
    writePrefixed(writer, 4, index);
    if (index === 0) writeText(writer, name);
    writeText(writer, value);
  }
  return writer.finish();
}

/** RFC 7541 §6. Undefined: an instruction that is no field. */
function readField(decoder: HpackDecoder, reader: Reader, first: boolean): Field | undefined {
  const byte = reader.u8();
  if ((byte & 0x80) !== 0) return entry(decoder, readPrefixed(reader, byte, 7), reader.offset);
  if ((byte & 0xc0) === 0x40) {
    const field = readLiteral(decoder, reader, byte, 6);
    remember(decoder, field);
    return field;
  }
  if ((byte & 0xe0) !== 0x20) return readLiteral(decoder, reader, byte, 4);
  const room = readPrefixed(reader, byte, 5);
  if (!first) throw new Malformed(reader.offset, 'the size of the dynamic table changes behind a field');
  if (room > decoder.limit) throw new Malformed(reader.offset, `a dynamic table of ${room} bytes`);
  decoder.room = room;
  evict(decoder, 0);
  return undefined;
}

function readLiteral(decoder: HpackDecoder, reader: Reader, byte: number, bits: number): Field {
  const index = readPrefixed(reader, byte, bits);
  const name = index === 0 ? readText(reader) : entry(decoder, index, reader.offset).name;
  return { name, value: readText(reader) };
}

function readText(reader: Reader): string {
  const byte = reader.u8();
  const bytes = reader.take(readPrefixed(reader, byte, 7));
  return fromAscii((byte & 0x80) === 0 ? bytes : decodeHuffman(bytes));
}

/** §2.3.3: the static table, then the dynamic one. */
function entry({ entries }: HpackDecoder, index: number, at: number): Field {
  const field = index <= STATIC.length ? STATIC[index - 1] : entries[index - STATIC.length - 1];
  if (field === undefined) throw new Malformed(at, `there is no header field ${index}`);
  return field;
}

/** §4.4: what is larger than the table empties it. */
function remember(decoder: HpackDecoder, field: Field): void {
  const size = sizeOf(field);
  evict(decoder, size);
  if (size > decoder.room) return;
  decoder.entries.unshift(field);
  decoder.size += size;
}

function evict(decoder: HpackDecoder, needed: number): void {
  while (decoder.entries.length > 0 && decoder.size + needed > decoder.room) {
    const last = decoder.entries.pop();
    if (last !== undefined) decoder.size -= sizeOf(last);
  }
}

function sizeOf({ name, value }: Field): number {
  return name.length + value.length + 32;
}

function writeText(writer: Writer, text: string): void {
  const bytes = encodeUtf8(text);
  writePrefixed(writer, 7, bytes.length);
  writer.raw(bytes);
}

/** §5.1, with nothing above the prefix. */
function writePrefixed(writer: Writer, bits: number, value: number): void {
  const mask = 2 ** bits - 1;
  writer.u8(Math.min(value, mask));
  if (value < mask) return;
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) writer.u8((rest % 128) + 128);
  writer.u8(rest);
}

/** Appendix A, from 1 on. A row is "name: value". */
const STATIC: readonly Field[] = `
:authority
:method: GET
:method: POST
:path: /
:path: /index.html
:scheme: http
:scheme: https
:status: 200
:status: 204
:status: 206
:status: 304
:status: 400
:status: 404
:status: 500
accept-charset
accept-encoding: gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate
`
  .trim()
  .split('\n')
  .map((row) => {
    const [, name = row, value = ''] = /^(:?[^:]+): (.*)$/.exec(row) ?? [];
    return { name, value };
  });
