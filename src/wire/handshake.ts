import { createNames } from './names.ts';
import { Malformed, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** A handshake message taken apart (RFC 9846 §4): its type and what follows the four-byte header. */
export type HandshakeMessage = { type: number; body: Uint8Array };

/** A whole message: type, 24-bit length, body. */
export function encodeHandshake(type: number, body: (writer: Writer) => void): Uint8Array {
  return new Writer().u8(type).prefixed(3, body).finish();
}

/** Throws `Malformed` unless the length in the header is the length of the rest. */
export function decodeHandshake(message: Uint8Array): HandshakeMessage {
  const reader = new Reader(message);
  const type = reader.u8();
  const body = reader.vector(3);
  reader.end();
  return { type, body };
}

/** Decodes a body that must be used up. */
export function decodeWhole<T>(body: Uint8Array, decode: (reader: Reader) => T): T {
  const reader = new Reader(body);
  const value = decode(reader);
  reader.end();
  return value;
}

/** For a message whose body must be empty (ServerHelloDone, HelloRequest, EndOfEarlyData). */
export function decodeEmpty(body: Uint8Array): void {
  if (body.length > 0) throw new Malformed(0, `${body.length} byte(s) in a message that has none`);
}

/** The registry's name, e.g. "client_hello"; "handshake(99)" for a type without one. */
export function handshakeName(type: number): string {
  return NAMES.name(type);
}

/** "ClientHello" for client_hello: the name that the RFCs' text and diagrams use. */
export function messageName(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** The registry of TLS HandshakeTypes, as far as these protocols use it. */
export const HANDSHAKE = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  hello_verify_request: 3,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  request_connection_id: 9,
  new_connection_id: 10,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_url: 21,
  certificate_status: 22,
  supplemental_data: 23,
  key_update: 24,
  compressed_certificate: 25,
  message_hash: 254,
} as const;

const NAMES = createNames('handshake', HANDSHAKE);
