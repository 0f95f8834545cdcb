import type { Millis } from '../../timeline/event.ts';
import { quicErrorName } from '../../wire/quic-errors.ts';
import { decodeFrames, MalformedFrame } from '../../wire/quic-frame-decode.ts';
import { frameAllowed, frameTypeNumber } from '../../wire/quic-frame-types.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { onAckFrame } from './acknowledgements.ts';
import { beginDraining, failHandshake } from './close.ts';
import { tellPeerClose } from './close-facts.ts';
import { confirm } from './confirm.ts';
import { onNewConnectionId, onRetireConnectionId } from './connection-ids.ts';
import type { CloseCause } from './core.ts';
import { transportFault } from './faults.ts';
import { takeCrypto } from './handshake-messages.ts';
import type { OpenedPacket } from './packets/open.ts';
import { onPathChallenge, onPathResponse } from './path.ts';
import type { QuicState } from './state.ts';
import {
  onMaxData,
  onMaxStreamData,
  onMaxStreams,
  onResetStream,
  onStopSending,
  onStreamDataBlocked,
  onStreamFrame,
  onStreamsBlocked,
} from './streams/incoming.ts';

/** A packet whose protection is off; where its datagram came from, and how large that was. */
export type Taken = { packet: OpenedPacket; from: string | undefined; bytes: number };

/** The frames of a packet, each allowed where it stands (RFC 9000 §12.4, table 3). Throws faults. */
export function readFrames(packet: OpenedPacket): Frame[] {
  const frames = decode(packet.payload);
  if (frames.length === 0)
    throw transportFault('PROTOCOL_VIOLATION', 'empty-packet', 'a packet without a frame');
  for (const frame of frames) {
    if (frameAllowed(frame, packet.header.type)) continue;
    const type = frameTypeNumber(frame);
    const detail = `frame 0x${type.toString(16)} in a packet of type ${packet.header.type}`;
    throw transportFault('PROTOCOL_VIOLATION', 'frame-out-of-place', detail, type);
  }
  return frames;
}

/** Takes one frame in. Throws faults. */
export function takeFrame(state: QuicState, frame: Frame, taken: Taken, now: Millis): void {
  const { space } = taken.packet;
  const { streams } = state;
  switch (frame.type) {
    case 'padding':
    case 'ping':
    case 'data_blocked':
      return;
    case 'ack':
      onAckFrame(state, space, frame, now);
      return;
    case 'crypto':
      takeCrypto(state, space, frame, now);
      return;
    case 'stream':
      onStreamFrame(streams, frame);
      return;
    case 'reset_stream':
      onResetStream(streams, frame);
      return;
    case 'stop_sending':
      onStopSending(streams, frame);
      return;
    case 'max_data':
      onMaxData(streams, frame);
      return;
    case 'max_stream_data':
      onMaxStreamData(streams, frame);
      return;
    case 'max_streams':
      onMaxStreams(streams, frame);
      return;
    case 'stream_data_blocked':
      onStreamDataBlocked(streams, frame);
      return;
    case 'streams_blocked':
      onStreamsBlocked(streams, frame);
      return;
    default:
      takeConnectionFrame(state, frame, taken, now);
      return;
  }
}

type ConnectionFrame = Extract<
  Frame,
  {
    type:
      | 'new_token'
      | 'new_connection_id'
      | 'retire_connection_id'
      | 'path_challenge'
      | 'path_response'
      | 'connection_close'
      | 'handshake_done'
      | 'datagram';
  }
>;

function takeConnectionFrame(state: QuicState, frame: ConnectionFrame, taken: Taken, now: Millis): void {
  switch (frame.type) {
    case 'new_token':
      serverOnly(state, frame);
      state.emit({ kind: 'token', by: 'peer', what: 'new-token', bytes: frame.token.length });
      state.newToken = frame.token.slice();
      return;
    case 'handshake_done':
      serverOnly(state, frame);
      confirm(state, now);
      return;
    case 'new_connection_id':
      onNewConnectionId(state.theirs, {
        ...frame,
        id: frame.id.slice(),
        resetToken: frame.resetToken.slice(),
      });
      return;
    case 'retire_connection_id':
      onRetireConnectionId(state.ours, frame, taken.packet.header.destination);
      return;
    case 'path_challenge':
      onPathChallenge(state, frame.data.slice(), taken.from, taken.bytes);
      return;
    case 'path_response':
      onPathResponse(state, frame.data);
      return;
    case 'connection_close':
      takeClose(state, frame, taken, now);
      return;
    case 'datagram':
      // RFC 9221 §3: we never said that we take any.
      throw transportFault(
        'PROTOCOL_VIOLATION',
        'datagram-frame',
        'DATAGRAM was not agreed on',
        frameTypeNumber(frame),
      );
    default:
      frame satisfies never;
  }
}

/** The peer ends it (RFC 9000 §10.2.2). */
export function takeClose(
  state: QuicState,
  frame: Extract<Frame, { type: 'connection_close' }>,
  { packet }: Pick<Taken, 'packet'>,
  now: Millis,
): void {
  tellPeerClose(state, frame, packet, now);
  state.closing.received = true;
  const { layer, code } = frame;
  const reason = frame.reason.slice();
  const cause: CloseCause = {
    ...{ kind: 'close', by: 'peer', layer, code, reason },
    ...(frame.layer === 'transport' && { frameType: frame.frameType }),
  };
  const name = quicErrorName(code, { layer, alpn: state.handshake.info?.alpn });
  const alert = layer === 'transport' && code >= 0x100n && code <= 0x1ffn ? Number(code - 0x100n) : undefined;
  const kind = layer === 'application' ? '0x1d' : '0x1c';
  const detail = `the peer sent CONNECTION_CLOSE ${kind} with ${name}`;
  failHandshake(state, { blame: 'peer', rule: 'closed-by-peer', detail, alert });
  beginDraining(state, now, cause, packet.space);
}

/** RFC 9000 §19.7, §19.20. */
function serverOnly(state: QuicState, frame: Frame): void {
  if (state.role === 'client') return;
  const type = frameTypeNumber(frame);
  const detail = `frame 0x${type.toString(16)} from a client`;
  throw transportFault('PROTOCOL_VIOLATION', 'server-only-frame', detail, type);
}

/** §12.4, §20.1. */
function decode(payload: Uint8Array): Frame[] {
  try {
    return decodeFrames(payload);
  } catch (error) {
    if (!(error instanceof MalformedFrame)) throw error;
    const code = error.why === 'not-minimal' ? 'PROTOCOL_VIOLATION' : 'FRAME_ENCODING_ERROR';
    throw transportFault(code, `frame-${error.why}`, error.message, error.frameType);
  }
}
