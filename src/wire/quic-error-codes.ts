/** One registered code. `meaning`: in a sentence. */
export type RegisteredCode = { code: bigint; name: string; clause: string; meaning: string };

/** CONNECTION_CLOSE 0x1c (RFC 9000 §20.1, RFC 9368 §10). */
export const TRANSPORT_CODES: readonly RegisteredCode[] = [
  code(
    0x0n,
    'NO_ERROR',
    'RFC 9000 §20.1',
    'Abrupt close without any error; used when a transport ends a connection nobody complains about.',
  ),
  code(0x1n, 'INTERNAL_ERROR', 'RFC 9000 §20.1', 'The endpoint hit a fault of its own and cannot continue.'),
  code(
    0x2n,
    'CONNECTION_REFUSED',
    'RFC 9000 §20.1',
    'The server will not take a new connection (load, policy, shutdown in progress).',
  ),
  code(0x3n, 'FLOW_CONTROL_ERROR', 'RFC 9000 §20.1', 'More data arrived than the advertised limits allow.'),
  code(
    0x4n,
    'STREAM_LIMIT_ERROR',
    'RFC 9000 §20.1',
    'A stream id beyond the advertised stream limit was used.',
  ),
  code(0x5n, 'STREAM_STATE_ERROR', 'RFC 9000 §20.1', 'A frame came for a stream in a state that forbids it.'),
  code(0x6n, 'FINAL_SIZE_ERROR', 'RFC 9000 §20.1', 'The final size of a stream changed or was exceeded.'),
  code(0x7n, 'FRAME_ENCODING_ERROR', 'RFC 9000 §20.1', 'A frame could not be parsed or has an unknown type.'),
  code(
    0x8n,
    'TRANSPORT_PARAMETER_ERROR',
    'RFC 9000 §20.1',
    'Transport parameters are malformed, missing or forbidden.',
  ),
  code(
    0x9n,
    'CONNECTION_ID_LIMIT_ERROR',
    'RFC 9000 §20.1',
    'The peer issued more connection ids than allowed.',
  ),
  code(0xan, 'PROTOCOL_VIOLATION', 'RFC 9000 §20.1', 'A rule was broken that has no code of its own.'),
  code(0xbn, 'INVALID_TOKEN', 'RFC 9000 §20.1', 'The token in a client Initial was not valid.'),
  code(
    0xcn,
    'APPLICATION_ERROR',
    'RFC 9000 §20.1',
    'The application closed during the handshake; stands in for an application code that must not be shown yet.',
  ),
  code(0xdn, 'CRYPTO_BUFFER_EXCEEDED', 'RFC 9000 §20.1', 'Too much out-of-order CRYPTO data.'),
  code(0xen, 'KEY_UPDATE_ERROR', 'RFC 9000 §20.1', 'A key update went wrong.'),
  code(
    0xfn,
    'AEAD_LIMIT_REACHED',
    'RFC 9000 §20.1',
    'The cipher has reached its usage limit for this connection.',
  ),
  code(
    0x10n,
    'NO_VIABLE_PATH',
    'RFC 9000 §20.1',
    'No network path can carry QUIC (for example too small an MTU).',
  ),
  code(
    0x11n,
    'VERSION_NEGOTIATION_ERROR',
    'RFC 9368',
    'Compatible version negotiation failed or showed signs of a downgrade.',
  ),
];

