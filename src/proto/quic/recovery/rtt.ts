import type { Millis } from '../../../timeline/event.ts';
import type { QuicTiming, Space } from '../core.ts';
import { GRANULARITY, type Recovery, type Rtt } from './state.ts';

/** One more sample; `ackDelay`: what the peer says it held the ACK back, as far as it may be believed (RFC 9002 §5.2, §5.3). */
export function addSample(rtt: Rtt, sample: Millis, ackDelay: Millis, now: Millis): void {
  rtt.latest = sample;
  rtt.samples++;
  if (rtt.minimum === undefined) {
    rtt.minimum = sample;
    rtt.smoothed = sample;
    rtt.variation = sample / 2;
    rtt.firstAt ??= now;
    return;
  }
  rtt.minimum = Math.min(rtt.minimum, sample);
  const adjusted = sample >= rtt.minimum + ackDelay ? sample - ackDelay : sample;
  rtt.variation = 0.75 * rtt.variation + 0.25 * Math.abs(rtt.smoothed - adjusted);
  rtt.smoothed = 0.875 * rtt.smoothed + 0.125 * adjusted;
}

/** The probe timeout without backoff (RFC 9002 §6.2.1). The peer holds ACKs back only of 1-RTT packets. */
export function ptoOf(recovery: Recovery, space: Space): Millis {
  const { rtt, maxAckDelay } = recovery;
  const held = space === 'application' ? maxAckDelay : 0;
  return rtt.smoothed + Math.max(4 * rtt.variation, GRANULARITY) + held;
}

/** For formulas; the PTO is that of 1-RTT packets. */
export function timing(recovery: Recovery): QuicTiming {
  const { samples, latest, smoothed, variation, minimum } = recovery.rtt;
  return { samples, latest, smoothed, variation, minimum, pto: ptoOf(recovery, 'application') };
}
