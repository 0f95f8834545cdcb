import type { Millis } from '../../../timeline/event.ts';
import type { QuicPolicy } from '../core.ts';

/** Since when a connection is idle (RFC 9000 §10.1). */
export type Idle = {
  /** The timer's last restart. */
  since: Millis;
  /** An ack-eliciting packet has gone out since something came: further ones don't restart the timer. */
  asked: boolean;
  /** The last packet that came, or ack-eliciting one that went. */
  quietSince: Millis;
};

export function createIdle(now: Millis): Idle {
  return { since: now, asked: false, quietSince: now };
}

/** A packet was received and processed. */
export function idleReceived(idle: Idle, now: Millis): void {
  idle.since = now;
  idle.asked = false;
  idle.quietSince = now;
}

/** An ack-eliciting packet was sent. */
export function idleSent(idle: Idle, now: Millis): void {
  if (!idle.asked) idle.since = now;
  idle.asked = true;
  idle.quietSince = now;
}

/** The smaller of what both ends announce; 0 and absent say nothing. Undefined: none. */
export function effectiveIdle(local: Millis, peer: Millis | undefined): Millis | undefined {
  const announced = [local, peer ?? 0].filter((value) => value > 0);
  return announced.length === 0 ? undefined : Math.min(...announced);
}

/** When the connection is over without a word; never under three PTOs, so that a probe can be lost (RFC 9000 §10.1). */
export function idleDueAt(idle: Idle, effective: Millis | undefined, pto: Millis): Millis | undefined {
  return effective === undefined ? undefined : idle.since + Math.max(effective, FLOOR_PTOS * pto);
}

/** When a PING keeps it alive (RFC 9000 §10.1.2). */
export function keepAliveDueAt(
  idle: Idle,
  policy: QuicPolicy['keepAliveMs'],
  effective: Millis | undefined,
): Millis | undefined {
  const every = policy === 'half-idle' ? halfOf(effective) : policy;
  return every === undefined ? undefined : idle.quietSince + every;
}

function halfOf(effective: Millis | undefined): Millis | undefined {
  return effective === undefined ? undefined : effective / 2;
}

const FLOOR_PTOS = 3;
