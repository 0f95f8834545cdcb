import { alertName, alertNumber } from './alert.ts';
import {
  DOQ_CODES,
  HTTP3_CODES,
  MOQ_CODES,
  QPACK_CODES,
  type RegisteredCode,
  TRANSPORT_CODES,
  WEBTRANSPORT_CODES,
} from './quic-error-codes.ts';

/**
 * Whose code it is. The same number means different things: 0x100 is CRYPTO_ERROR(close_notify) in a 0x1c frame, and in a 0x1d frame
 * on an h3 connection H3_NO_ERROR. `alpn`: as negotiated.
 */
export type CodeSpace = { layer: 'transport' } | { layer: 'application'; alpn: string | undefined };

/** "H3_NO_ERROR"; "CRYPTO_ERROR(handshake_failure)"; "0x1234" for a code that this space does not name. */
export function quicErrorName(code: bigint, space: CodeSpace): string {
  if (space.layer === 'transport' && code >= CRYPTO_ERROR && code < CRYPTO_ERROR + 0x100n) {
    return `CRYPTO_ERROR(${alertName(Number(code - CRYPTO_ERROR))})`;
  }
  const known = find(space, (one) => one.code === code);
  if (known !== undefined) return known.name;
  if (space.layer === 'application' && isHttp3(space.alpn)) {
    const wide = webTransportCode(code);
    if (wide !== undefined) return `WEBTRANSPORT_APPLICATION_ERROR(${wide})`;
    if (isReservedHttp3Code(code)) return `0x${code.toString(16)} (reserved, as H3_NO_ERROR)`;
  }
  return `0x${code.toString(16)}`;
}

/** The code of a registered name, in any case: "H3_NO_ERROR", "CRYPTO_ERROR(decode_error)". Undefined: this space has no such name. */
export function quicErrorCode(name: string, space: CodeSpace): bigint | undefined {
  const wanted = name.toUpperCase();
  const alert = /^CRYPTO_ERROR\((.+)\)$/i.exec(name)?.[1];
  if (alert !== undefined) {
    const number = space.layer === 'transport' ? alertNumber(alert.toLowerCase()) : undefined;
    return number === undefined || number > 0xff ? undefined : CRYPTO_ERROR + BigInt(number);
  }
  return find(space, (one) => one.name === wanted)?.code;
}

/** What the registry says of a code; undefined for one without a name there, and for CRYPTO_ERROR, which is an alert. */
export function registeredCode(code: bigint, space: CodeSpace): RegisteredCode | undefined {
  return find(space, (one) => one.code === code);
}

/** All names that `quicErrorCode` takes in this space, alerts left out. */
export function quicErrorNames(space: CodeSpace): string[] {
  return tables(space).flatMap((table) => table.map((one) => one.name));
}

/** Codes that stand for no error in a space: what a peaceful end says. */
export function isNoError(code: bigint, space: CodeSpace): boolean {
  if (space.layer === 'transport') return code === 0n;
  if (isHttp3(space.alpn)) return code === H3_NO_ERROR || isReservedHttp3Code(code);
  return code === 0n;
}

/** 0x1f × N + 0x21: sent so that nobody trips over unknown codes, and means H3_NO_ERROR (RFC 9114 §8.1). */
export function isReservedHttp3Code(code: bigint): boolean {
  return code >= 0x21n && (code - 0x21n) % 0x1fn === 0n;
}

function find(space: CodeSpace, test: (one: RegisteredCode) => boolean): RegisteredCode | undefined {
  for (const table of tables(space)) {
    const found = table.find(test);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tables(space: CodeSpace): readonly (readonly RegisteredCode[])[] {
  if (space.layer === 'transport') return [TRANSPORT_CODES];
  const { alpn } = space;
  if (isHttp3(alpn)) return [HTTP3_CODES, QPACK_CODES, WEBTRANSPORT_CODES];
  if (alpn === 'doq' || alpn?.startsWith('doq-')) return [DOQ_CODES];
  return alpn?.startsWith('moq') ? [MOQ_CODES] : [];
}

function isHttp3(alpn: string | undefined): boolean {
  return alpn === 'h3' || (alpn?.startsWith('h3-') ?? false);
}

/** A 32-bit code of a WebTransport application inside HTTP/3's space; every 31st value is skipped (draft-ietf-webtrans-http3 §4.4). */
function webTransportCode(code: bigint): bigint | undefined {
  if (code < WEBTRANSPORT_FIRST || code > WEBTRANSPORT_LAST || isReservedHttp3Code(code)) return undefined;
  const shifted = code - WEBTRANSPORT_FIRST;
  return shifted - shifted / 0x1fn;
}

/** 0x0100 to 0x01ff: a TLS alert (RFC 9001 §4.8). */
const CRYPTO_ERROR = 0x0100n;
const H3_NO_ERROR = 0x0100n;

/** RFC 9000 §20.1 and RFC 9368 §10, by name. */
export const TRANSPORT_ERROR = {
  NO_ERROR: 0x00n,
  INTERNAL_ERROR: 0x01n,
  CONNECTION_REFUSED: 0x02n,
  FLOW_CONTROL_ERROR: 0x03n,
  STREAM_LIMIT_ERROR: 0x04n,
  STREAM_STATE_ERROR: 0x05n,
  FINAL_SIZE_ERROR: 0x06n,
  FRAME_ENCODING_ERROR: 0x07n,
  TRANSPORT_PARAMETER_ERROR: 0x08n,
  CONNECTION_ID_LIMIT_ERROR: 0x09n,
  PROTOCOL_VIOLATION: 0x0an,
  INVALID_TOKEN: 0x0bn,
  APPLICATION_ERROR: 0x0cn,
  CRYPTO_BUFFER_EXCEEDED: 0x0dn,
  KEY_UPDATE_ERROR: 0x0en,
  AEAD_LIMIT_REACHED: 0x0fn,
  NO_VIABLE_PATH: 0x10n,
  VERSION_NEGOTIATION_ERROR: 0x11n,
} as const;

const WEBTRANSPORT_FIRST = 0x52e4a40fa8dbn;
const WEBTRANSPORT_LAST = 0x52e5ac983162n;
