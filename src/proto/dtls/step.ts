import type { Millis } from '../../timeline/event.ts';
import type { Heed, Input, RecordStep } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { sendDueAck } from './acks.ts';
import { attempt, failHandshake, guarded } from './failure.ts';
import { endFlight, repeatAfterTimeout } from './flight.ts';
import { hasInput, pushDatagram, takeRecord, takeUnread } from './inbox.ts';
import { drop } from './open-record.ts';
import { receiveHeld, receiveRecord } from './receive.ts';
import type { DtlsState } from './state.ts';

/** Queues what the transport reports. Datagrams have no end: FIN and RST cannot come. */
export function queueInput(state: DtlsState, now: Millis, input: Input): void {
  if (input.kind === 'bytes') pushDatagram(state.inbox, now, input.data, input.from);
  else if (input.kind === 'unreachable') state.inbox.unreachable.push({ errno: input.errno, arrived: now });
}

/** Consumes one record that counts, and on the way there all that don't. */
export function step(state: DtlsState, now: Millis, heed: Heed): RecordStep {
  state.clock.now = now;
  state.clock.arrived = undefined;
  try {
    const done = stepOnce(state, heed);
    if (!hasInput(state.inbox) && state.phase !== 'failed') attempt(state, () => sendDueAck(state));
    return done;
  } finally {
    state.clock.arrived = undefined;
  }
}

/** Might `step` do something other than `idle`? Only a look at what waits can tell. */
export function ready(state: DtlsState): boolean {
  if (state.pendingFault !== undefined || state.inbox.unreachable.length > 0) return true;
  if (state.phase === 'open' && state.read.held.length > 0) return true;
  return state.phase !== 'idle' && hasInput(state.inbox);
}

/** When `handleTimeout` has something to do. */
export function pollTimeout({ flight, acks }: DtlsState): Millis | undefined {
  if (flight.deadline === undefined) return acks.due;
  return acks.due === undefined ? flight.deadline : Math.min(flight.deadline, acks.due);
}

/** Retransmissions (RFC 6347 §4.2.4, RFC 9147 §5.8) and late ACKs (§7.1). */
export function handleTimeout(state: DtlsState, now: Millis): void {
  state.clock.now = now;
  if (state.phase === 'failed' || state.phase === 'idle') return;
  attempt(state, () => {
    sendDueAck(state);
    const { deadline, attempt: repeats } = state.flight;
    if (deadline === undefined || deadline > now || repeatAfterTimeout(state)) return;
    endFlight(state);
    if (state.phase !== 'handshake') return;
    const detail = `no answer after ${repeats} repetitions of the last flight`;
    failHandshake(state, { blame: 'network', rule: 'handshake-timeout', detail });
    state.pendingFault = new ProtocolFault({ blame: 'local', rule: 'handshake-timeout', detail });
  });
}

function stepOnce(state: DtlsState, heed: Heed): RecordStep {
  const { pendingFault, inbox, clock } = state;
  if (pendingFault !== undefined) {
    state.pendingFault = undefined;
    return { kind: 'fault', fault: pendingFault };
  }
  if (state.phase === 'failed' && inbox.datagrams.length > 0)
    return { kind: 'ignored', bytes: takeUnread(inbox).length };
  while (state.phase === 'handshake' || state.phase === 'open') {
    const held = receiveHeld(state);
    if (held !== undefined) return held;
    const next = takeRecord(inbox, state.config.connectionId?.own.length ?? 0);
    if (next === undefined) break;
    clock.arrived = next.arrived;
    if ('rest' in next) {
      drop(state, 'malformed', next.why, { bytes: next.rest.length });
      continue;
    }
    const outcome = guarded(state, () => receiveRecord(state, next, heed));
    if (outcome instanceof ProtocolFault) return { kind: 'fault', fault: outcome };
    if (outcome !== undefined) return outcome;
  }
  return stepUnreachable(state);
}

/** Told once for each; the association lives on (RFC 6347 §4.1.1.1). */
function stepUnreachable({ inbox, clock }: DtlsState): RecordStep {
  const error = inbox.unreachable.shift();
  if (error === undefined) return { kind: 'idle' };
  clock.arrived = error.arrived;
  return { kind: 'unreachable', errno: error.errno };
}
