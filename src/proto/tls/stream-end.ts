import type { Millis } from '../../timeline/event.ts';
import type { Input, RecordStep } from '../core.ts';
import { partialRecord, pushBytes } from './deframer.ts';
import { failHandshake } from './failure.ts';
import type { StreamEnd } from './halves.ts';
import type { TlsState } from './state.ts';

/** Queues what the transport reports. Nothing but a reset can follow a FIN, nothing a reset. */
export function queueInput(state: TlsState, now: Millis, input: Input): void {
  const { ends, deframer } = state.receive;
  if (input.kind === 'bytes') {
    if (ends.length === 0) pushBytes(deframer, now, input.data);
    return;
  }
  if (ends.some((end) => end.kind === 'reset' || input.kind === 'fin')) return;
  ends.push(toEnd(now, input));
}

/** The end of the stream, once everything before it has been stepped; undefined while there is none. */
export function stepEnd(state: TlsState): RecordStep | undefined {
  const { receive, clock } = state;
  if (receive.ends.length > 1 && receive.endTold) receive.ends.shift();
  const end = receive.ends[0];
  if (end === undefined) return undefined;
  clock.arrived = end.arrived;
  const how = end.kind === 'reset' ? 'reset the connection' : 'closed the connection (FIN)';
  const detail = `the peer ${how} before the handshake was over`;
  failHandshake(state, { blame: 'peer', rule: end.kind, detail });
  const { certainty } = end;
  const partial = partialRecord(receive.deframer);
  const verdict = receive.closeNotify ? 'clean' : 'unexpected';
  if (end.kind === 'reset') {
    if (partial > 0 && !receive.endTold) state.emit({ kind: 'eof', verdict, partialRecord: partial });
    receive.endTold = true;
    // As a kernel: the error is told once, from then on there is nothing to read.
    receive.ends = [{ kind: 'eof', arrived: end.arrived, certainty }];
    return { kind: 'reset', errno: end.errno, certainty };
  }
  if (!receive.endTold) state.emit({ kind: 'eof', verdict, partialRecord: partial });
  receive.endTold = true;
  return { kind: 'eof', partial, certainty };
}

function toEnd(arrived: Millis, input: Exclude<Input, { kind: 'bytes' }>): StreamEnd {
  switch (input.kind) {
    case 'fin':
      return { kind: 'eof', arrived, certainty: input.certainty };
    case 'reset':
      return { kind: 'reset', errno: input.errno, arrived, certainty: input.certainty };
    case 'unreachable':
      return { kind: 'reset', errno: input.errno, arrived, certainty: 'sure' };
  }
}
