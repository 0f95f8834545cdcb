/** The peer broke a rule of HTTP/3 or QPACK: of the connection, or of one stream only (RFC 9114 §8). */
export class H3Fault extends Error {
  readonly code: bigint;
  readonly scope: 'connection' | 'stream';

  constructor(code: keyof typeof H3_CODE, reason: string, scope: 'connection' | 'stream' = 'connection') {
    super(reason);
    this.name = 'H3Fault';
    this.code = H3_CODE[code];
    this.scope = scope;
  }
}

/** RFC 9114 §8.1, RFC 9204 §6 */
export const H3_CODE = {
  H3_NO_ERROR: 0x100n,
  H3_INTERNAL_ERROR: 0x102n,
  H3_STREAM_CREATION_ERROR: 0x103n,
  H3_CLOSED_CRITICAL_STREAM: 0x104n,
  H3_FRAME_UNEXPECTED: 0x105n,
  H3_FRAME_ERROR: 0x106n,
  H3_EXCESSIVE_LOAD: 0x107n,
  H3_ID_ERROR: 0x108n,
  H3_SETTINGS_ERROR: 0x109n,
  H3_MISSING_SETTINGS: 0x10an,
  H3_REQUEST_REJECTED: 0x10bn,
  H3_REQUEST_INCOMPLETE: 0x10dn,
  H3_MESSAGE_ERROR: 0x10en,
  QPACK_DECOMPRESSION_FAILED: 0x200n,
  QPACK_ENCODER_STREAM_ERROR: 0x201n,
  QPACK_DECODER_STREAM_ERROR: 0x202n,
} as const;
