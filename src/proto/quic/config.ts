import type { Millis } from '../../timeline/event.ts';
import { QUIC_VERSION } from '../../wire/quic-versions.ts';
import type { HandshakeConfig } from '../handshake/config.ts';
import type { QuicPolicy } from './core.ts';

/** QUIC's versions (RFC 9000 §15, RFC 9369 §3). */
export const QUIC_V1 = QUIC_VERSION.v1;
export const QUIC_V2 = QUIC_VERSION.v2;

/** What a QUIC connection is to negotiate. `versions` of the handshake are fixed: TLS 1.3. */
export type QuicConfig = Omit<HandshakeConfig, 'versions' | 'recordSizeLimit' | 'cookie'> & {
  /** QUIC versions, best first. Client: the first is used for its Initial, all are announced (RFC 9368). */
  quicVersions: readonly number[];
  /** Most bytes of a datagram that we send; at least 1200 (RFC 9000 §14). */
  maxDatagram: number;
  limits: QuicLimits;
  policy: QuicPolicy;
  /** Length of the connection IDs that we give out, 0 to 20. */
  connectionIdLength: number;
  /** Server: what the endpoint found out before there was a core. */
  accepted?: AcceptedClient;
  /** Client: a token of an earlier connection's NEW_TOKEN. */
  token?: Uint8Array;
  /** Server: makes the stateless reset token of one of its connection IDs, and the tokens of NEW_TOKEN frames. */
  resetToken?: (connectionId: Uint8Array) => Uint8Array;
  newToken?: () => Uint8Array;
};

/** Our side of the transport parameters: what we let the peer send (RFC 9000 §18.2). Bytes and counts. */
export type QuicLimits = {
  connectionData: number;
  /** Of each stream. */
  streamData: number;
  bidiStreams: number;
  uniStreams: number;
  activeConnectionIds: number;
};

/** Of the client's first Initial, and of the Retry before it if there was one. */
export type AcceptedClient = {
  version: number;
  /** Destination of the very first Initial, before a Retry. */
  originalDestination: Uint8Array;
  /** The connection ID that the Retry gave, when one went out; its packets' keys come from it. */
  retrySource?: Uint8Array;
  /** Destination of the Initial that made this core: the Initial keys come from it. */
  destination: Uint8Array;
  clientSource: Uint8Array;
  /** A valid token proved the address: no limit of three times what came (§8.1). */
  validated: boolean;
  at: Millis;
};
