import { frameSize } from '../../../wire/quic-frame-encode.ts';
import type { Direction, Frame } from '../../../wire/quic-types.ts';
import { varintLength } from '../../../wire/varint.ts';
import type { SentFrame } from '../sent.ts';
import { allowance, mayGrow, noteBlocked } from './credit.ts';
import { type Sending, takeFresh, takeLost } from './sending.ts';
import type { ControlItem, SendHalf, Stream, StreamsState } from './state.ts';

export type Outgoing = { frame: Frame; sent: SentFrame };

/**
 * The next frame of at most `room` bytes: what has to be said about streams first, then what was lost, then what is new, stream
 * after stream. Undefined: nothing, or nothing so small. What it returns counts as sent.
 */
export function nextFrame(streams: StreamsState, room: number): Outgoing | undefined {
  return (
    nextControl(streams, room) ??
    nextOf(streams, streams.again, room, takeAgain) ??
    nextOf(streams, streams.fresh, room, takeNew) ??
    nextControl(streams, room)
  );
}

/** Is there something that could be sent now, as far as streams and their limits go? */
export function pending(streams: StreamsState): boolean {
  if (streams.control.size > 0 || streams.again.size > 0) return true;
  for (const id of streams.fresh) {
    const stream = streams.live.get(id);
    if (stream?.send === undefined) continue;
    if (hasBareFin(stream.send)) return true;
    if (!isAllSent(stream.send.sending) && allowance(streams, stream) > 0) return true;
  }
  return false;
}

function nextOf(
  streams: StreamsState,
  queue: Set<bigint>,
  room: number,
  takeFrom: (streams: StreamsState, stream: Stream, send: SendHalf, room: number) => Outgoing | undefined,
): Outgoing | undefined {
  const hasMore = queue === streams.again ? hasLost : hasNew;
  for (const id of queue) {
    const stream = streams.live.get(id);
    const send = stream?.send;
    if (stream === undefined || send === undefined || !hasMore(send)) {
      queue.delete(id);
      continue;
    }
    const out = takeFrom(streams, stream, send, room);
    if (out === undefined) continue;
    // Its turn is over: it goes to the end of the queue, if it has more.
    queue.delete(id);
    if (hasMore(send)) queue.add(id);
    return out;
  }
  return undefined;
}

function takeAgain(
  _streams: StreamsState,
  stream: Stream,
  send: SendHalf,
  room: number,
): Outgoing | undefined {
  const [from] = send.sending.lost;
  const most = dataRoom(stream.id, from ?? send.sending.end, room);
  if (most === undefined) return undefined;
  if (from === undefined) return send.fin === 'lost' ? bareFin(stream, send) : undefined;
  const piece = takeLost(send.sending, most);
  return piece && streamFrame(stream, send, piece);
}

function takeNew(streams: StreamsState, stream: Stream, send: SendHalf, room: number): Outgoing | undefined {
  const { sending } = send;
  const most = dataRoom(stream.id, sending.next, room);
  if (most === undefined) return undefined;
  if (hasBareFin(send)) return bareFin(stream, send);
  const piece = takeFresh(sending, Math.min(most, allowance(streams, stream)));
  if (piece === undefined) return undefined;
  streams.sendCredit.used += piece.data.length;
  streams.counts.sent += piece.data.length;
  noteBlocked(streams, stream);
  return streamFrame(stream, send, piece);
}

function bareFin(stream: Stream, send: SendHalf): Outgoing {
  return streamFrame(stream, send, { offset: send.sending.end, data: new Uint8Array(0) });
}

function streamFrame(
  { id }: Stream,
  send: SendHalf,
  { offset, data }: { offset: number; data: Uint8Array },
): Outgoing {
  const { length } = data;
  const fin = send.fin !== 'none' && offset + length === send.sending.end;
  if (fin && send.fin !== 'acknowledged') send.fin = 'sent';
  return {
    frame: { type: 'stream', stream: id, offset: BigInt(offset), data, fin },
    sent: { kind: 'stream', id, offset, length, fin },
  };
}