/** ALPN h3 (RFC 9114 §8.1, RFC 9297 §5.2). */
export const HTTP3_CODES: readonly RegisteredCode[] = [
  code(
    0x100n,
    'H3_NO_ERROR',
    'RFC 9114 §8.1',
    'Close of a stream or connection without an error; the proper code after a graceful shutdown.',
  ),
  code(
    0x101n,
    'H3_GENERAL_PROTOCOL_ERROR',
    'RFC 9114 §8.1',
    'A protocol rule was broken and no better code applies.',
  ),
  code(0x102n, 'H3_INTERNAL_ERROR', 'RFC 9114 §8.1', 'Fault inside the HTTP stack.'),
  code(
    0x103n,
    'H3_STREAM_CREATION_ERROR',
    'RFC 9114 §8.1',
    'The peer opened a stream that is not acceptable.',
  ),
  code(
    0x104n,
    'H3_CLOSED_CRITICAL_STREAM',
    'RFC 9114 §8.1',
    'A control or QPACK stream was closed although it must stay open.',
  ),
  code(0x105n, 'H3_FRAME_UNEXPECTED', 'RFC 9114 §8.1', 'A frame appeared where it is not permitted.'),
  code(0x106n, 'H3_FRAME_ERROR', 'RFC 9114 §8.1', 'A frame has a wrong layout or size.'),
  code(0x107n, 'H3_EXCESSIVE_LOAD', 'RFC 9114 §8.1', 'The peer behaves like a load attack.'),
  code(
    0x108n,
    'H3_ID_ERROR',
    'RFC 9114 §8.1',
    'A stream or push id was misused, e.g. a GOAWAY id that grew.',
  ),
  code(0x109n, 'H3_SETTINGS_ERROR', 'RFC 9114 §8.1', 'SETTINGS carries an invalid value.'),
  code(0x10an, 'H3_MISSING_SETTINGS', 'RFC 9114 §8.1', 'The control stream did not begin with SETTINGS.'),
  code(
    0x10bn,
    'H3_REQUEST_REJECTED',
    'RFC 9114 §8.1',
    'The request was turned down before any processing; it may be retried.',
  ),
  code(0x10cn, 'H3_REQUEST_CANCELLED', 'RFC 9114 §8.1', 'The request or its response is no longer wanted.'),
  code(
    0x10dn,
    'H3_REQUEST_INCOMPLETE',
    'RFC 9114 §8.1',
    'The request stream ended before the request was complete.',
  ),
  code(0x10en, 'H3_MESSAGE_ERROR', 'RFC 9114 §8.1', 'The HTTP message is malformed.'),
  code(0x10fn, 'H3_CONNECT_ERROR', 'RFC 9114 §8.1', 'The TCP connection behind CONNECT was reset or broke.'),
  code(0x110n, 'H3_VERSION_FALLBACK', 'RFC 9114 §8.1', 'The request has to be repeated over HTTP/1.1.'),
  code(0x33n, 'H3_DATAGRAM_ERROR', 'RFC 9297 §5.2', 'An HTTP datagram or capsule is malformed.'),
];

/** ALPN h3 too (RFC 9204 §6). */
export const QPACK_CODES: readonly RegisteredCode[] = [
  code(0x200n, 'QPACK_DECOMPRESSION_FAILED', 'RFC 9204 §6', 'A field section could not be decoded.'),
  code(0x201n, 'QPACK_ENCODER_STREAM_ERROR', 'RFC 9204 §6', 'Invalid instruction on the encoder stream.'),
  code(0x202n, 'QPACK_DECODER_STREAM_ERROR', 'RFC 9204 §6', 'Invalid instruction on the decoder stream.'),
];

/** ALPN doq (RFC 9250 §4.3). */
export const DOQ_CODES: readonly RegisteredCode[] = [
  code(0x0n, 'DOQ_NO_ERROR', 'RFC 9250 §4.3', 'Close without an error.'),
  code(0x1n, 'DOQ_INTERNAL_ERROR', 'RFC 9250 §4.3', 'Fault inside the DoQ implementation.'),
  code(0x2n, 'DOQ_PROTOCOL_ERROR', 'RFC 9250 §4.3', 'Protocol error; the connection is aborted.'),
  code(0x3n, 'DOQ_REQUEST_CANCELLED', 'RFC 9250 §4.3', 'The client gives up a query.'),
  code(0x4n, 'DOQ_EXCESSIVE_LOAD', 'RFC 9250 §4.3', 'Closed because of load.'),
  code(0x5n, 'DOQ_UNSPECIFIED_ERROR', 'RFC 9250 §4.3', 'No better code is available.'),
  code(0xd098ea5en, 'DOQ_ERROR_RESERVED', 'RFC 9250 §4.3', 'Reserved for tests.'),
];

