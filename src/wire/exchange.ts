import type { Extension } from './extensions.ts';
import { decodeExtensions, encodeExtensions } from './extensions.ts';
import { decodeWhole, encodeHandshake, HANDSHAKE } from './handshake.ts';
import { Malformed, type Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** ECDHE over a named curve (RFC 8422 §5.4). `params`: the bytes that the signature covers. */
export type ServerKeyExchange = {
  group: number;
  point: Uint8Array;
  params: Uint8Array;
  scheme: number;
  signature: Uint8Array;
};
/** RFC 9846 §4.7.1. `lifetime` in seconds. */
export type NewSessionTicket13 = {
  lifetime: number;
  ageAdd: number;
  nonce: Uint8Array;
  ticket: Uint8Array;
  extensions: readonly Extension[];
};
/** RFC 5077 §3.3. `lifetime` in seconds, 0: not said; an empty ticket: the server changed its mind. */
export type NewSessionTicket12 = { lifetime: number; ticket: Uint8Array };

/** The ServerECDHParams, which go into the message and under its signature. */
export function encodeEcdhParams(group: number, point: Uint8Array): Uint8Array {
  return new Writer().u8(NAMED_CURVE).u16(group).vector(1, point).finish();
}

export function encodeServerKeyExchange(
  params: Uint8Array,
  scheme: number,
  signature: Uint8Array,
): Uint8Array {
  return encodeHandshake(HANDSHAKE.server_key_exchange, (writer) => {
    writer.raw(params).u16(scheme).vector(2, signature);
  });
}

export function decodeServerKeyExchange(body: Uint8Array): ServerKeyExchange {
  return decodeWhole(body, (reader) => {
    const curveType = reader.u8();
    if (curveType !== NAMED_CURVE) throw new Malformed(0, `ECCurveType ${curveType}, not named_curve`);
    const group = reader.u16();
    const point = ecPoint(reader);
    const params = body.subarray(0, reader.offset);
    return { group, point, params, scheme: reader.u16(), signature: reader.vector(2) };
  });
}

/** RFC 8422 §5.7. */
export function encodeClientKeyExchange(point: Uint8Array): Uint8Array {
  return encodeHandshake(HANDSHAKE.client_key_exchange, (writer) => writer.vector(1, point));
}

export function decodeClientKeyExchange(body: Uint8Array): Uint8Array {
  return decodeWhole(body, ecPoint);
}

/** RFC 8422 §5.4. */
function ecPoint(reader: Reader): Uint8Array {
  const point = reader.vector(1);
  if (point.length === 0) throw new Malformed(reader.offset, 'empty point');
  return point;
}

/** RFC 9846 §4.5.3, RFC 5246 §7.4.9: nothing but the verify_data. */
export function encodeFinished(verifyData: Uint8Array): Uint8Array {
  return encodeHandshake(HANDSHAKE.finished, (writer) => writer.raw(verifyData));
}

/** RFC 9846 §4.7.3. Any value but 0 and 1 is undefined here: the caller owes an illegal_parameter. */
export function decodeKeyUpdate(body: Uint8Array): { requested: boolean } | undefined {
  const value = decodeWhole(body, (reader) => reader.u8());
  return value > 1 ? undefined : { requested: value === 1 };
}

export function encodeKeyUpdate(requested: boolean): Uint8Array {
  return encodeHandshake(HANDSHAKE.key_update, (writer) => writer.u8(requested ? 1 : 0));
}

export function encodeEncryptedExtensions(extensions: readonly Extension[]): Uint8Array {
  return encodeHandshake(HANDSHAKE.encrypted_extensions, (writer) => encodeExtensions(writer, extensions));
}

export function decodeEncryptedExtensions(body: Uint8Array): Extension[] {
  return decodeWhole(body, decodeExtensions);
}

export function encodeNewSessionTicket13(ticket: NewSessionTicket13): Uint8Array {
  return encodeHandshake(HANDSHAKE.new_session_ticket, (writer) => {
    writer.u32(ticket.lifetime).u32(ticket.ageAdd).vector(1, ticket.nonce).vector(2, ticket.ticket);
    encodeExtensions(writer, ticket.extensions);
  });
}

export function decodeNewSessionTicket13(body: Uint8Array): NewSessionTicket13 {
  return decodeWhole(body, (reader) => {
    const lifetime = reader.u32();
    const ageAdd = reader.u32();
    const nonce = reader.vector(1);
    const ticket = reader.vector(2);
    if (ticket.length === 0) throw new Malformed(reader.offset, 'empty ticket');
    return { lifetime, ageAdd, nonce, ticket, extensions: decodeExtensions(reader) };
  });
}

export function encodeNewSessionTicket12(ticket: NewSessionTicket12): Uint8Array {
  return encodeHandshake(HANDSHAKE.new_session_ticket, (writer) => {
    writer.u32(ticket.lifetime).vector(2, ticket.ticket);
  });
}

export function decodeNewSessionTicket12(body: Uint8Array): NewSessionTicket12 {
  return decodeWhole(body, (reader) => ({ lifetime: reader.u32(), ticket: reader.vector(2) }));
}

/** A message that is only its header (ServerHelloDone, HelloRequest). */
export function encodeEmpty(type: number): Uint8Array {
  return encodeHandshake(type, () => undefined);
}

const NAMED_CURVE = 3;