/** Bytes of data that fit behind type, id, offset and length (RFC 9000 §19.8). Undefined: not even the fields. */
function dataRoom(id: bigint, offset: number, room: number): number | undefined {
  const left = room - 1 - varintLength(id) - varintLength(offset);
  const most = left - varintLength(Math.max(0, left));
  return most >= 0 ? most : undefined;
}

function hasLost({ sending, fin }: SendHalf): boolean {
  return sending.lost.length > 0 || fin === 'lost';
}

function hasNew(send: SendHalf): boolean {
  return send.sending.next < send.sending.end || send.fin === 'queued';
}

function hasBareFin({ sending, fin }: SendHalf): boolean {
  return fin === 'queued' && isAllSent(sending);
}

function isAllSent(sending: Sending): boolean {
  return sending.next === sending.end;
}

function nextControl(streams: StreamsState, room: number): Outgoing | undefined {
  for (const [name, item] of streams.control) {
    const frame = controlFrame(streams, item);
    if (frame !== undefined && frameSize(frame) > room) continue;
    streams.control.delete(name);
    if (frame === undefined) continue;
    return { frame, sent: item };
  }
  return undefined;
}

/** The frame with what is true now (§13.3); undefined when it has become pointless. */
function controlFrame(streams: StreamsState, item: ControlItem): Frame | undefined {
  switch (item.kind) {
    case 'reset-stream':
    case 'stop-sending':
    case 'max-stream-data':
    case 'stream-data-blocked': {
      const stream = streams.live.get(item.id);
      return stream && ofStream(streams, stream, item.kind);
    }
    case 'max-data': {
      const credit = streams.receiveCredit;
      credit.limit = Math.max(credit.limit, credit.consumed + streams.limits.connectionData);
      return { type: 'max_data', limit: BigInt(credit.limit) };
    }
    case 'data-blocked': {
      const { limit, used } = streams.sendCredit;
      return used < limit ? undefined : { type: 'data_blocked', limit: BigInt(limit) };
    }
    case 'max-streams':
      return maxStreams(streams, item.direction);
    case 'streams-blocked': {
      const { limit, opened } = streams.ours[item.direction];
      if (opened < limit) return undefined;
      return { type: 'streams_blocked', direction: item.direction, limit: BigInt(limit) };
    }
    default:
      return item satisfies never;
  }
}

function maxStreams(streams: StreamsState, direction: Direction): Frame {
  const kind = streams.theirs[direction];
  const room = direction === 'bidi' ? streams.limits.bidiStreams : streams.limits.uniStreams;
  kind.limit = Math.max(kind.limit, kind.over + room);
  return { type: 'max_streams', direction, limit: BigInt(kind.limit) };
}

function ofStream(
  streams: StreamsState,
  { id, send, receive }: Stream,
  kind: 'reset-stream' | 'stop-sending' | 'max-stream-data' | 'stream-data-blocked',
): Frame | undefined {
  switch (kind) {
    case 'reset-stream':
      if (send?.reset === undefined || send.reset.acknowledged) return undefined;
      return {
        ...{ type: 'reset_stream', stream: id, code: send.reset.code },
        finalSize: BigInt(send.sending.next),
      };
    case 'stop-sending':
      if (receive?.stopped === undefined || receive.finalSize !== undefined) return undefined;
      return { type: 'stop_sending', stream: id, code: receive.stopped.code };
    case 'max-stream-data':
      if (receive === undefined || !mayGrow(receive)) return undefined;
      receive.limit = Math.max(receive.limit, receive.receiving.read + streams.limits.streamData);
      return { type: 'max_stream_data', stream: id, limit: BigInt(receive.limit) };
    case 'stream-data-blocked':
      if (send === undefined || send.reset !== undefined || send.sending.next < send.limit) return undefined;
      return { type: 'stream_data_blocked', stream: id, limit: BigInt(send.limit) };
    default:
      return kind satisfies never;
  }
}
