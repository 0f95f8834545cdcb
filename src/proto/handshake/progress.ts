import { HANDSHAKE } from '../../wire/handshake.ts';
import type { RecordStep } from '../core.ts';
import type { HandshakeAction } from './machine.ts';

export type Progress = Extract<RecordStep, { kind: 'progress' }>;

export function progress(what: Progress['what']): Progress {
  return { kind: 'progress', what };
}

/** What a step is called by that took this handshake message. `wasOpen`: before it came. */
export function nameStep(
  message: Uint8Array,
  wasOpen: boolean,
  actions: readonly HandshakeAction[],
): Progress['what'] {
  if (message[0] === HANDSHAKE.new_session_ticket) return wasOpen ? 'ticket' : 'handshake';
  if (message[0] === HANDSHAKE.key_update) return 'key-update';
  for (const action of actions) {
    if (action.do === 'complete') return 'connected';
    if (action.do === 'seen') return action.what;
  }
  return 'handshake';
}

/** Of two messages in one record, the name that says more. */
export function moreTelling(one: Progress['what'], other: Progress['what']): Progress['what'] {
  return RANK.indexOf(other) > RANK.indexOf(one) ? other : one;
}

/** The later here, the more it says. */
const RANK: readonly Progress['what'][] = [
  'handshake',
  'hello-request',
  'renegotiation',
  'key-update',
  'ticket',
  'connected',
];
