import type { Millis } from '../../../timeline/event.ts';
import type { Space } from '../core.ts';
import { ptoOf } from './rtt.ts';
import { GRANULARITY, type Recovery } from './state.ts';

/** How long closing and draining last, from what, and the sum as text. */
export type ClosingTime = { ptoMs: Millis; durationMs: Millis; formula: string };

/**
 * So many PTOs, without backoff (RFC 9000 §10.2: at least three). `space`: the highest one that has keys; before there are
 * 1-RTT keys no ACK is held back.
 */
export function closingTime(recovery: Recovery, space: Space, ptos: number): ClosingTime {
  const ptoMs = ptoOf(recovery, space);
  const { smoothed, variation } = recovery.rtt;
  const terms = [
    `srtt ${tenths(smoothed)}`,
    `max(4 × rttvar ${tenths(variation)}, ${GRANULARITY})`,
    ...(space === 'application' ? [`max_ack_delay ${tenths(recovery.maxAckDelay)}`] : []),
  ];
  return { ptoMs, durationMs: ptos * ptoMs, formula: `${ptos} × PTO = ${ptos} × (${terms.join(' + ')}) ms` };
}

function tenths(value: Millis): string {
  return String(Math.round(value * 10) / 10);
}
