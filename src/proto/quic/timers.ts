import type { Millis } from '../../timeline/event.ts';
import { giveUp, resend } from './acknowledgements.ts';
import { endClosing, failHandshake, terminate } from './close.ts';
import { discardPreviousKeys } from './packets/key-phases.ts';
import { onPathTimer, pathTimer } from './path.ts';
import { ackDueAt } from './recovery/acks.ts';
import { effectiveIdle, idleDueAt, keepAliveDueAt } from './recovery/idle.ts';
import { lossTimer, onLossTimer, type Probe, type TimerContext, unanswered } from './recovery/loss-timer.ts';
import { ptoOf } from './recovery/rtt.ts';
import { SPACES } from './recovery/state.ts';
import type { QuicState } from './state.ts';
import { isBlocked } from './transmit.ts';

/** When `handleTimeout` has something to do. */
export function pollTimeout(state: QuicState): Millis | undefined {
  switch (state.phase) {
    case 'idle':
    case 'terminated':
      return undefined;
    case 'closing':
    case 'draining':
      return state.closing.ends;
    default:
      return earliest([
        idleDue(state),
        lossTimer(state.recovery, timerContext(state)),
        ...SPACES.map((space) => ackDue(state, space)),
        keepAliveDue(state),
        pathTimer(state),
        state.oldKeysUntil,
        state.pacer.until,
      ]);
  }
}

/** Does what is due; sending is `peekTransmit`'s. */
export function handleTimeout(state: QuicState, now: Millis): void {
  endClosing(state, now);
  if (state.phase !== 'handshake' && state.phase !== 'open') return;
  if (isDue(idleDue(state), now)) {
    onIdle(state, now);
    return;
  }
  const { lost, probe } = onLossTimer(state.recovery, now, timerContext(state));
  giveUp(state, lost);
  if (probe !== undefined) queueProbes(state, probe);
  for (const space of SPACES) if (isDue(ackDue(state, space), now)) state.spaces[space].ackNow = true;
  if (isDue(state.pacer.until, now)) state.pacer.until = undefined;
  keepAlive(state, now);
  onPathTimer(state, now);
  if (isDue(state.oldKeysUntil, now)) {
    state.oldKeysUntil = undefined;
    if (state.keys.phases !== undefined) discardPreviousKeys(state.keys.phases);
  }
}

/** Max idle timeouts (RFC 9000 §10.1). */
export function idleTimes(state: QuicState): {
  local: Millis;
  peer: Millis | undefined;
  effective: Millis | undefined;
} {
  const local = state.config.policy.idleTimeoutMs;
  const announced = state.peer?.maxIdleTimeout;
  const peer = state.peer === undefined ? undefined : Number(announced ?? 0n);
  return { local, peer, effective: effectiveIdle(local, peer) };
}

/** RFC 9002 §6.2.4: two datagrams that want an answer, with what waits for one. */
function queueProbes(state: QuicState, { space, count, waitedMs }: Probe): void {
  state.emit({ kind: 'probe', space, count, waitedMs });
  const spaces = space === 'application' ? [space] : (['initial', 'handshake'] as const);
  for (const each of spaces) {
    const own = state.spaces[each];
    if (own.discarded) continue;
    const waiting = unanswered(state.recovery, each).slice(0, PROBES);
    for (const packet of waiting) resend(state, packet);
    if (each === space || waiting.length > 0) own.probes = Math.max(1, waiting.length);
  }
}

function onIdle(state: QuicState, now: Millis): void {
  const { local, peer, effective = local } = idleTimes(state);
  const silentMs = now - state.idle.since;
  state.emit({
    ...{ kind: 'idle-timeout', localMs: local, effectiveMs: effective, silentMs },
    ...(peer !== undefined && { peerMs: peer }),
  });
  const detail = `nothing came for ${Math.round(silentMs)} ms`;
  failHandshake(state, { blame: 'network', rule: 'idle-timeout', detail });
  state.closing.cause ??= { kind: 'idle-timeout', ms: silentMs };
  terminate(state, now, 'idle timeout');
}

function keepAlive(state: QuicState, now: Millis): void {
  const due = keepAliveDue(state);
  if (due === undefined || due > now) return;
  state.emit({ kind: 'keep-alive', afterMs: now - state.idle.quietSince });
  state.idle.quietSince = now;
  state.outbox.pings++;
}

function idleDue(state: QuicState): Millis | undefined {
  return idleDueAt(state.idle, idleTimes(state).effective, ptoOf(state.recovery, 'application'));
}

/** Only while nothing is under way anyhow. */
function keepAliveDue(state: QuicState): Millis | undefined {
  if (!state.handshake.complete || state.outbox.pings > 0) return undefined;
  return keepAliveDueAt(state.idle, state.config.policy.keepAliveMs, idleTimes(state).effective);
}

function ackDue(state: QuicState, space: (typeof SPACES)[number]): Millis | undefined {
  const own = state.spaces[space];
  if (own.ackNow || own.discarded) return undefined;
  return ackDueAt(own.received, state.config.policy.maxAckDelayMs);
}

function timerContext(state: QuicState): TimerContext {
  const { keys, handshake } = state;
  const hasHandshakeKeys = keys.handshake.local !== undefined;
  return { hasHandshakeKeys, confirmed: handshake.confirmed, blockedByAmplification: isBlocked(state) };
}

function isDue(at: Millis | undefined, now: Millis): boolean {
  return at !== undefined && at <= now;
}

function earliest(times: readonly (Millis | undefined)[]): Millis | undefined {
  let first: Millis | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first;
}

/** §6.2.4: one or two. */
const PROBES = 2;
