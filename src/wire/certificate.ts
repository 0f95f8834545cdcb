import type { Extension } from './extensions.ts';
import { decodeExtensions, encodeExtensions } from './extensions.ts';
import { decodeWhole, encodeHandshake, HANDSHAKE } from './handshake.ts';
import { decodeU16List } from './hello.ts';
import { Malformed, type Reader } from './reader.ts';

export type CertificateEntry = { data: Uint8Array; extensions: readonly Extension[] };
/** RFC 9846 §4.5.1. DER, leaf first. */
export type Certificate13 = { context: Uint8Array; entries: readonly CertificateEntry[] };
/** RFC 9846 §4.4.2. */
export type CertificateRequest13 = { context: Uint8Array; extensions: readonly Extension[] };
/** RFC 5246 §7.4.4. `authorities`: distinguished names in DER. */
export type CertificateRequest12 = {
  types: Uint8Array;
  schemes: readonly number[];
  authorities: readonly Uint8Array[];
};
/** RFC 9846 §4.5.2, RFC 5246 §7.4.8. */
export type CertificateVerify = { scheme: number; signature: Uint8Array };

export function encodeCertificate13(certificate: Certificate13): Uint8Array {
  return encodeHandshake(HANDSHAKE.certificate, (writer) => {
    writer.vector(1, certificate.context).prefixed(3, (list) => {
      for (const entry of certificate.entries) {
        list.vector(3, entry.data);
        encodeExtensions(list, entry.extensions);
      }
    });
  });
}

export function decodeCertificate13(body: Uint8Array): Certificate13 {
  return decodeWhole(body, (reader) => {
    const context = reader.vector(1);
    const list = reader.nested(3);
    const entries: CertificateEntry[] = [];
    while (!list.done()) entries.push({ data: certificateData(list), extensions: decodeExtensions(list) });
    return { context, entries };
  });
}

/** RFC 5246 §7.4.2: the chain alone. */
export function encodeCertificate12(chain: readonly Uint8Array[]): Uint8Array {
  return encodeHandshake(HANDSHAKE.certificate, (writer) => {
    writer.prefixed(3, (list) => {
      for (const data of chain) list.vector(3, data);
    });
  });
}

export function decodeCertificate12(body: Uint8Array): Uint8Array[] {
  return decodeWhole(body, (reader) => {
    const list = reader.nested(3);
    const chain: Uint8Array[] = [];
    while (!list.done()) chain.push(certificateData(list));
    return chain;
  });
}

export function encodeCertificateRequest13(request: CertificateRequest13): Uint8Array {
  return encodeHandshake(HANDSHAKE.certificate_request, (writer) => {
    encodeExtensions(writer.vector(1, request.context), request.extensions);
  });
}

export function decodeCertificateRequest13(body: Uint8Array): CertificateRequest13 {
  return decodeWhole(body, (reader) => ({
    context: reader.vector(1),
    extensions: decodeExtensions(reader),
  }));
}

export function encodeCertificateRequest12(request: CertificateRequest12): Uint8Array {
  return encodeHandshake(HANDSHAKE.certificate_request, (writer) => {
    writer.vector(1, request.types);
    writer.prefixed(2, (schemes) => {
      for (const scheme of request.schemes) schemes.u16(scheme);
    });
    writer.prefixed(2, (names) => {
      for (const name of request.authorities) names.vector(2, name);
    });
  });
}

export function decodeCertificateRequest12(body: Uint8Array): CertificateRequest12 {
  return decodeWhole(body, (reader) => {
    const types = reader.vector(1);
    const schemes = decodeU16List(reader.nested(2), 'supported_signature_algorithms');
    const names = reader.nested(2);
    const authorities: Uint8Array[] = [];
    while (!names.done()) authorities.push(names.vector(2));
    return { types, schemes, authorities };
  });
}

export function encodeCertificateVerify(verify: CertificateVerify): Uint8Array {
  return encodeHandshake(HANDSHAKE.certificate_verify, (writer) => {
    writer.u16(verify.scheme).vector(2, verify.signature);
  });
}

export function decodeCertificateVerify(body: Uint8Array): CertificateVerify {
  return decodeWhole(body, (reader) => ({ scheme: reader.u16(), signature: reader.vector(2) }));
}

function certificateData(list: Reader): Uint8Array {
  const data = list.vector(3);
  if (data.length === 0) throw new Malformed(list.offset, 'empty certificate entry');
  return data;
}
