import type { SentFrame } from '../sent.ts';
import { isAcknowledged, retireIfOver } from './lifecycle.ts';
import { acknowledge, lose } from './sending.ts';
import { type Stream, type StreamsState, want } from './state.ts';

/** A packet with this frame left: what it says of our streams becomes facts, each once. */
export function onTransmitted(streams: StreamsState, sent: SentFrame): void {
  const stream = 'id' in sent ? streams.live.get(sent.id) : undefined;
  const send = stream?.send;
  if (stream === undefined) return;
  const number = Number(stream.id);
  if (!stream.told) {
    stream.told = true;
    streams.emit({ kind: 'stream', by: 'local', what: 'opened', stream: number });
  }
  if (sent.kind === 'stream') tellData(streams, stream, sent);
  else if (sent.kind === 'reset-stream' && send?.reset !== undefined && !send.told.reset) {
    send.told.reset = true;
    const { code } = send.reset;
    const bytes = send.sending.next;
    streams.emit({ kind: 'stream', by: 'local', what: 'reset', stream: number, code, bytes });
  } else if (sent.kind === 'stop-sending' && stream.receive?.stopped?.told === false) {
    stream.receive.stopped.told = true;
    const { code } = stream.receive.stopped;
    streams.emit({ kind: 'stream', by: 'local', what: 'stop-sending', stream: number, code });
  } else if (sent.kind === 'stream-data-blocked')
    streams.emit({ kind: 'stream', by: 'local', what: 'blocked', stream: number });
}

/** Frames of other parts are ignored. */
export function onAcked(streams: StreamsState, sent: SentFrame): void {
  if (sent.kind !== 'stream' && sent.kind !== 'reset-stream') return;
  const stream = streams.live.get(sent.id);
  const send = stream?.send;
  if (stream === undefined || send === undefined) return;
  if (sent.kind === 'reset-stream') {
    if (send.reset !== undefined) send.reset.acknowledged = true;
  } else {
    streams.counts.acknowledged += acknowledge(send.sending, sent.offset, sent.offset + sent.length);
    if (sent.fin) send.fin = 'acknowledged';
    if (isAcknowledged(send)) streams.unsettled.delete(stream.id);
    if (send.sending.lost.length === 0 && send.fin !== 'lost') streams.again.delete(stream.id);
  }
  retireIfOver(streams, stream);
}

/** Its information goes out again, as it is then (RFC 9000 §13.3). */
export function onLost(streams: StreamsState, sent: SentFrame): void {
  switch (sent.kind) {
    case 'stream': {
      const stream = streams.live.get(sent.id);
      if (stream?.send !== undefined && stream.send.reset === undefined) loseData(streams, stream, sent);
      return;
    }
    case 'reset-stream':
    case 'stop-sending':
    case 'max-data':
    case 'max-stream-data':
    case 'max-streams':
    case 'data-blocked':
    case 'stream-data-blocked':
    case 'streams-blocked':
      want(streams, sent);
      return;
    default:
      return;
  }
}

type SentData = Extract<SentFrame, { kind: 'stream' }>;

function loseData(streams: StreamsState, { id, send }: Stream, sent: SentData): void {
  if (send === undefined) return;
  lose(send.sending, sent.offset, sent.offset + sent.length);
  if (sent.fin && send.fin === 'sent') send.fin = 'lost';
  if (send.sending.lost.length > 0 || send.fin === 'lost') streams.again.add(id);
}

function tellData(streams: StreamsState, { id, send }: Stream, sent: SentData): void {
  if (send === undefined) return;
  const { told } = send;
  const end = sent.offset + sent.length;
  const number = Number(id);
  if (end > told.bytes) {
    const bytes = end - told.bytes;
    told.bytes = end;
    streams.emit({ kind: 'stream-data', by: 'local', stream: number, bytes, fin: sent.fin });
  }
  if (!sent.fin || told.fin) return;
  told.fin = true;
  streams.emit({ kind: 'stream', by: 'local', what: 'fin', stream: number, bytes: end });
}
