import type { CoreDeps, RecordCore } from '../core.ts';
import type { TlsConfig } from '../handshake/config.ts';
import { type StepClock, stampedEmit } from '../handshake/connection.ts';
import { TLS } from '../handshake/flavor.ts';
import type { HandshakeMachine } from '../handshake/machine.ts';
import type { Role } from '../role.ts';
import { deframerWants, takeAllBytes } from './deframer.ts';
import { createReceiveHalf, createSendHalf } from './halves.ts';
import { keyUpdate, sendAlert, sendData, sendHelloRequest, sendTicket, start } from './own-acts.ts';
import { sealRecord } from './send.ts';
import type { TlsState } from './state.ts';
import { ready, step } from './step.ts';
import { queueInput } from './stream-end.ts';

export type CreateMachine = (role: Role, config: TlsConfig, deps: CoreDeps) => HandshakeMachine;

/** A record layer around a handshake. */
export function wireTlsCore(
  createMachine: CreateMachine,
  role: Role,
  config: TlsConfig,
  deps: CoreDeps,
): RecordCore {
  let state = createState(createMachine, role, config, deps);
  return {
    role,
    phase: () => state.phase,
    version: () => (state.version === undefined ? undefined : TLS.versionNames[state.version]),
    start: (now) => start(state, now),
    restart() {
      const { deframer, ends } = state.receive;
      state = createState(createMachine, role, config, deps);
      Object.assign(state.receive, { deframer, ends });
    },
    receive: (now, input) => queueInput(state, now, input),
    step: (now, heed = 'all') => step(state, now, heed),
    pollTimeout: () => undefined,
    handleTimeout: () => undefined,
    ready: () => ready(state),
    wants: () => deframerWants(state.receive.deframer),
    unread: () => state.receive.deframer.unread,
    takeUnread: () => takeAllBytes(state.receive.deframer),
    peekTransmit: () => state.outbox.units[0]?.bytes,
    transmitted() {
      for (const fact of state.outbox.units.shift()?.facts ?? []) state.emit(fact);
    },
    discardTransmit() {
      state.outbox.units.length = 0;
    },
    sendData: (data) => sendData(state, data),
    sendAlert: (level, description) => sendAlert(state, level, description),
    keyUpdate: (requestPeer) => keyUpdate(state, requestPeer),
    sendTicket: (now) => sendTicket(state, now),
    sendHelloRequest: () => sendHelloRequest(state),
    session: () => state.session,
    ticketsReceived: () => state.receive.tickets,
    resumed: () => state.resumed,
    raw: {
      record: (type, payload) => sealRecord(state, type, payload),
      send: (bytes) => void state.outbox.units.push({ bytes, facts: [] }),
    },
  };
}

function createState(createMachine: CreateMachine, role: Role, config: TlsConfig, deps: CoreDeps): TlsState {
  const clock: StepClock = { now: 0, arrived: undefined };
  const emit = stampedEmit(deps.emit, clock);
  return {
    role,
    config,
    provider: deps.provider,
    machine: createMachine(role, config, { ...deps, emit: (fact) => emit(fact) }),
    clock,
    emit,
    phase: 'idle',
    version: undefined,
    send: createSendHalf(),
    receive: createReceiveHalf(),
    outbox: { units: [] },
    session: undefined,
    resumed: false,
    pendingFault: undefined,
  };
}
