import { Malformed, Reader } from './reader.ts';
import { readVarint, writeVarint } from './varint.ts';
import { Writer } from './writer.ts';

/** Identifiers and values as they stand in the frame, in its order (RFC 9114 §7.2.4). Throws `Truncated` when it ends inside a setting. */
export function decodeH3Settings(payload: Uint8Array): [id: bigint, value: bigint][] {
  const reader = new Reader(payload);
  const settings: [bigint, bigint][] = [];
  while (!reader.done()) settings.push([readVarint(reader), readVarint(reader)]);
  return settings;
}

export function encodeH3Settings(settings: readonly (readonly [bigint, bigint])[]): Uint8Array {
  const writer = new Writer();
  for (const [id, value] of settings) {
    writeVarint(writer, id);
    writeVarint(writer, value);
  }
  return writer.finish();
}

/** A payload that is one varint: of GOAWAY, CANCEL_PUSH, MAX_PUSH_ID. Throws `Malformed`. */
export function decodeH3Id(payload: Uint8Array): bigint {
  const reader = new Reader(payload);
  const id = readVarint(reader);
  if (!reader.done()) throw new Malformed(reader.offset, 'bytes behind the identifier');
  return id;
}

export function encodeH3Id(id: bigint): Uint8Array {
  const writer = new Writer();
  writeVarint(writer, id);
  return writer.finish();
}

/** "MAX_FIELD_SECTION_SIZE", or the number in hex. */
export function h3SettingName(id: bigint): string {
  return SETTING_NAMES.get(id) ?? `0x${id.toString(16)}`;
}

export const H3_SETTING = {
  QPACK_MAX_TABLE_CAPACITY: 0x01n,
  MAX_FIELD_SECTION_SIZE: 0x06n,
  QPACK_BLOCKED_STREAMS: 0x07n,
  ENABLE_CONNECT_PROTOCOL: 0x08n,
  H3_DATAGRAM: 0x33n,
} as const;

const SETTING_NAMES: ReadonlyMap<bigint, string> = new Map(
  Object.entries(H3_SETTING).map(([name, id]) => [id, name]),
);
