import { giveBack } from './credit.ts';
import { retireIfOver } from './lifecycle.ts';
import { drop, inOrder } from './receiving.ts';
import { forget } from './sending.ts';
import { type Stream, type StreamsState, want } from './state.ts';

/** Ends our half at once: nothing more of it is sent, nothing sent again (RFC 9000 §3.1). The caller has checked that it is not over. */
export function resetSending(
  streams: StreamsState,
  stream: Stream,
  code: bigint,
  because: 'local' | 'stopped',
): void {
  const { send } = stream;
  if (send === undefined) return;
  send.reset = { code, because, acknowledged: false };
  forget(send.sending);
  streams.again.delete(stream.id);
  streams.fresh.delete(stream.id);
  streams.unsettled.delete(stream.id);
  streams.control.delete(`stream-data-blocked ${stream.id}`);
  want(streams, { kind: 'reset-stream', id: stream.id });
}

/** What comes, or came and was not read, is thrown away. The peer is asked to stop unless it already has (§3.5). */
export function stopReceiving(streams: StreamsState, stream: Stream, code: bigint): boolean {
  const half = stream.receive;
  if (half === undefined || half.finSeen || half.reset !== undefined || half.stopped !== undefined)
    return false;
  const { receiving } = half;
  const isWhole = half.finalSize !== undefined && inOrder(receiving) === half.finalSize;
  half.stopped = { code, told: false };
  giveBack(streams, receiving.highest - receiving.read);
  receiving.read = receiving.highest;
  drop(receiving);
  streams.control.delete(`max-stream-data ${stream.id}`);
  half.finSeen = half.finalSize !== undefined;
  if (!isWhole) want(streams, { kind: 'stop-sending', id: stream.id });
  retireIfOver(streams, stream);
  return true;
}
