import type { Millis } from '../../timeline/event.ts';
import type { Heed, RecordStep } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { ignoreAll, receiveAfterClose, tellRecord } from './after-close.ts';
import { hasRecord, peekRecord, takeRecord } from './deframer.ts';
import { guarded } from './failure.ts';
import { headerFault } from './open-record.ts';
import { receiveRecord } from './receive.ts';
import type { TlsState } from './state.ts';
import { stepEnd } from './stream-end.ts';

/** Consumes one record, or the end of the stream. The only place where a peer's fault becomes a step. */
export function step(state: TlsState, now: Millis, heed: Heed): RecordStep {
  state.clock.now = now;
  state.clock.arrived = undefined;
  try {
    return stepOnce(state, heed);
  } finally {
    state.clock.arrived = undefined;
  }
}

/** Would `step` do something other than `idle`? */
export function ready(state: TlsState): boolean {
  const { receive } = state;
  if (state.pendingFault !== undefined || receive.ends.length > 0) return true;
  if (state.phase === 'idle') return false;
  if (state.phase === 'failed') return receive.deframer.unread > 0;
  return hasRecord(receive.deframer) || headerFault(state) !== undefined;
}

function stepOnce(state: TlsState, heed: Heed): RecordStep {
  const { pendingFault } = state;
  if (pendingFault !== undefined) {
    state.pendingFault = undefined;
    return { kind: 'fault', fault: pendingFault };
  }
  switch (state.phase) {
    case 'idle':
      return stepEnd(state) ?? IDLE;
    case 'failed':
      return state.receive.deframer.unread > 0 ? ignoreAll(state) : (stepEnd(state) ?? IDLE);
    case 'handshake':
    case 'open':
      return stepRecord(state, heed) ?? stepEnd(state) ?? IDLE;
  }
}

function stepRecord(state: TlsState, heed: Heed): RecordStep | undefined {
  const { receive, clock } = state;
  const problem = headerFault(state);
  const told = heed === 'nothing' && hasRecord(receive.deframer);
  if (problem !== undefined && !told) {
    clock.arrived = receive.deframer.arrived;
    if (receive.closeNotify || heed === 'nothing') return ignoreAll(state);
    return toStep(guarded(state, () => raise(problem)));
  }
  const head = peekRecord(receive.deframer);
  const record = takeRecord(receive.deframer);
  if (head === undefined || record === undefined) return undefined;
  clock.arrived = record.arrived;
  if (heed === 'nothing') return tellRecord(state, record, head.header);
  return receive.closeNotify
    ? receiveAfterClose(state, record, head.header)
    : toStep(guarded(state, () => receiveRecord(state, record, head.header, heed)));
}

function toStep(outcome: RecordStep | ProtocolFault): RecordStep {
  return outcome instanceof ProtocolFault ? { kind: 'fault', fault: outcome } : outcome;
}

function raise(fault: ProtocolFault): never {
  throw fault;
}

const IDLE: RecordStep = { kind: 'idle' };
