import { concat } from '../../wire/bytes.ts';
import { Writer } from '../../wire/writer.ts';
import type { VersionName } from '../core.ts';
import type { Role } from '../role.ts';

/**
 * What sets the protocols that share this handshake apart, declared: nothing else in it asks which one it serves.
 * Version numbers inside are TLS's; `wire` says how they are written.
 */
export type Flavor = {
  name: 'tls' | 'dtls' | 'quic';
  wire: { readonly 0x0303: number; readonly 0x0304: number };
  /** What the timeline calls them. */
  versionNames: { readonly 0x0303: VersionName; readonly 0x0304: VersionName };
  /** HKDF-Expand-Label's prefix; absent: "tls13 ". */
  labelPrefix?: string;
  /** Dummy change_cipher_spec and a legacy_session_id for middleboxes (RFC 9846 appendix E.4). */
  compatibility: boolean;
  /** ClientHello has a cookie field, and HelloVerifyRequest may answer it (RFC 6347 §4.2.1, RFC 9147 §5.3). */
  helloCookie: boolean;
  /** DTLS: bytes of ClientHello that one datagram holds. A first one that would be longer for its key shares goes without them. */
  longestHello?: number;
  /** Without an application protocol there is no connection: no_application_protocol (RFC 9001 §8.1). */
  needsAlpn?: true;
  /** How a message enters the transcript. `sequence`: its message_seq, or where there is none, the count of its sender's messages. */
  frame(message: Uint8Array, sequence: number, version: 0x0303 | 0x0304): Uint8Array;
  extraExtensions: readonly ExtraExtension[];
};

/** An extension that belongs to the layer around the handshake, offered by the client. */
export type ExtraExtension = {
  type: number;
  /** Where a TLS 1.3 server answers it; in 1.2 that is always the ServerHello. */
  answeredIn: 'server_hello' | 'encrypted_extensions';
  /** What this side puts in; undefined: nothing. */
  data(role: Role): Uint8Array | undefined;
  /** What the peer put in; undefined: nothing. May throw a ProtocolFault. */
  received(data: Uint8Array | undefined, version: 0x0303 | 0x0304): void;
};

export const TLS: Flavor = {
  name: 'tls',
  wire: { 771: 0x0303, 772: 0x0304 },
  versionNames: { 771: 'TLSv1.2', 772: 'TLSv1.3' },
  compatibility: true,
  helloCookie: false,
  frame: (message) => message,
  extraExtensions: [],
};

/** RFC 6347, RFC 9147. Each connection adds its connection ID to `extraExtensions`. */
export const DTLS: Flavor = {
  name: 'dtls',
  wire: { 771: 0xfefd, 772: 0xfefc },
  versionNames: { 771: 'DTLSv1.2', 772: 'DTLSv1.3' },
  labelPrefix: 'dtls13',
  compatibility: false,
  helloCookie: true,
  frame: dtlsFrame,
  extraExtensions: [],
};

/** RFC 9001 §4, §8. Each connection adds its transport parameters to `extraExtensions`, and offers TLS 1.3 alone. */
export const QUIC: Flavor = {
  name: 'quic',
  wire: { 771: 0x0303, 772: 0x0304 },
  versionNames: { 771: 'TLSv1.2', 772: 'TLSv1.3' },
  compatibility: false,
  helloCookie: false,
  needsAlpn: true,
  frame: (message) => message,
  extraExtensions: [],
};

/** DTLS 1.2 hashes its own header as if nothing were fragmented (RFC 6347 §4.2.6), 1.3 that of TLS (RFC 9147 §5.2). */
function dtlsFrame(message: Uint8Array, sequence: number, version: 0x0303 | 0x0304): Uint8Array {
  if (version === 0x0304) return message;
  const header = message.subarray(0, 4);
  const fragment = new Writer().u16(sequence).u24(0).raw(header.subarray(1)).finish();
  return concat(header, fragment, message.subarray(4));
}
