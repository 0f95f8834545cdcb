import type { Frame, TransportParameters } from '../../../wire/quic-types.ts';
import { frameFault } from '../frame-fault.ts';
import { giveBack, initialLimit, noteBlocked } from './credit.ts';
import { isAcknowledged, reach, retireIfOver } from './lifecycle.ts';
import { accept, drop, inOrder, pieces } from './receiving.ts';
import { resetSending } from './resets.ts';
import { type ReceiveHalf, type Stream, type StreamsState, toLimit } from './state.ts';

type Of<T extends Frame['type']> = Extract<Frame, { type: T }>;

/** What the peer allows us from the beginning (RFC 9000 §18.2). Call before its first 1-RTT packet is taken in. */
export function applyPeerParameters(streams: StreamsState, parameters: TransportParameters): void {
  const limit = (value: bigint | undefined): number => toLimit(value ?? 0n);
  streams.initial.bidiLocal = limit(parameters.initialMaxStreamDataBidiLocal);
  streams.initial.bidiRemote = limit(parameters.initialMaxStreamDataBidiRemote);
  streams.initial.uni = limit(parameters.initialMaxStreamDataUni);
  const { sendCredit, ours } = streams;
  sendCredit.limit = Math.max(sendCredit.limit, limit(parameters.initialMaxData));
  ours.bidi.limit = Math.max(ours.bidi.limit, limit(parameters.initialMaxStreamsBidi));
  ours.uni.limit = Math.max(ours.uni.limit, limit(parameters.initialMaxStreamsUni));
  for (const stream of streams.live.values()) raise(streams, stream, initialLimit(streams, stream.id));
}

/** Throws FLOW_CONTROL_ERROR, FINAL_SIZE_ERROR, STREAM_STATE_ERROR, STREAM_LIMIT_ERROR (§4, §19.8). */
export function onStreamFrame(streams: StreamsState, frame: Of<'stream'>): void {
  const stream = reach(streams, frame.stream, 'receive', frame);
  const half = stream?.receive;
  if (stream === undefined || half === undefined) return;
  const end = frame.offset + BigInt(frame.data.length);
  checkFinalSize(half, end, frame.fin, frame);
  const grown = claim(streams, stream, half, end, frame);
  const offset = Number(frame.offset);
  const isNewEnd = frame.fin && half.finalSize === undefined;
  if (isNewEnd) half.finalSize = Number(end);
  if (half.reset !== undefined) return;
  if (half.stopped !== undefined) {
    discard(half);
    half.finSeen = half.finalSize !== undefined;
    giveBack(streams, grown);
    retireIfOver(streams, stream);
    return;
  }
  const before = inOrder(half.receiving);
  accept(half.receiving, offset, frame.data);
  if (pieces(half.receiving) > MOST_PIECES)
    throw frameFault('INTERNAL_ERROR', frame, 'too-many-pieces', `stream ${stream.id} has too many holes`);
  const got = inOrder(half.receiving) - before;
  streams.counts.received += got;
  const isWhole = inOrder(half.receiving) === half.finalSize;
  if (got > 0 || (isWhole && isNewEnd)) tellData(streams, stream, half, got);
}

/** Throws as `onStreamFrame` does (§19.4). */
export function onResetStream(streams: StreamsState, frame: Of<'reset_stream'>): void {
  const stream = reach(streams, frame.stream, 'receive', frame);
  const half = stream?.receive;
  if (stream === undefined || half === undefined) return;
  checkFinalSize(half, frame.finalSize, true, frame);
  claim(streams, stream, half, frame.finalSize, frame);
  const size = Number(frame.finalSize);
  const { receiving } = half;
  // All of it is here: nothing is taken back (§3.2, "Data Recvd").
  const isWhole = half.finalSize !== undefined && inOrder(receiving) === half.finalSize;
  half.finalSize = size;
  if (half.reset !== undefined || (isWhole && half.stopped === undefined)) return;
  half.reset = { code: frame.code, seen: half.stopped !== undefined };
  giveBack(streams, size - receiving.read);
  receiving.highest = size;
  discard(half);
  const { code } = frame;
  streams.emit({ kind: 'stream', by: 'peer', what: 'reset', stream: Number(stream.id), code, bytes: size });
  retireIfOver(streams, stream);
}

/** Answered with RESET_STREAM, unless everything is acknowledged (§3.5, §19.5). */
export function onStopSending(streams: StreamsState, frame: Of<'stop_sending'>): void {
  const stream = reach(streams, frame.stream, 'send', frame);
  const half = stream?.send;
  if (stream === undefined || half === undefined || half.reset !== undefined) return;
  if (half.fin !== 'none' && isAcknowledged(half)) return;
  const { code } = frame;
  streams.emit({ kind: 'stream', by: 'peer', what: 'stop-sending', stream: Number(stream.id), code });
  resetSending(streams, stream, code, 'stopped');
}