/** Streams of WebTransport over h3 (draft-ietf-webtrans-http3). */
export const WEBTRANSPORT_CODES: readonly RegisteredCode[] = [
  code(
    0x170d7b68n,
    'WEBTRANSPORT_SESSION_GONE',
    'draft-ietf-webtrans-http3',
    'A stream is reset because its WebTransport session has ended.',
  ),
  code(
    0x3994bd84n,
    'WEBTRANSPORT_BUFFERED_STREAM_REJECTED',
    'draft-ietf-webtrans-http3',
    'Too many streams arrived before their session was known.',
  ),
];

/** ALPN moq-… (draft-ietf-moq-transport). */
export const MOQ_CODES: readonly RegisteredCode[] = [
  code(0x0n, 'NO_ERROR', 'draft-ietf-moq-transport-18', 'Session ends without an error.'),
  code(0x1n, 'INTERNAL_ERROR', 'draft-ietf-moq-transport-18', 'Fault of the implementation.'),
  code(0x2n, 'UNAUTHORIZED', 'draft-ietf-moq-transport-18', 'The client may not open the session.'),
  code(
    0x3n,
    'PROTOCOL_VIOLATION',
    'draft-ietf-moq-transport-18',
    'The peer did something the draft forbids.',
  ),
  code(
    0x4n,
    'INVALID_REQUEST_ID',
    'draft-ietf-moq-transport-18',
    'A request id is out of order or of the wrong parity.',
  ),
  code(0x5n, 'DUPLICATE_TRACK_ALIAS', 'draft-ietf-moq-transport-18', 'A track alias is already in use.'),
  code(0x6n, 'KEY_VALUE_FORMATTING_ERROR', 'draft-ietf-moq-transport-18', 'A key/value pair is malformed.'),
  code(0x8n, 'INVALID_PATH', 'draft-ietf-moq-transport-18', 'PATH is not allowed or not served.'),
  code(0x9n, 'MALFORMED_PATH', 'draft-ietf-moq-transport-18', 'PATH cannot be parsed.'),
  code(
    0x10n,
    'GOAWAY_TIMEOUT',
    'draft-ietf-moq-transport-18',
    'The peer did not leave in time after GOAWAY.',
  ),
  code(
    0x11n,
    'CONTROL_MESSAGE_TIMEOUT',
    'draft-ietf-moq-transport-18',
    'An expected control message did not come.',
  ),
  code(0x12n, 'DATA_STREAM_TIMEOUT', 'draft-ietf-moq-transport-18', 'A data stream stalled.'),
  code(
    0x13n,
    'AUTH_TOKEN_CACHE_OVERFLOW',
    'draft-ietf-moq-transport-18',
    'The token cache limit was exceeded.',
  ),
  code(
    0x14n,
    'DUPLICATE_AUTH_TOKEN_ALIAS',
    'draft-ietf-moq-transport-18',
    'A token alias was registered twice.',
  ),
  code(
    0x15n,
    'VERSION_NEGOTIATION_FAILED',
    'draft-ietf-moq-transport-18',
    'No common version (gone from draft 20 on).',
  ),
  code(0x16n, 'MALFORMED_AUTH_TOKEN', 'draft-ietf-moq-transport-18', 'A token cannot be parsed.'),
  code(0x17n, 'UNKNOWN_AUTH_TOKEN_ALIAS', 'draft-ietf-moq-transport-18', 'A token alias is not registered.'),
  code(0x18n, 'EXPIRED_AUTH_TOKEN', 'draft-ietf-moq-transport-18', 'The token is too old.'),
  code(0x19n, 'INVALID_AUTHORITY', 'draft-ietf-moq-transport-18', 'AUTHORITY is not allowed or not served.'),
  code(0x1an, 'MALFORMED_AUTHORITY', 'draft-ietf-moq-transport-18', 'AUTHORITY cannot be parsed.'),
];

function code(code: bigint, name: string, clause: string, meaning: string): RegisteredCode {
  return { code, name, clause, meaning };
}
