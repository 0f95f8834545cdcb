import type { RecordNumber } from './dtls-record.ts';
import { Malformed, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** The content of an ACK record (RFC 9147 §7): the records that were taken in. May be empty. */
export function encodeAck(records: readonly RecordNumber[]): Uint8Array {
  const writer = new Writer();
  writer.prefixed(2, (list) => {
    for (const { epoch, sequence } of records) u64(u64(list, epoch), sequence);
  });
  return writer.finish();
}

/** Throws `Malformed`. Numbers beyond what a peer can have reached are left out: they name no record of ours. */
export function decodeAck(content: Uint8Array): RecordNumber[] {
  const reader = new Reader(content);
  const list = reader.nested(2);
  reader.end();
  if (list.remaining() % RECORD_NUMBER_LENGTH !== 0) {
    throw new Malformed(2, `${list.remaining()} bytes are no list of record numbers`);
  }
  const records: RecordNumber[] = [];
  while (!list.done()) {
    const epoch = readU64(list);
    const sequence = readU64(list);
    if (Number.isSafeInteger(epoch) && Number.isSafeInteger(sequence)) records.push({ epoch, sequence });
  }
  return records;
}

function u64(writer: Writer, value: number): Writer {
  return writer.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
}

function readU64(reader: Reader): number {
  return reader.u32() * 2 ** 32 + reader.u32();
}

const RECORD_NUMBER_LENGTH = 16;
