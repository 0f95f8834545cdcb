import { decodeWhole, encodeHandshake, HANDSHAKE } from './handshake.ts';
import { Malformed } from './reader.ts';

/** A share of a named curve, in the PSK exchanges that have one. */
export type CurvePoint = { group: number; point: Uint8Array };

/** RFC 4279 §2, or with `params` (of `encodeEcdhParams`) RFC 5489 §2. An absent hint is an empty one. */
export function encodePskServerKeyExchange(hint: Uint8Array, params?: Uint8Array): Uint8Array {
  return encodeHandshake(HANDSHAKE.server_key_exchange, (writer) => {
    writer.vector(2, hint);
    if (params !== undefined) writer.raw(params);
  });
}

/** `ecdhe`: of RFC 5489; the curve is then in `exchange`. */
export function decodePskServerKeyExchange(
  body: Uint8Array,
  ecdhe: boolean,
): { hint: Uint8Array; exchange: CurvePoint | undefined } {
  return decodeWhole(body, (reader) => {
    const hint = reader.vector(2);
    if (!ecdhe) return { hint, exchange: undefined };
    const curveType = reader.u8();
    if (curveType !== NAMED_CURVE) throw new Malformed(0, `ECCurveType ${curveType}, not named_curve`);
    return { hint, exchange: { group: reader.u16(), point: reader.vector(1) } };
  });
}

/** RFC 4279 §2, or with `point` RFC 5489 §2. */
export function encodePskClientKeyExchange(identity: Uint8Array, point?: Uint8Array): Uint8Array {
  return encodeHandshake(HANDSHAKE.client_key_exchange, (writer) => {
    writer.vector(2, identity);
    if (point !== undefined) writer.vector(1, point);
  });
}

export function decodePskClientKeyExchange(
  body: Uint8Array,
  ecdhe: boolean,
): { identity: Uint8Array; point: Uint8Array | undefined } {
  return decodeWhole(body, (reader) => {
    const identity = reader.vector(2);
    return { identity, point: ecdhe ? reader.vector(1) : undefined };
  });
}

const NAMED_CURVE = 3;
