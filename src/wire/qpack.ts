import { ascii, fromAscii } from './bytes.ts';
import { decodeHuffman } from './huffman.ts';
import { type Field, findStatic, staticField } from './qpack-static.ts';
import { Malformed, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/**
 * The fields of a header section that uses no dynamic table (RFC 9204 §4.5). Throws `Malformed` for anything that does, for an index that
 * the static table does not have, and for text that is not what it says; `TooLarge` when names, values and 32 bytes for each
 * field come to more than `most`.
 */
export function decodeFieldSection(bytes: Uint8Array, most: number): Field[] {
  const reader = new Reader(bytes);
  const required = readPrefixed(reader, reader.u8(), 8);
  if (required !== 0)
    throw new Malformed(0, `needs ${required} entries of a dynamic table that there is not`);
  readPrefixed(reader, reader.u8(), 7);
  const fields: Field[] = [];
  let size = 0;
  while (!reader.done()) {
    const field = readField(reader);
    size += field.name.length + field.value.length + FIELD_OVERHEAD;
    if (size > most) throw new TooLarge(size);
    fields.push(field);
  }
  return fields;
}

export class TooLarge extends Error {
  constructor(size: number) {
    super(`a field section of ${size} bytes and more`);
    this.name = 'TooLarge';
  }
}

/** From the static table where it has them, else as plain text. */
export function encodeFieldSection(fields: readonly Field[]): Uint8Array {
  const writer = new Writer().u8(0).u8(0);
  for (const field of fields) {
    const known = findStatic(field);
    if (known === undefined) {
      writePrefixed(writer, 0x20, 3, field.name.length);
      writer.raw(ascii(field.name));
    } else writePrefixed(writer, known.whole ? 0xc0 : 0x50, known.whole ? 6 : 4, known.index);
    if (known?.whole === true) continue;
    writePrefixed(writer, 0x00, 7, field.value.length);
    writer.raw(ascii(field.value));
  }
  return writer.finish();
}

/** RFC 9204 §4.5.2 to §4.5.6 */
function readField(reader: Reader): Field {
  const at = reader.offset;
  const first = reader.u8();
  if ((first & 0xc0) === 0xc0) return known(readPrefixed(reader, first, 6), at);
  if ((first & 0xf0) === 0x50 || (first & 0xf0) === 0x70) {
    const { name } = known(readPrefixed(reader, first, 4), at);
    return { name, value: readText(reader, reader.u8(), 7) };
  }
  if ((first & 0xe0) === 0x20) {
    const name = readText(reader, first, 3);
    return { name, value: readText(reader, reader.u8(), 7) };
  }
  throw new Malformed(at, 'refers to a dynamic table that there is not');
}

function known(index: number, at: number): Field {
  const field = staticField(index);
  if (field === undefined) throw new Malformed(at, `the static table has no entry ${index}`);
  return field;
}

/** The Huffman flag is the bit above the `bits` of the length. */
function readText(reader: Reader, first: number, bits: number): string {
  const bytes = reader.take(readPrefixed(reader, first, bits));
  return fromAscii((first & (1 << bits)) === 0 ? bytes : decodeHuffman(bytes));
}

/** RFC 7541 §5.1. More than 2^32 is `Malformed`: nothing here is that large. */
export function readPrefixed(reader: Reader, first: number, bits: number): number {
  const mask = 2 ** bits - 1;
  let value = first & mask;
  if (value < mask) return value;
  for (let factor = 1; ; factor *= 128) {
    const byte = reader.u8();
    value += (byte & 0x7f) * factor;
    if (value > LARGEST || factor > LARGEST) throw new Malformed(reader.offset, 'an integer beyond all use');
    if (byte < 0x80) return value;
  }
}

function writePrefixed(writer: Writer, pattern: number, bits: number, value: number): void {
  const mask = 2 ** bits - 1;
  if (value < mask) {
    writer.u8(pattern | value);
    return;
  }
  writer.u8(pattern | mask);
  let rest = value - mask;
  while (rest >= 128) {
    writer.u8((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  writer.u8(rest);
}

/** RFC 9114 §4.2.2 */
const FIELD_OVERHEAD = 32;
const LARGEST = 2 ** 32;
