/** Packet types of versions 1 and 2 (RFC 9000 §17); `1rtt` has the short header. */
export type PacketType = 'initial' | '0rtt' | 'handshake' | 'retry' | 'version-negotiation' | '1rtt';

/** A frame as it stands in a packet (RFC 9000 §19, RFC 9221). Ids, offsets, limits and codes are varints: up to 2^62 - 1. */
export type Frame =
  /** `bytes`: so many PADDING frames in a row count as one. */
  | { type: 'padding'; bytes: number }
  | { type: 'ping' }
  | {
      type: 'ack';
      /** Descending, inclusive, never touching. */
      ranges: readonly AckRange[];
      /** As on the wire: to be multiplied by 2^ack_delay_exponent µs. */
      delay: bigint;
      ecn?: { ect0: bigint; ect1: bigint; ce: bigint };
    }
  | { type: 'reset_stream'; stream: bigint; code: bigint; finalSize: bigint }
  | { type: 'stop_sending'; stream: bigint; code: bigint }
  | { type: 'crypto'; offset: bigint; data: Uint8Array }
  | { type: 'new_token'; token: Uint8Array }
  | { type: 'stream'; stream: bigint; offset: bigint; data: Uint8Array; fin: boolean }
  | { type: 'max_data'; limit: bigint }
  | { type: 'max_stream_data'; stream: bigint; limit: bigint }
  | { type: 'max_streams'; direction: Direction; limit: bigint }
  | { type: 'data_blocked'; limit: bigint }
  | { type: 'stream_data_blocked'; stream: bigint; limit: bigint }
  | { type: 'streams_blocked'; direction: Direction; limit: bigint }
  | {
      type: 'new_connection_id';
      sequence: bigint;
      retirePriorTo: bigint;
      id: Uint8Array;
      resetToken: Uint8Array;
    }
  | { type: 'retire_connection_id'; sequence: bigint }
  | { type: 'path_challenge'; data: Uint8Array }
  | { type: 'path_response'; data: Uint8Array }
  /** 0x1c; `frameType`: of the frame that was wrong, 0 when unknown. */
  | {
      type: 'connection_close';
      layer: 'transport';
      code: bigint;
      frameType: bigint;
      reason: Uint8Array;
    }
  /** 0x1d */
  | { type: 'connection_close'; layer: 'application'; code: bigint; reason: Uint8Array }
  | { type: 'handshake_done' }
  | { type: 'datagram'; data: Uint8Array };

export type AckRange = { smallest: bigint; largest: bigint };
export type Direction = 'bidi' | 'uni';

/** Transport parameters (RFC 9000 §18.2, RFC 9221 §3, RFC 9368 §3). Absent: not sent. Times in ms, sizes in bytes. */
export type TransportParameters = {
  originalDestinationConnectionId?: Uint8Array;
  maxIdleTimeout?: bigint;
  statelessResetToken?: Uint8Array;
  maxUdpPayloadSize?: bigint;
  initialMaxData?: bigint;
  initialMaxStreamDataBidiLocal?: bigint;
  initialMaxStreamDataBidiRemote?: bigint;
  initialMaxStreamDataUni?: bigint;
  initialMaxStreamsBidi?: bigint;
  initialMaxStreamsUni?: bigint;
  ackDelayExponent?: bigint;
  maxAckDelay?: bigint;
  disableActiveMigration?: true;
  preferredAddress?: Uint8Array;
  activeConnectionIdLimit?: bigint;
  initialSourceConnectionId?: Uint8Array;
  retrySourceConnectionId?: Uint8Array;
  versionInformation?: { chosen: number; available: readonly number[] };
  maxDatagramFrameSize?: bigint;
  greaseQuicBit?: true;
};
