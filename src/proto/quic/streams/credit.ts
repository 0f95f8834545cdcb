import { partsOf } from './ids.ts';
import { type ReceiveHalf, type Stream, type StreamsState, want } from './state.ts';

/** Bytes that need no place any more: read, or thrown away. Raises what the peer may send, once half of it is used (RFC 9000 §4.2). */
export function giveBack(streams: StreamsState, bytes: number): void {
  const credit = streams.receiveCredit;
  credit.consumed += bytes;
  const window = streams.limits.connectionData;
  if (bytes > 0 && 2 * (credit.consumed + window - credit.limit) >= window)
    want(streams, { kind: 'max-data' });
}

export function giveBackOfStream(streams: StreamsState, stream: Stream): void {
  const half = stream.receive;
  const window = streams.limits.streamData;
  if (half === undefined || !mayGrow(half)) return;
  if (2 * (half.receiving.read + window - half.limit) >= window)
    want(streams, { kind: 'max-stream-data', id: stream.id });
}

/** Once the final size is known or nobody will read, more room is of no use (§3.2, §3.5). */
export function mayGrow(half: ReceiveHalf): boolean {
  return half.finalSize === undefined && half.reset === undefined && half.stopped === undefined;
}

/** Bytes that this stream may send for the first time. */
export function allowance(streams: StreamsState, stream: Stream): number {
  const { send } = stream;
  if (send === undefined) return 0;
  const ofConnection = streams.sendCredit.limit - streams.sendCredit.used;
  return Math.max(0, Math.min(send.limit - send.sending.next, ofConnection));
}

/** Tells the peer, once for each limit, that it holds us up (§4.1). */
export function noteBlocked(streams: StreamsState, stream: Stream): void {
  const { send } = stream;
  if (send === undefined || send.sending.next >= send.sending.end || send.reset !== undefined) return;
  if (send.sending.next >= send.limit && send.blockedAt !== send.limit) {
    send.blockedAt = send.limit;
    want(streams, { kind: 'stream-data-blocked', id: stream.id });
  }
  const credit = streams.sendCredit;
  if (credit.used >= credit.limit && credit.blockedAt !== credit.limit) {
    credit.blockedAt = credit.limit;
    want(streams, { kind: 'data-blocked' });
  }
}

/** The peer's limit for the streams of this kind was raised or learnt. */
export function initialLimit(streams: StreamsState, id: bigint): number {
  const { initiator, direction } = partsOf(id);
  if (direction === 'uni') return streams.initial.uni;
  return initiator === streams.role ? streams.initial.bidiRemote : streams.initial.bidiLocal;
}
