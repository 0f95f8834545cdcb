import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { isOurs, learn, type Occasion } from '../handshake/connection.ts';
import type { HandshakeAction } from '../handshake/machine.ts';
import { clearAcks } from './acks.ts';
import { type EpochKey, epochKey12, epochKey13 } from './epoch-key.ts';
import { addToFlight, endFlight, replaceFlight } from './flight.ts';
import { retryEarly } from './inbox.ts';
import type { Outgoing } from './owed.ts';
import { createReplayWindow } from './replay.ts';
import { queueAlert, silenced } from './send.ts';
import type { DtlsState } from './state.ts';

/** Carries out what the handshake wants, in order; what it sends goes out as one flight. Throws ProtocolFault. */
export function carryOut(state: DtlsState, actions: readonly HandshakeAction[], occasion: Occasion): void {
  const mute = occasion === 'answer' && silenced(state);
  const before = state.phase;
  const inHandshake: Outgoing[] = [];
  const after: Outgoing[] = [];
  for (const action of actions) {
    if (!isOurs(action) || !mute) perform(state, action, state.phase === 'open' ? after : inHandshake);
  }
  if (inHandshake.length > 0) sendFlight(state, inHandshake);
  else if (before === 'handshake' && state.phase === 'open') endFlight(state);
  if (after.length === 0) return;
  if (state.version === 0x0304) addToFlight(state, after);
  else replaceFlight(state, after, false);
}

/** The peer has our KeyUpdate: from here on the next keys, and what had to wait for them (RFC 9147 §8). */
export function onKeyUpdateAcknowledged(state: DtlsState): void {
  const { write } = state;
  const key = write.nextKey;
  if (key === undefined) return;
  write.nextKey = undefined;
  installWrite(state, write.current + 1, key);
  if (!write.owesKeyUpdate) return;
  write.owesKeyUpdate = false;
  carryOut(state, [{ do: 'answer-key-update' }], 'answer');
}

function sendFlight(state: DtlsState, messages: Outgoing[]): void {
  const { phase, role, version, machine } = state;
  // A server that has only asked for a cookie keeps no timer (RFC 6347 §4.2.1).
  const stateless = role === 'server' && machine.phase() === 'start';
  // DTLS 1.2: the side that completes with this flight sends the last one; in 1.3 that one is acknowledged.
  const waits = version === 0x0304 || phase !== 'open';
  if (role === 'client' || !stateless) clearAcks(state);
  replaceFlight(state, messages, waits && !stateless);
}

function perform(state: DtlsState, action: HandshakeAction, out: Outgoing[]): void {
  switch (action.do) {
    case 'send': {
      const sequence = state.write.messageSequence++;
      const { level, message } = action;
      out.push({ message, level, epoch: epochOf(state, level), sequence, pieces: [] });
      return;
    }
    case 'change-cipher-spec':
      if (state.version !== 0x0304)
        out.push({ message: undefined, level: 'initial', epoch: 0, sequence: 0, pieces: [] });
      return;
    case 'secret':
      installSecret(state, action);
      return;
    case 'keys12':
      installKeys12(state, action);
      return;
    case 'answer-key-update':
      // A second KeyUpdate waits for the ACK of the first (RFC 9147 §8); one is enough for any number of requests.
      if (state.write.nextKey !== undefined) state.write.owesKeyUpdate = true;
      else for (const each of state.machine.keyUpdate(false)) perform(state, each, out);
      return;
    case 'skip-early-data':
      // Records that do not open are dropped anyway.
      return;
    case 'record-size-limit':
      state.write.peerLimit = action.limit;
      return;
    case 'version':
    case 'complete':
    case 'ticket':
      learn(state, action);
      return;
    case 'seen':
      if (action.what === 'hello-request' && !silenced(state)) answerHelloRequest(state, out);
      return;
  }
}

/** RFC 5246 §7.4.1.1: we don't renegotiate, and say so, unless the policy wants a beginning. Nobody repeats that one. */
function answerHelloRequest(state: DtlsState, out: Outgoing[]): void {
  const { role, config, write, machine, clock } = state;
  if (role === 'server' || config.policy.renegotiation === 'refuse') {
    queueAlert(state, ALERT_LEVEL.warning, ALERT.no_renegotiation);
    return;
  }
  if (write.renegotiating) return;
  write.renegotiating = true;
  write.messageSequence = 0;
  for (const action of machine.start(clock.now))
    perform(state, action.do === 'send' ? { ...action, level: 'application' } : action, out);
}

function epochOf({ version, write }: DtlsState, level: string): number {
  if (level === 'initial') return 0;
  if (version === 0x0303) return 1;
  return level === 'handshake' ? HANDSHAKE_EPOCH : write.current;
}

function installSecret(state: DtlsState, action: Extract<HandshakeAction, { do: 'secret' }>): void {
  const { read, write } = state;
  const key = epochKey13(state.provider, action.suite, action.secret);
  const first = action.level === 'handshake' ? HANDSHAKE_EPOCH : APPLICATION_EPOCH;
  if (action.for === 'peer') {
    installRead(state, Math.max(first, action.level === 'handshake' ? 0 : read.current + 1), key);
  } else if (action.level === 'application' && write.current >= APPLICATION_EPOCH) {
    write.nextKey = key;
  } else {
    installWrite(state, first, key);
  }
}

function installKeys12(state: DtlsState, action: Extract<HandshakeAction, { do: 'keys12' }>): void {
  const key = epochKey12(state.provider, action.suite, action.key, action.iv);
  if (action.for === 'local') {
    installWrite(state, 1, key);
    return;
  }
  state.read.epochs.set(1, { epoch: 1, key, window: createReplayWindow(), forgeries: 0 });
  retryEarly(state.inbox);
}

function installRead(state: DtlsState, epoch: number, key: EpochKey): void {
  const { epochs } = state.read;
  epochs.set(epoch, { epoch, key, window: createReplayWindow(), forgeries: 0 });
  state.read.current = epoch;
  // The last ones for what is still under way or repeated, the handshake's for a Finished; two bits tell four apart.
  for (const old of epochs.keys())
    if (old > HANDSHAKE_EPOCH && old <= epoch - KEPT_EPOCHS) epochs.delete(old);
  retryEarly(state.inbox);
}

function installWrite(state: DtlsState, epoch: number, key: EpochKey): void {
  const { write, flight } = state;
  write.epochs.set(epoch, { epoch, key, sequence: 0 });
  write.current = epoch;
  for (const old of write.epochs.keys()) {
    const needed = flight.messages.some((message) => message.epoch === old);
    if (old > HANDSHAKE_EPOCH && old <= epoch - KEPT_EPOCHS && !needed) write.epochs.delete(old);
  }
}

/** RFC 9147 §6.1. */
const HANDSHAKE_EPOCH = 2;
const APPLICATION_EPOCH = 3;
const KEPT_EPOCHS = 4;