export function onMaxData(streams: StreamsState, frame: Of<'max_data'>): void {
  streams.sendCredit.limit = Math.max(streams.sendCredit.limit, toLimit(frame.limit));
}

export function onMaxStreamData(streams: StreamsState, frame: Of<'max_stream_data'>): void {
  const stream = reach(streams, frame.stream, 'send', frame);
  if (stream !== undefined) raise(streams, stream, toLimit(frame.limit));
}

export function onMaxStreams(streams: StreamsState, frame: Of<'max_streams'>): void {
  checkStreamCount(frame);
  const kind = streams.ours[frame.direction];
  kind.limit = Math.max(kind.limit, toLimit(frame.limit));
}

/** Says nothing that we would not do anyway: room is made when data is read. */
export function onStreamDataBlocked(streams: StreamsState, frame: Of<'stream_data_blocked'>): void {
  const stream = reach(streams, frame.stream, 'receive', frame);
  if (stream === undefined) return;
  streams.emit({ kind: 'stream', by: 'peer', what: 'blocked', stream: Number(stream.id) });
}

export function onStreamsBlocked(_streams: StreamsState, frame: Of<'streams_blocked'>): void {
  checkStreamCount(frame);
}

type Claiming = Of<'stream'> | Of<'reset_stream'>;

/** §4.5: a final size never changes, and nothing lies beyond it. */
function checkFinalSize(half: ReceiveHalf, end: bigint, isFinal: boolean, frame: Claiming): void {
  const known = half.finalSize;
  const fault = (detail: string): never => {
    throw frameFault('FINAL_SIZE_ERROR', frame, 'final-size', detail);
  };
  if (known !== undefined && end > BigInt(known)) fault(`data up to ${end} of a stream of ${known} bytes`);
  if (!isFinal) return;
  if (known !== undefined && end !== BigInt(known)) fault(`final size ${known} becomes ${end}`);
  if (end < BigInt(half.receiving.highest))
    fault(`final size ${end}, but ${half.receiving.highest} bytes came`);
}

/** Counts against both limits (§4.1); how many bytes further the stream reaches than before. */
function claim(
  streams: StreamsState,
  stream: Stream,
  half: ReceiveHalf,
  end: bigint,
  frame: Claiming,
): number {
  if (end > BigInt(half.limit)) {
    const detail = `stream ${stream.id} up to ${end}; the limit is ${half.limit}`;
    throw frameFault('FLOW_CONTROL_ERROR', frame, 'stream-flow-control', detail);
  }
  const grown = Math.max(0, Number(end) - half.receiving.highest);
  const credit = streams.receiveCredit;
  if (credit.highest + grown > credit.limit) {
    const detail = `${credit.highest + grown} bytes on all streams; the limit is ${credit.limit}`;
    throw frameFault('FLOW_CONTROL_ERROR', frame, 'connection-flow-control', detail);
  }
  credit.highest += grown;
  half.receiving.highest += grown;
  return grown;
}

function discard(half: ReceiveHalf): void {
  half.receiving.read = half.receiving.highest;
  drop(half.receiving);
}

function raise(streams: StreamsState, stream: Stream, limit: number): void {
  const { send } = stream;
  if (send === undefined || limit <= send.limit) return;
  send.limit = limit;
  if (send.reset === undefined && send.sending.next < send.sending.end) streams.fresh.add(stream.id);
  noteBlocked(streams, stream);
}

function checkStreamCount(frame: Of<'max_streams'> | Of<'streams_blocked'>): void {
  if (frame.limit > MOST_STREAMS)
    throw frameFault(
      'FRAME_ENCODING_ERROR',
      frame,
      'stream-count',
      `${frame.limit} streams cannot be numbered`,
    );
}

function tellData(streams: StreamsState, stream: Stream, half: ReceiveHalf, bytes: number): void {
  const fin = inOrder(half.receiving) === half.finalSize;
  const number = Number(stream.id);
  if (bytes > 0) streams.emit({ kind: 'stream-data', by: 'peer', stream: number, bytes, fin });
  if (fin)
    streams.emit({ kind: 'stream', by: 'peer', what: 'fin', stream: number, bytes: half.finalSize ?? 0 });
}

/** Of one stream, with holes between them. */
const MOST_PIECES = 4096;
/** RFC 9000 §4.6: more could not be written as a stream id. */
const MOST_STREAMS = 2n ** 60n;
