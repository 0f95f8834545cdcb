import { createNames } from './names.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** One extension as it lies on the wire. What `data` means depends on the type and the message around it. */
export type Extension = { type: number; data: Uint8Array };

/** The block with its 16-bit length (RFC 9846 §4.3). */
export function encodeExtensions(writer: Writer, extensions: readonly Extension[]): void {
  writer.prefixed(2, (block) => {
    for (const extension of extensions) block.u16(extension.type).vector(2, extension.data);
  });
}

/** Order and repetition are kept: judging them is the handshake's work. */
export function decodeExtensions(reader: Reader): Extension[] {
  const block = reader.nested(2);
  const extensions: Extension[] = [];
  while (!block.done()) extensions.push({ type: block.u16(), data: block.vector(2) });
  return extensions;
}

export function findExtension(extensions: readonly Extension[], type: number): Uint8Array | undefined {
  return extensions.find((extension) => extension.type === type)?.data;
}

/** The first type that occurs twice. */
export function repeatedExtension(extensions: readonly Extension[]): number | undefined {
  const seen = new Set<number>();
  for (const { type } of extensions) {
    if (seen.has(type)) return type;
    seen.add(type);
  }
  return undefined;
}

/** The registry's name, "GREASE" for the reserved values (RFC 8701), "extension(99)" for others without one. */
export function extensionName(type: number): string {
  return isGrease(type) ? 'GREASE' : NAMES.name(type);
}

/** 0x0a0a, 0x1a1a … 0xfafa: sent to keep peers tolerant (RFC 8701 §2). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** The registry of TLS ExtensionTypes, as far as peers are likely to show it. */
export const EXTENSION = {
  server_name: 0,
  max_fragment_length: 1,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  use_srtp: 14,
  heartbeat: 15,
  application_layer_protocol_negotiation: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  encrypt_then_mac: 22,
  extended_master_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  oid_filters: 48,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  connection_id: 54,
  quic_transport_parameters: 57,
  encrypted_client_hello: 0xfe0d,
  renegotiation_info: 0xff01,
} as const;

const NAMES = createNames('extension', EXTENSION);
