import { ascii, fromAscii } from './bytes.ts';
import { decodeWhole } from './handshake.ts';
import { decodeU16List } from './hello.ts';
import { Malformed, type Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** A share of one group (RFC 9846 §4.3.8). */
export type KeyShareEntry = { group: number; share: Uint8Array };
/** RFC 9846 §4.3.11, one offered ticket. */
export type PskIdentity = { identity: Uint8Array; obfuscatedAge: number };
export type OfferedPsks = { identities: readonly PskIdentity[]; binders: readonly Uint8Array[] };

/** A list of 16-bit numbers behind a 16-bit length: supported_groups, signature_algorithms. */
export const u16List = {
  encode: (list: readonly number[]): Uint8Array =>
    new Writer()
      .prefixed(2, (writer) => {
        for (const value of list) writer.u16(value);
      })
      .finish(),
  decode: (data: Uint8Array): number[] =>
    decodeWhole(data, (reader) => decodeU16List(reader.nested(2), 'extension')),
};

/** One 16-bit number: the selected version, the group of a HelloRetryRequest, a PSK index, record_size_limit. */
export const u16 = {
  encode: (value: number): Uint8Array => new Writer().u16(value).finish(),
  decode: (data: Uint8Array): number => decodeWhole(data, (reader) => reader.u16()),
};

/** supported_versions in a ClientHello (RFC 9846 §4.3.1). */
export const versionList = {
  encode: (versions: readonly number[]): Uint8Array =>
    new Writer()
      .prefixed(1, (writer) => {
        for (const version of versions) writer.u16(version);
      })
      .finish(),
  decode: (data: Uint8Array): number[] =>
    decodeWhole(data, (reader) => decodeU16List(reader.nested(1), 'supported_versions')),
};

/** One-byte numbers behind an 8-bit length, at least one: psk_key_exchange_modes, ec_point_formats. */
export const u8List = {
  encode: (list: readonly number[]): Uint8Array => new Writer().vector(1, Uint8Array.from(list)).finish(),
  decode: (data: Uint8Array): number[] => {
    const list = decodeWhole(data, (reader) => reader.vector(1));
    if (list.length === 0) throw new Malformed(0, 'empty list: extension');
    return Array.from(list);
  },
};

/** server_name in a ClientHello (RFC 6066 §3): only the host_name type exists. */
export const serverName = {
  encode: (host: string): Uint8Array =>
    new Writer().prefixed(2, (list) => list.u8(0).vector(2, ascii(host))).finish(),
  /** Every host_name of the list; RFC 6066 §3 allows one. */
  decode: (data: Uint8Array): string[] =>
    decodeWhole(data, (reader) => {
      const list = reader.nested(2);
      if (list.done()) throw new Malformed(list.offset, 'empty list: server_name');
      const hosts: string[] = [];
      while (!list.done()) {
        const type = list.u8();
        const name = list.vector(2);
        if (name.length === 0) throw new Malformed(list.offset, 'empty server name');
        if (type === 0) hosts.push(fromAscii(name));
      }
      return hosts;
    }),
};

/** application_layer_protocol_negotiation (RFC 7301 §3.1), one byte per character. */
export const protocolList = {
  encode: (protocols: readonly string[]): Uint8Array =>
    new Writer()
      .prefixed(2, (list) => {
        for (const protocol of protocols) list.vector(1, ascii(protocol));
      })
      .finish(),
  decode: (data: Uint8Array): string[] =>
    decodeWhole(data, (reader) => {
      const list = reader.nested(2);
      const protocols: string[] = [];
      while (!list.done()) {
        const protocol = list.vector(1);
        if (protocol.length === 0) throw new Malformed(list.offset, 'empty protocol name');
        protocols.push(fromAscii(protocol));
      }
      if (protocols.length === 0) throw new Malformed(list.offset, 'empty list: protocol names');
      return protocols;
    }),
};

/** key_share in a ServerHello. */
export const keyShareEntry = {
  encode: (entry: KeyShareEntry): Uint8Array => new Writer().u16(entry.group).vector(2, entry.share).finish(),
  decode: (data: Uint8Array): KeyShareEntry => decodeWhole(data, keyShare),
};

/** key_share in a ClientHello; an empty list asks for a HelloRetryRequest. */
export const keyShareList = {
  encode: (entries: readonly KeyShareEntry[]): Uint8Array =>
    new Writer()
      .prefixed(2, (list) => {
        for (const entry of entries) list.raw(keyShareEntry.encode(entry));
      })
      .finish(),
  decode: (data: Uint8Array): KeyShareEntry[] =>
    decodeWhole(data, (reader) => {
      const list = reader.nested(2);
      const entries: KeyShareEntry[] = [];
      while (!list.done()) entries.push(keyShare(list));
      return entries;
    }),
};

/** An empty share is no valid one of its group, and that says more than a decode_error would. */
function keyShare(reader: Reader): KeyShareEntry {
  return { group: reader.u16(), share: reader.vector(2) };
}

/** RFC 9846 §4.3.2. */
export const cookie = {
  encode: (value: Uint8Array): Uint8Array => new Writer().vector(2, value).finish(),
  decode: (data: Uint8Array): Uint8Array => {
    const value = decodeWhole(data, (reader) => reader.vector(2));
    if (value.length === 0) throw new Malformed(0, 'empty cookie');
    return value;
  },
};

/** connection_id, which may be empty (RFC 9146 §3). */
export const connectionId = {
  encode: (value: Uint8Array): Uint8Array => new Writer().vector(1, value).finish(),
  decode: (data: Uint8Array): Uint8Array => decodeWhole(data, (reader) => reader.vector(1)),
};

/** RFC 5746 §3.2. */
export const renegotiationInfo = {
  encode: (value: Uint8Array): Uint8Array => new Writer().vector(1, value).finish(),
  decode: (data: Uint8Array): Uint8Array => decodeWhole(data, (reader) => reader.vector(1)),
};

/** pre_shared_key in a ClientHello (RFC 9846 §4.3.11). */
export const offeredPsks = {
  encode: (offer: OfferedPsks): Uint8Array =>
    new Writer()
      .prefixed(2, (list) => {
        for (const { identity, obfuscatedAge } of offer.identities)
          list.vector(2, identity).u32(obfuscatedAge);
      })
      .prefixed(2, (list) => {
        for (const binder of offer.binders) list.vector(1, binder);
      })
      .finish(),
  decode: (data: Uint8Array): OfferedPsks =>
    decodeWhole(data, (reader) => {
      const identityList = reader.nested(2);
      const identities: PskIdentity[] = [];
      while (!identityList.done()) {
        const identity = identityList.vector(2);
        if (identity.length === 0) throw new Malformed(identityList.offset, 'empty PSK identity');
        identities.push({ identity, obfuscatedAge: identityList.u32() });
      }
      const binderList = reader.nested(2);
      const binders: Uint8Array[] = [];
      while (!binderList.done()) {
        const binder = binderList.vector(1);
        if (binder.length < 32) throw new Malformed(binderList.offset, `binder of ${binder.length} bytes`);
        binders.push(binder);
      }
      if (identities.length === 0) throw new Malformed(0, 'no PSK identity');
      return { identities, binders };
    }),
};

/** Length of the binders list with its length field: what a binder's hash leaves out (RFC 9846 §4.3.11.2). */
export function bindersLength(binders: readonly Uint8Array[]): number {
  return binders.reduce((length, binder) => length + 1 + binder.length, 2);
}
