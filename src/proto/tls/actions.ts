import type { Fact } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { ProtocolFault } from '../fault.ts';
import { isOurs, learn, type Occasion } from '../handshake/connection.ts';
import type { HandshakeAction } from '../handshake/machine.ts';
import { silenced } from './halves.ts';
import { createDraft, type Draft, lastUnit, queueDraft } from './outbox.ts';
import { recordKey12, recordKey13 } from './protection.ts';
import { addChangeCipherSpec, addMessage, queueAlert } from './send.ts';
import type { TlsState } from './state.ts';

/**
 * Carries out what the handshake wants, in order; what it sends becomes one transmit unit. Throws ProtocolFault, before
 * anything is done, when the peer's keys would change in the middle of its record.
 */
export function carryOut(state: TlsState, actions: readonly HandshakeAction[], occasion: Occasion): void {
  if (!state.receive.aligned && actions.some((action) => action.do === 'secret' && action.for === 'peer')) {
    throw new ProtocolFault({
      blame: 'peer',
      rule: 'message-spans-key-change',
      alert: ALERT.unexpected_message,
      detail: 'more bytes follow in a record whose last message changes the keys',
    });
  }
  const late = state.phase === 'open' && state.config.policy.keyUpdateAnswers === 'late';
  const mute = occasion === 'answer' && (late || silenced(state.send));
  const draft = createDraft();
  for (const action of actions) {
    if (mute && isOurs(action)) hold(state, action);
    else perform(state, draft, action);
  }
  queueDraft(state.outbox, draft);
}

/** Says what was held back: our side speaks again after its close_notify, or now is the time for a late answer. */
export function releaseHeld(state: TlsState): void {
  const held = state.send.held;
  state.send.held = [];
  carryOut(state, held, 'own');
}

/** One answer is enough for any number of KeyUpdates (RFC 9846 §4.7.3). */
function hold({ send }: TlsState, action: HandshakeAction): void {
  const known = action.do === 'answer-key-update' && send.held.some((held) => held.do === action.do);
  if (!known) send.held.push(action);
}

function perform(state: TlsState, draft: Draft, action: HandshakeAction): void {
  switch (action.do) {
    case 'send':
      addMessage(state, draft, action.level, action.message);
      return;
    case 'change-cipher-spec':
      // In 1.3 once is enough (RFC 9846 appendix E.4), whoever asks.
      if (!state.send.changeCipherSpec) addChangeCipherSpec(draft);
      state.send.changeCipherSpec = true;
      return;
    case 'secret':
      installSecret(state, action);
      return;
    case 'keys12': {
      const key = recordKey12(state.provider, action.suite, action.key, action.iv);
      if (action.for === 'local') state.send.key = key;
      else state.receive.nextKey = key;
      return;
    }
    case 'answer-key-update':
      // One that has not left yet, with nothing behind it, answers this request too.
      if (lastUnit(state.outbox, (fact) => fact.kind === 'key-update')) return;
      for (const each of state.machine.keyUpdate(false)) perform(state, draft, each);
      return;
    case 'skip-early-data':
      state.receive.earlyData = { skipped: 0 };
      return;
    case 'record-size-limit':
      state.send.peerLimit = action.limit;
      return;
    case 'version':
    case 'complete':
    case 'ticket':
      learn(state, action);
      return;
    case 'seen':
      if (action.what === 'hello-request' && !silenced(state.send)) answerHelloRequest(state, draft);
      return;
  }
}

/** RFC 5246 §7.4.1.1: we don't renegotiate, and say so, unless the policy wants a beginning. */
function answerHelloRequest(state: TlsState, draft: Draft): void {
  if (state.role === 'server' || state.config.policy.renegotiation === 'refuse') {
    if (lastUnit(state.outbox, isRefusal)) return;
    queueAlert(state, ALERT_LEVEL.warning, ALERT.no_renegotiation);
    return;
  }
  if (state.send.renegotiating) return;
  state.send.renegotiating = true;
  for (const action of state.machine.start(state.clock.now)) perform(state, draft, action);
}

function isRefusal(fact: Fact): boolean {
  return fact.kind === 'alert' && fact.description === ALERT.no_renegotiation;
}

function installSecret(state: TlsState, action: Extract<HandshakeAction, { do: 'secret' }>): void {
  const key = recordKey13(state.provider, action.suite, action.secret);
  if (action.for === 'local') {
    state.send.key = key;
    return;
  }
  state.receive.key = key;
  state.receive.level = action.level;
  state.receive.earlyData = undefined;
}
