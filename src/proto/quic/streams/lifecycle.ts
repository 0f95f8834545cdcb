import type { Direction, Frame } from '../../../wire/quic-types.ts';
import type { ReceiveState, SendState } from '../core.ts';
import { frameFault } from '../frame-fault.ts';
import { partsOf, streamId } from './ids.ts';
import { createReceiving } from './receiving.ts';
import { createSending } from './sending.ts';
import { type ReceiveHalf, type SendHalf, type Stream, type StreamsState, want } from './state.ts';

export function openStream(streams: StreamsState, direction: Direction): bigint | undefined {
  const kind = streams.ours[direction];
  if (streams.ended) return undefined;
  if (kind.opened >= kind.limit) {
    if (kind.blockedAt !== kind.limit) want(streams, { kind: 'streams-blocked', direction });
    kind.blockedAt = kind.limit;
    return undefined;
  }
  const id = streamId(streams.role, direction, kind.opened);
  kind.opened += 1;
  create(streams, id);
  return id;
}

/**
 * The stream that a frame is about; undefined when it is over and the frame is late. A stream of the peer is opened by its first
 * frame, and with it all of its kind before it (RFC 9000 §2.1). `part`: the one of our halves that the frame acts on.
 */
export function reach(
  streams: StreamsState,
  id: bigint,
  part: 'send' | 'receive',
  frame: Frame,
): Stream | undefined {
  const { initiator, direction, index } = partsOf(id);
  const isOurs = initiator === streams.role;
  if (direction === 'uni' && isOurs !== (part === 'send')) {
    const what = isOurs ? 'send-only' : 'receive-only';
    throw frameFault(
      'STREAM_STATE_ERROR',
      frame,
      `frame-on-${what}-stream`,
      `stream ${id} is ${what} for us`,
    );
  }
  if (isOurs) {
    if (index >= BigInt(streams.ours[direction].opened))
      throw frameFault(
        'STREAM_STATE_ERROR',
        frame,
        'stream-not-created',
        `stream ${id} was never opened by us`,
      );
    return streams.live.get(id);
  }
  const kind = streams.theirs[direction];
  if (index >= BigInt(kind.limit)) {
    const detail = `stream ${id} is number ${index + 1n} of its kind; the limit is ${kind.limit}`;
    throw frameFault('STREAM_LIMIT_ERROR', frame, 'stream-limit', detail);
  }
  while (BigInt(kind.opened) <= index) {
    const next = streamId(initiator, direction, kind.opened);
    kind.opened += 1;
    create(streams, next).told = true;
    streams.accepting.push(next);
    streams.emit({ kind: 'stream', by: 'peer', what: 'opened', stream: Number(next) });
  }
  return streams.live.get(id);
}

/** Forgets a stream once neither half has anything to do; a stream of the peer then makes room for another one. */
export function retireIfOver(streams: StreamsState, stream: Stream): void {
  if (!isSendOver(stream.send) || !isReceiveOver(stream.receive)) return;
  if (!streams.live.delete(stream.id)) return;
  streams.again.delete(stream.id);
  streams.fresh.delete(stream.id);
  streams.unsettled.delete(stream.id);
  streams.over.set(stream.id, { send: sendState(stream.send), receive: receiveState(stream.receive) });
  for (const oldest of streams.over.keys()) {
    if (streams.over.size <= MOST_REMEMBERED) break;
    streams.over.delete(oldest);
  }
  const { initiator, direction } = partsOf(stream.id);
  if (initiator === streams.role) return;
  const kind = streams.theirs[direction];
  kind.over += 1;
  const room = direction === 'bidi' ? streams.limits.bidiStreams : streams.limits.uniStreams;
  if (2 * (kind.over + room - kind.limit) >= room) want(streams, { kind: 'max-streams', direction });
}

export function sendState(half: SendHalf | undefined): SendState {
  if (half === undefined) return { is: 'none' };
  const { reset, fin } = half;
  if (reset?.because === 'stopped') return { is: 'stopped', code: reset.code };
  if (reset !== undefined) return { is: 'reset-local', code: reset.code };
  return fin === 'none' ? { is: 'open' } : { is: 'concluded', acknowledged: isAcknowledged(half) };
}

export function receiveState(half: ReceiveHalf | undefined): ReceiveState {
  if (half === undefined) return { is: 'none' };
  if (half.reset !== undefined) return { is: 'reset-peer', code: half.reset.code };
  return { is: half.finSeen ? 'finished' : 'open' };
}

/** Everything written, and FIN where there is one. */
export function isAcknowledged({ sending, fin }: SendHalf): boolean {
  return sending.ackedBytes === sending.end && (fin === 'none' || fin === 'acknowledged');
}

function isSendOver(half: SendHalf | undefined): boolean {
  if (half === undefined) return true;
  return half.reset === undefined
    ? half.fin === 'acknowledged' && isAcknowledged(half)
    : half.reset.acknowledged;
}

function isReceiveOver(half: ReceiveHalf | undefined): boolean {
  if (half === undefined || half.finSeen) return true;
  return half.reset?.seen === true;
}

function create(streams: StreamsState, id: bigint): Stream {
  const { initiator, direction } = partsOf(id);
  const isOurs = initiator === streams.role;
  const { bidiLocal, bidiRemote, uni } = streams.initial;
  const sendLimit = direction === 'uni' ? uni : isOurs ? bidiRemote : bidiLocal;
  const stream: Stream = {
    id,
    send: direction === 'bidi' || isOurs ? sendHalf(sendLimit) : undefined,
    receive: direction === 'bidi' || !isOurs ? receiveHalf(streams.limits.streamData) : undefined,
    told: false,
  };
  streams.live.set(id, stream);
  return stream;
}

function sendHalf(limit: number): SendHalf {
  return {
    ...{ sending: createSending(), limit, fin: 'none', blockedAt: undefined, reset: undefined },
    told: { bytes: 0, fin: false, reset: false },
  };
}

function receiveHalf(limit: number): ReceiveHalf {
  return {
    ...{ receiving: createReceiving(), limit, finalSize: undefined },
    ...{ reset: undefined, stopped: undefined, finSeen: false },
  };
}

const MOST_REMEMBERED = 1024;
