import { LONGEST_ID } from './quic-packet.ts';
import type { TransportParameters } from './quic-types.ts';
import { Malformed, Reader } from './reader.ts';
import { readVarint, varintLength, writeVarint } from './varint.ts';
import { Writer } from './writer.ts';

/** What this side adds that means nothing: an id 31 × N + 27, and some bytes (RFC 9000 §18.1). */
export type GreaseParameter = { id: bigint; data: Uint8Array };

/**
 * The quic_transport_parameters extension (RFC 9000 §18). Unknown ones are passed over. Throws `Malformed` on what is twice there, of a
 * wrong size or out of range (§7.4, §18.2): a TRANSPORT_PARAMETER_ERROR. Who may send which is not asked here.
 */
export function decodeTransportParameters(bytes: Uint8Array): TransportParameters {
  const reader = new Reader(bytes);
  const parameters: TransportParameters = {};
  const seen = new Set<bigint>();
  while (!reader.done()) {
    const id = readVarint(reader);
    if (seen.has(id))
      throw new Malformed(reader.offset, `transport parameter 0x${id.toString(16)} is there twice`);
    seen.add(id);
    const length = readVarint(reader);
    const value = new Reader(reader.take(length > 0xffffn ? 0x10000 : Number(length)));
    const codec = CODECS.find((one) => BigInt(one.id) === id);
    if (codec === undefined) continue;
    codec.read(parameters, value);
    if (!value.done())
      throw new Malformed(reader.offset, `${codec.name} has ${value.remaining()} byte(s) too many`);
  }
  return parameters;
}

export function encodeTransportParameters(
  parameters: TransportParameters,
  grease?: GreaseParameter,
): Uint8Array {
  const writer = new Writer();
  const put = (id: number | bigint, value: Uint8Array): void => {
    writeVarint(writer, id);
    writeVarint(writer, value.length);
    writer.raw(value);
  };
  for (const { id, write } of CODECS) {
    const value = write(parameters);
    if (value !== undefined) put(id, value);
  }
  if (grease !== undefined) put(grease.id, grease.data);
  return writer.finish();
}

/** An id that is reserved so that nobody trips over unknown ones (§18.1), out of one byte of chance. */
export function greaseParameterId(chance: number): bigint {
  return 31n * BigInt(chance) + 27n;
}

/**
 * What was sent, by the registry's names, for people: connection IDs as given by `hex`. Not the reset tokens: whoever has one of them can
 * end the connection.
 */
export function parameterNotes(
  parameters: TransportParameters,
  hex: (bytes: Uint8Array) => string,
): Record<string, bigint | string | boolean> {
  const notes: Record<string, bigint | string | boolean> = {};
  for (const { name, key } of CODECS) {
    const value = parameters[key];
    if (value === undefined) continue;
    if (key === 'statelessResetToken') notes[name] = 'present';
    else if (key === 'preferredAddress' && value instanceof Uint8Array)
      notes[name] = hex(value.subarray(0, -TOKEN));
    else if (value instanceof Uint8Array) notes[name] = hex(value);
    else if (typeof value === 'object') notes[name] = versionsNote(value);
    else notes[name] = value;
  }
  return notes;
}

function versionsNote({ chosen, available }: { chosen: number; available: readonly number[] }): string {
  const name = (version: number): string => `0x${version.toString(16).padStart(8, '0')}`;
  return `${name(chosen)} of ${available.map(name).join(', ')}`;
}

type KeysOf<T> = {
  [K in keyof TransportParameters]-?: Required<TransportParameters>[K] extends T ? K : never;
}[keyof TransportParameters];

type Codec = {
  id: number;
  name: string;
  key: keyof TransportParameters;
  read(parameters: TransportParameters, value: Reader): void;
  write(parameters: TransportParameters): Uint8Array | undefined;
};

function number(id: number, name: string, key: KeysOf<bigint>, least = 0n, most?: bigint): Codec {
  return {
    id,
    name,
    key,
    read(parameters, value) {
      const read = readVarint(value);
      if (read < least || (most !== undefined && read > most)) {
        throw new Malformed(0, `${name} is ${read}`);
      }
      parameters[key] = read;
    },
    write(parameters) {
      const value = parameters[key];
      if (value === undefined) return undefined;
      const writer = new Writer();
      writeVarint(writer, value, varintLength(value));
      return writer.finish();
    },
  };
}

