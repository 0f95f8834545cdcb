import type { Frame, PacketType } from './quic-types.ts';

/** What the registry says of a frame (RFC 9000 §12.4, table 3). */
export type FrameKind = {
  /** The lowest of its types. */
  type: number;
  /** How many types it has, counted up from `type`. */
  types: number;
  /** As written in packets and messages: "RESET_STREAM". */
  name: string;
  allowed: readonly PacketType[];
  ackEliciting: boolean;
  /** May stand in a packet that only probes a path (§9.1). */
  probing: boolean;
};

/** May this frame stand in packets of this type? */
export function frameAllowed(frame: Frame, packet: PacketType): boolean {
  // 0x1d tells about the application, which early packets must not (§12.5).
  if (frame.type === 'connection_close' && frame.layer === 'application') return ZERO_ONE.includes(packet);
  return FRAME_TYPES[frame.type].allowed.includes(packet);
}

/** Does it make the peer send an acknowledgement (§13.2.1)? */
export function isAckEliciting(frame: Frame): boolean {
  return FRAME_TYPES[frame.type].ackEliciting;
}

/** The type it has on the wire, as a CONNECTION_CLOSE would name it. STREAM: as we would write it. */
export function frameTypeNumber(frame: Frame): bigint {
  const { type } = FRAME_TYPES[frame.type];
  switch (frame.type) {
    case 'ack':
      return BigInt(type + (frame.ecn === undefined ? 0 : 1));
    case 'stream':
      return BigInt(type + (frame.offset > 0n ? 4 : 0) + 2 + (frame.fin ? 1 : 0));
    case 'max_streams':
    case 'streams_blocked':
      return BigInt(type + (frame.direction === 'uni' ? 1 : 0));
    case 'connection_close':
      return BigInt(type + (frame.layer === 'application' ? 1 : 0));
    case 'datagram':
      return BigInt(type + 1);
    default:
      return BigInt(type);
  }
}

/** The registered name of a frame type number; "frame(0x42)" for one that is not registered. */
export function frameTypeName(type: bigint): string {
  for (const kind of Object.values(FRAME_TYPES)) {
    if (type >= kind.type && type < kind.type + kind.types) return kind.name;
  }
  return `frame(0x${type.toString(16)})`;
}

const ALL: readonly PacketType[] = ['initial', '0rtt', 'handshake', '1rtt'];
const NOT_0RTT: readonly PacketType[] = ['initial', 'handshake', '1rtt'];
const ZERO_ONE: readonly PacketType[] = ['0rtt', '1rtt'];
const ONE: readonly PacketType[] = ['1rtt'];

function kind(
  type: number,
  name: string,
  allowed: readonly PacketType[],
  rest: Partial<FrameKind> = {},
): FrameKind {
  return { type, types: 1, name, allowed, ackEliciting: true, probing: false, ...rest };
}

export const FRAME_TYPES: Readonly<Record<Frame['type'], FrameKind>> = {
  padding: kind(0x00, 'PADDING', ALL, { ackEliciting: false, probing: true }),
  ping: kind(0x01, 'PING', ALL),
  ack: kind(0x02, 'ACK', NOT_0RTT, { types: 2, ackEliciting: false }),
  reset_stream: kind(0x04, 'RESET_STREAM', ZERO_ONE),
  stop_sending: kind(0x05, 'STOP_SENDING', ZERO_ONE),
  crypto: kind(0x06, 'CRYPTO', NOT_0RTT),
  new_token: kind(0x07, 'NEW_TOKEN', ONE),
  stream: kind(0x08, 'STREAM', ZERO_ONE, { types: 8 }),
  max_data: kind(0x10, 'MAX_DATA', ZERO_ONE),
  max_stream_data: kind(0x11, 'MAX_STREAM_DATA', ZERO_ONE),
  max_streams: kind(0x12, 'MAX_STREAMS', ZERO_ONE, { types: 2 }),
  data_blocked: kind(0x14, 'DATA_BLOCKED', ZERO_ONE),
  stream_data_blocked: kind(0x15, 'STREAM_DATA_BLOCKED', ZERO_ONE),
  streams_blocked: kind(0x16, 'STREAMS_BLOCKED', ZERO_ONE, { types: 2 }),
  new_connection_id: kind(0x18, 'NEW_CONNECTION_ID', ZERO_ONE, { probing: true }),
  retire_connection_id: kind(0x19, 'RETIRE_CONNECTION_ID', ZERO_ONE),
  path_challenge: kind(0x1a, 'PATH_CHALLENGE', ZERO_ONE, { probing: true }),
  path_response: kind(0x1b, 'PATH_RESPONSE', ONE, { probing: true }),
  connection_close: kind(0x1c, 'CONNECTION_CLOSE', ALL, { types: 2, ackEliciting: false }),
  handshake_done: kind(0x1e, 'HANDSHAKE_DONE', ONE),
  datagram: kind(0x30, 'DATAGRAM', ZERO_ONE, { types: 2 }),
};
