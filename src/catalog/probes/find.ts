import type { Probe } from './probe.ts';
import { TLS_ALERT_PROBES } from './tls-alerts.ts';
import { TLS_DIRECTION_PROBES } from './tls-directions.ts';
import { TLS_PEER_END_PROBES } from './tls-peer-ends.ts';
import { TLS_SESSION_PROBES } from './tls-sessions.ts';
import { TLS_WE_END_PROBES } from './tls-we-end.ts';

/** Every check, the ones that say most first: a budget is spent from the top. */
export const PROBES: readonly Probe[] = [
  ...TLS_PEER_END_PROBES,
  ...TLS_WE_END_PROBES,
  ...TLS_DIRECTION_PROBES,
  ...TLS_ALERT_PROBES,
  ...TLS_SESSION_PROBES,
];

/** By id, or by its name without the protocol. */
export function findProbe(name: string): Probe | undefined {
  return PROBES.find(({ id }) => id === name || id === `tls-${name}`);
}
