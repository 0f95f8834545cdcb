import type { Role } from '../role.ts';

/**
 * What sets the protocols that share this handshake apart, declared: nothing else in it asks which one it serves.
 * Version numbers inside are TLS's; `wire` says how they are written.
 */
export type Flavor = {
  name: 'tls' | 'dtls' | 'quic';
  wire: { readonly 0x0303: number; readonly 0x0304: number };
  /** HKDF-Expand-Label's prefix; absent: "tls13 ". */
  labelPrefix?: string;
  /** Dummy change_cipher_spec and a legacy_session_id for middleboxes (RFC 9846 appendix E.4). */
  compatibility: boolean;
  /** How a message enters the transcript. `sequence` counts the messages of its sender. */
  frame(message: Uint8Array, sequence: number, version: 0x0303 | 0x0304): Uint8Array;
  extraExtensions: readonly ExtraExtension[];
};

/** An extension that belongs to the layer around the handshake, offered by the client, answered in EncryptedExtensions. */
export type ExtraExtension = {
  type: number;
  /** What this side puts in; undefined: nothing. */
  data(role: Role): Uint8Array | undefined;
  /** What the peer put in; undefined: nothing. May throw a ProtocolFault. */
  received(data: Uint8Array | undefined): void;
};

export const TLS: Flavor = {
  name: 'tls',
  wire: { 771: 0x0303, 772: 0x0304 },
  compatibility: true,
  frame: (message) => message,
  extraExtensions: [],
};
