import type { QuicStreams, StreamRead } from '../core.ts';
import { giveBack, giveBackOfStream, noteBlocked } from './credit.ts';
import { isAcknowledged, openStream, receiveState, retireIfOver, sendState } from './lifecycle.ts';
import { inOrder, look, take } from './receiving.ts';
import { resetSending, stopReceiving } from './resets.ts';
import { append, kept } from './sending.ts';
import type { ReceiveHalf, Stream, StreamsState } from './state.ts';

/** The streams as whoever drives the connection sees them. */
export function streamsPort(streams: StreamsState): QuicStreams {
  return {
    open: (direction) => openStream(streams, direction),
    accept: () => streams.accepting.shift(),
    write: (id, data) => write(streams, id, data),
    conclude: (id) => conclude(streams, id),
    reset: (id, code) => reset(streams, id, code),
    stopSending(id, code) {
      const stream = streams.live.get(id);
      return stream !== undefined && stopReceiving(streams, stream, code);
    },
    read: (id, most) => read(streams, id, most),
    peek: (id, most) => peek(streams, id, most).read,
    readable: (id) => isReadable(streams, id),
    writable: (id) => writable(streams, id),
    state: (id) => stateOf(streams, id),
    flushed: () => streams.unsettled.size === 0,
    counts: () => ({ ...streams.counts }),
  };
}

/** The connection closes: nothing is opened, written or concluded any more. What came can still be read. */
export function endStreams(streams: StreamsState): void {
  streams.ended = true;
}

function write(streams: StreamsState, id: bigint, data: Uint8Array): number {
  const length = Math.min(data.length, writable(streams, id));
  const stream = streams.live.get(id);
  if (stream?.send === undefined || length === 0) return 0;
  append(stream.send.sending, data.subarray(0, length));
  streams.counts.written += length;
  streams.fresh.add(id);
  streams.unsettled.add(id);
  noteBlocked(streams, stream);
  return length;
}

function writable(streams: StreamsState, id: bigint): number {
  const send = streams.live.get(id)?.send;
  if (streams.ended || send === undefined || send.reset !== undefined || send.fin !== 'none') return 0;
  return SEND_BUFFER - kept(send.sending);
}

function conclude(streams: StreamsState, id: bigint): boolean {
  const send = streams.live.get(id)?.send;
  if (streams.ended || send === undefined || send.reset !== undefined) return false;
  if (send.fin !== 'none') return true;
  send.fin = 'queued';
  streams.fresh.add(id);
  streams.unsettled.add(id);
  return true;
}

function reset(streams: StreamsState, id: bigint, code: bigint): boolean {
  const stream = streams.live.get(id);
  if (stream?.send === undefined) {
    const { is } = stateOf(streams, id).send;
    return is === 'reset-local' || is === 'stopped';
  }
  if (stream.send.reset !== undefined) return true;
  if (stream.send.fin !== 'none' && isAcknowledged(stream.send)) return false;
  resetSending(streams, stream, code, 'local');
  return true;
}

function read(streams: StreamsState, id: bigint, most: number): StreamRead {
  const { read: found, stream, half } = peek(streams, id, most);
  if (stream === undefined || half === undefined) return found;
  if (found.kind === 'data') {
    take(half.receiving, found.data.length);
    streams.counts.read += found.data.length;
    giveBack(streams, found.data.length);
    giveBackOfStream(streams, stream);
  }
  if (found.kind === 'reset' && half.reset !== undefined) half.reset.seen = true;
  if (found.kind === 'fin' || (found.kind === 'data' && found.fin)) half.finSeen = true;
  retireIfOver(streams, stream);
  return found;
}

type Peeked = { read: StreamRead; stream?: Stream; half?: ReceiveHalf };

function peek(streams: StreamsState, id: bigint, most: number): Peeked {
  const stream = streams.live.get(id);
  const half = stream?.receive;
  if (stream === undefined || half === undefined) return { read: ofState(streams, id) };
  if (half.reset !== undefined) return { read: { kind: 'reset', code: half.reset.code }, stream, half };
  const { receiving, finalSize } = half;
  const data = look(receiving, most);
  const isEnd = receiving.read + data.length === finalSize;
  if (data.length > 0) return { read: { kind: 'data', data, fin: isEnd }, stream, half };
  return { read: { kind: isEnd ? 'fin' : 'empty' }, stream, half };
}

function ofState(streams: StreamsState, id: bigint): StreamRead {
  const { receive } = stateOf(streams, id);
  if (receive.is === 'reset-peer') return { kind: 'reset', code: receive.code };
  return { kind: receive.is === 'finished' ? 'fin' : 'none' };
}

function isReadable(streams: StreamsState, id: bigint): boolean {
  const half = streams.live.get(id)?.receive;
  if (half === undefined) return ofState(streams, id).kind !== 'none';
  const { receiving, finalSize, reset: wasReset } = half;
  return wasReset !== undefined || inOrder(receiving) > receiving.read || receiving.read === finalSize;
}

function stateOf(streams: StreamsState, id: bigint): ReturnType<QuicStreams['state']> {
  const stream = streams.live.get(id);
  if (stream !== undefined) return { send: sendState(stream.send), receive: receiveState(stream.receive) };
  return streams.over.get(id) ?? { send: { is: 'none' }, receive: { is: 'none' } };
}

/** Bytes of one stream that are kept until the peer has acknowledged them. */
const SEND_BUFFER = 2 ** 19;
