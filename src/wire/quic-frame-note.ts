import type { FrameNote } from '../timeline/event.ts';
import { toHex } from './bytes.ts';
import { FRAME_TYPES, frameTypeName } from './quic-frame-types.ts';
import type { Frame } from './quic-types.ts';

/** A frame in few words. Nothing in it is the peer's own text. */
export function frameNote(frame: Frame): FrameNote {
  const { name } = FRAME_TYPES[frame.type];
  const detail = describe(frame);
  return detail === undefined ? { name } : { name, detail };
}

function describe(frame: Frame): string | undefined {
  switch (frame.type) {
    case 'ping':
    case 'handshake_done':
      return undefined;
    case 'padding':
      return `${frame.bytes} bytes`;
    case 'ack':
      return `${ranges(frame.ranges)}${frame.ecn === undefined ? '' : ' with ECN counts'}`;
    case 'reset_stream':
      return `stream ${frame.stream} code 0x${frame.code.toString(16)} final size ${frame.finalSize}`;
    case 'stop_sending':
      return `stream ${frame.stream} code 0x${frame.code.toString(16)}`;
    case 'crypto':
      return span(frame.offset, frame.data);
    case 'new_token':
      return `${frame.token.length} bytes`;
    case 'stream':
      return `stream ${frame.stream} ${span(frame.offset, frame.data)}${frame.fin ? ' fin' : ''}`;
    case 'max_data':
    case 'data_blocked':
      return `${frame.limit}`;
    case 'max_stream_data':
    case 'stream_data_blocked':
      return `stream ${frame.stream} ${frame.limit}`;
    case 'max_streams':
    case 'streams_blocked':
      return `${frame.direction} ${frame.limit}`;
    case 'new_connection_id':
      return `${frame.sequence}: ${toHex(frame.id)}${frame.retirePriorTo > 0n ? `, retire below ${frame.retirePriorTo}` : ''}`;
    case 'retire_connection_id':
      return `${frame.sequence}`;
    case 'path_challenge':
    case 'path_response':
      return toHex(frame.data);
    case 'connection_close':
      return closeDetail(frame);
    case 'datagram':
      return `${frame.data.length} bytes`;
  }
}

function closeDetail(frame: Extract<Frame, { type: 'connection_close' }>): string {
  const reason = frame.reason.length === 0 ? '' : `, reason of ${frame.reason.length} bytes`;
  const code = `code 0x${frame.code.toString(16)}`;
  if (frame.layer === 'application') return `0x1d ${code}${reason}`;
  const about = frame.frameType === 0n ? '' : ` about ${frameTypeName(frame.frameType)}`;
  return `0x1c ${code}${about}${reason}`;
}

function span(offset: bigint, data: Uint8Array): string {
  return `[${offset}..${offset + BigInt(data.length)})`;
}

/** "0-3, 7, 9-12"; the newest 8 of them. */
function ranges(all: Extract<Frame, { type: 'ack' }>['ranges']): string {
  const shown = all
    .slice(0, 8)
    .map(({ smallest, largest }) => (smallest === largest ? `${largest}` : `${smallest}-${largest}`))
    .reverse();
  return `${all.length > 8 ? `(${all.length - 8} more) ` : ''}${shown.join(', ')}`;
}
