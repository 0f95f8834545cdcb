import { equalBytes, fromHex } from './bytes.ts';
import type { Extension } from './extensions.ts';
import { decodeExtensions, encodeExtensions } from './extensions.ts';
import { decodeWhole, encodeHandshake, HANDSHAKE } from './handshake.ts';
import { Malformed, Reader, Truncated } from './reader.ts';

/** RFC 9846 §4.2.2, RFC 5246 §7.4.1.2. `random` is 32 bytes, `sessionId` 0 to 32. `cookie` exists in DTLS alone (RFC 6347 §4.2.1). */
export type ClientHello = {
  legacyVersion: number;
  random: Uint8Array;
  sessionId: Uint8Array;
  cookie?: Uint8Array;
  cipherSuites: readonly number[];
  compressionMethods: Uint8Array;
  /** In the order of the wire, unknown ones included. */
  extensions: readonly Extension[];
};

/** RFC 9846 §4.2.3, RFC 5246 §7.4.1.3; a HelloRetryRequest has the same shape. */
export type ServerHello = {
  legacyVersion: number;
  random: Uint8Array;
  sessionId: Uint8Array;
  cipherSuite: number;
  compressionMethod: number;
  extensions: readonly Extension[];
};

export function encodeClientHello(hello: ClientHello): Uint8Array {
  return encodeHandshake(HANDSHAKE.client_hello, (writer) => {
    writer.u16(hello.legacyVersion).raw(hello.random).vector(1, hello.sessionId);
    if (hello.cookie !== undefined) writer.vector(1, hello.cookie);
    writer.prefixed(2, (suites) => {
      for (const suite of hello.cipherSuites) suites.u16(suite);
    });
    writer.vector(1, hello.compressionMethods);
    encodeExtensions(writer, hello.extensions);
  });
}

/** `withCookie`: in the form of DTLS. */
export function decodeClientHello(body: Uint8Array, withCookie = false): ClientHello {
  return decodeWhole(body, (reader) => {
    const legacyVersion = reader.u16();
    const random = reader.take(32);
    const sessionId = decodeSessionId(reader);
    const cookie = withCookie ? { cookie: reader.vector(1) } : {};
    const cipherSuites = decodeU16List(reader.nested(2), 'cipher_suites');
    const compressionMethods = reader.vector(1);
    if (compressionMethods.length === 0) throw new Malformed(reader.offset, 'no compression method');
    const extensions = decodeOptionalExtensions(reader);
    return { legacyVersion, random, sessionId, ...cookie, cipherSuites, compressionMethods, extensions };
  });
}

/**
 * The beginning of a ClientHello of DTLS whose rest is in other datagrams: all up to the extensions, and of these the whole ones.
 * Throws `Malformed` when not even that is there.
 */
export function decodeClientHelloHead(start: Uint8Array): ClientHello {
  const reader = new Reader(start);
  const legacyVersion = reader.u16();
  const random = reader.take(32);
  const sessionId = decodeSessionId(reader);
  const cookie = reader.vector(1);
  const cipherSuites = decodeU16List(reader.nested(2), 'cipher_suites');
  const compressionMethods = reader.vector(1);
  const head = { legacyVersion, random, sessionId, cookie, cipherSuites, compressionMethods };
  return { ...head, extensions: wholeExtensions(reader) };
}

export function encodeServerHello(hello: ServerHello): Uint8Array {
  return encodeHandshake(HANDSHAKE.server_hello, (writer) => {
    writer.u16(hello.legacyVersion).raw(hello.random).vector(1, hello.sessionId);
    writer.u16(hello.cipherSuite).u8(hello.compressionMethod);
    if (hello.extensions.length > 0) encodeExtensions(writer, hello.extensions);
  });
}

export function decodeServerHello(body: Uint8Array): ServerHello {
  return decodeWhole(body, (reader) => ({
    legacyVersion: reader.u16(),
    random: reader.take(32),
    sessionId: decodeSessionId(reader),
    cipherSuite: reader.u16(),
    compressionMethod: reader.u8(),
    extensions: decodeOptionalExtensions(reader),
  }));
}

/** RFC 6347 §4.2.1: the version means nothing, the cookie is to come back in the next ClientHello. */
export function encodeHelloVerifyRequest(cookie: Uint8Array): Uint8Array {
  return encodeHandshake(HANDSHAKE.hello_verify_request, (writer) => writer.u16(DTLS10).vector(1, cookie));
}

/** Gives the cookie, which may be empty. */
export function decodeHelloVerifyRequest(body: Uint8Array): Uint8Array {
  return decodeWhole(body, (reader) => {
    reader.u16();
    return reader.vector(1);
  });
}

export function isHelloRetryRequest(hello: ServerHello): boolean {
  return equalBytes(hello.random, HELLO_RETRY_RANDOM);
}

/** A list of 16-bit numbers that fills its reader; at least one. */
export function decodeU16List(reader: Reader, what: string): number[] {
  const list: number[] = [];
  while (!reader.done()) list.push(reader.u16());
  if (list.length === 0) throw new Malformed(reader.offset, `empty list: ${what}`);
  return list;
}

function wholeExtensions(reader: Reader): Extension[] {
  const extensions: Extension[] = [];
  try {
    reader.u16();
    while (!reader.done()) extensions.push({ type: reader.u16(), data: reader.vector(2) });
  } catch (error) {
    if (!(error instanceof Truncated)) throw error;
  }
  return extensions;
}

function decodeSessionId(reader: Reader): Uint8Array {
  const sessionId = reader.vector(1);
  if (sessionId.length > 32) throw new Malformed(reader.offset, `session_id of ${sessionId.length} bytes`);
  return sessionId;
}

/** Before TLS 1.3 the whole block may be missing (RFC 5246 §7.4.1.2). */
function decodeOptionalExtensions(reader: Reader): Extension[] {
  return reader.done() ? [] : decodeExtensions(reader);
}

/** SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
export const HELLO_RETRY_RANDOM = fromHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');
const DTLS10 = 0xfeff;
