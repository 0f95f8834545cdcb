import type { Millis } from '../../timeline/event.ts';
import { beginDraining, failHandshake } from './close.ts';
import type { QuicState } from './state.ts';

/** The peer has lost what it knew of us (RFC 9000 §10.3.1). */
export function onStatelessReset(state: QuicState, bytes: number, now: Millis): void {
  state.emit({ kind: 'stateless-reset', by: 'peer', bytes });
  failHandshake(state, { blame: 'peer', rule: 'stateless-reset', detail: 'a stateless reset came' });
  beginDraining(state, now, { kind: 'stateless-reset' });
}