function flag(id: number, name: string, key: KeysOf<true>): Codec {
  return {
    id,
    name,
    key,
    read(parameters) {
      parameters[key] = true;
    },
    write: (parameters) => (parameters[key] === undefined ? undefined : new Uint8Array(0)),
  };
}

/** `check`: of the bytes. */
function opaque(
  id: number,
  name: string,
  key: KeysOf<Uint8Array>,
  check: (value: Uint8Array) => boolean,
): Codec {
  return {
    id,
    name,
    key,
    read(parameters, value) {
      const bytes = value.rest();
      if (!check(bytes)) throw new Malformed(0, `${name} has ${bytes.length} bytes that are none`);
      parameters[key] = bytes;
    },
    write: (parameters) => parameters[key],
  };
}

/** RFC 9368 §3: no version in it is 0. */
const VERSION_INFORMATION: Codec = {
  id: 0x11,
  name: 'version_information',
  key: 'versionInformation',
  read(parameters, value) {
    const chosen = value.u32();
    const available: number[] = [];
    while (!value.done()) available.push(value.u32());
    if (chosen === 0 || available.includes(0)) throw new Malformed(0, 'version_information names version 0');
    parameters.versionInformation = { chosen, available };
  },
  write({ versionInformation }) {
    if (versionInformation === undefined) return undefined;
    const writer = new Writer().u32(versionInformation.chosen);
    for (const version of versionInformation.available) writer.u32(version);
    return writer.finish();
  },
};

function isId(value: Uint8Array): boolean {
  return value.length <= LONGEST_ID;
}

/** Both addresses with their ports, a connection ID that is not empty, its reset token (§18.2). */
function isPreferredAddress(value: Uint8Array): boolean {
  const length = value[ADDRESSES] ?? 0;
  return length >= 1 && length <= LONGEST_ID && value.length === ADDRESSES + 1 + length + TOKEN;
}

/** Bytes of a stateless reset token. */
const TOKEN = 16;
const ADDRESSES = 4 + 2 + 16 + 2;
const MOST_STREAMS = 1n << 60n;

const CODECS: readonly Codec[] = [
  opaque(0x00, 'original_destination_connection_id', 'originalDestinationConnectionId', isId),
  number(0x01, 'max_idle_timeout', 'maxIdleTimeout'),
  opaque(0x02, 'stateless_reset_token', 'statelessResetToken', (value) => value.length === TOKEN),
  number(0x03, 'max_udp_payload_size', 'maxUdpPayloadSize', 1200n),
  number(0x04, 'initial_max_data', 'initialMaxData'),
  number(0x05, 'initial_max_stream_data_bidi_local', 'initialMaxStreamDataBidiLocal'),
  number(0x06, 'initial_max_stream_data_bidi_remote', 'initialMaxStreamDataBidiRemote'),
  number(0x07, 'initial_max_stream_data_uni', 'initialMaxStreamDataUni'),
  number(0x08, 'initial_max_streams_bidi', 'initialMaxStreamsBidi', 0n, MOST_STREAMS),
  number(0x09, 'initial_max_streams_uni', 'initialMaxStreamsUni', 0n, MOST_STREAMS),
  number(0x0a, 'ack_delay_exponent', 'ackDelayExponent', 0n, 20n),
  number(0x0b, 'max_ack_delay', 'maxAckDelay', 0n, (1n << 14n) - 1n),
  flag(0x0c, 'disable_active_migration', 'disableActiveMigration'),
  opaque(0x0d, 'preferred_address', 'preferredAddress', isPreferredAddress),
  number(0x0e, 'active_connection_id_limit', 'activeConnectionIdLimit', 2n),
  opaque(0x0f, 'initial_source_connection_id', 'initialSourceConnectionId', isId),
  opaque(0x10, 'retry_source_connection_id', 'retrySourceConnectionId', isId),
  VERSION_INFORMATION,
  number(0x20, 'max_datagram_frame_size', 'maxDatagramFrameSize'),
  flag(0x2ab2, 'grease_quic_bit', 'greaseQuicBit'),
];
