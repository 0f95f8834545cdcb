import { FRAGMENT_HEADER_LENGTH } from '../../wire/dtls-handshake.ts';
import { LONG_HEADER_LENGTH } from '../../wire/dtls-record.ts';
import type { CoreDeps, RecordCore } from '../core.ts';
import { createClientHandshake } from '../handshake/client.ts';
import { type StepClock, stampedEmit } from '../handshake/connection.ts';
import { connectionIdExtension } from '../handshake/connection-id.ts';
import { DTLS, type Flavor } from '../handshake/flavor.ts';
import type { HandshakeMachine } from '../handshake/machine.ts';
import { createServerHandshake } from '../handshake/server.ts';
import type { Role } from '../role.ts';
import { type DtlsConfig, type Timing, timingOf } from './config.ts';
import { begunBytes, createInbox, takeUnread, unreadBytes } from './inbox.ts';
import { keyUpdate } from './key-update.ts';
import { createAcks, createFlight } from './owed.ts';
import { sendAlert, sendData, sendHelloRequest, sendTicket, start } from './own-acts.ts';
import { createReassembly } from './reassembly.ts';
import { createReplayWindow } from './replay.ts';
import { sealRecord } from './send.ts';
import type { ConnectionIds, DtlsState, ReadHalf, WriteHalf } from './state.ts';
import { handleTimeout, pollTimeout, queueInput, ready, step } from './step.ts';

/**
 * A DTLS association without I/O (see `RecordCore`), of either role. Every input of bytes is one datagram, and so is every
 * unit to transmit.
 */
export function createDtlsCore(role: Role, config: DtlsConfig, deps: CoreDeps): RecordCore {
  return createDtls(role, config, deps).core;
}

/** The same, with a look at how far the handshake is. */
export function createDtls(
  role: Role,
  config: DtlsConfig,
  deps: CoreDeps,
): { core: RecordCore; machine: HandshakeMachine } {
  const state = createState(role, config, deps);
  const core: RecordCore = {
    role,
    phase: () => state.phase,
    version: () => (state.version === undefined ? undefined : DTLS.versionNames[state.version]),
    start: (now) => start(state, now),
    restart() {
      Object.assign(state, createState(role, config, deps), { inbox: state.inbox });
    },
    receive: (now, input) => queueInput(state, now, input),
    step: (now, heed = 'all') => step(state, now, heed),
    pollTimeout: () => pollTimeout(state),
    handleTimeout: (now) => handleTimeout(state, now),
    ready: () => ready(state),
    wants: () => MAX_DATAGRAM,
    unread: () => unreadBytes(state.inbox),
    begun: () => begunBytes(state.inbox),
    peerAddress: () => state.read.peer,
    takeUnread: () => takeUnread(state.inbox),
    peekTransmit: () => state.units[0]?.bytes,
    transmitted() {
      for (const fact of state.units.shift()?.facts ?? []) state.emit(fact);
    },
    discardTransmit() {
      state.units = [];
    },
    sendData: (data) => sendData(state, data),
    sendAlert: (level, description) => sendAlert(state, level, description),
    keyUpdate: (requestPeer) => keyUpdate(state, requestPeer),
    sendTicket: (now) => sendTicket(state, now),
    sendHelloRequest: () => sendHelloRequest(state),
    session: () => state.session,
    ticketsReceived: () => state.read.tickets,
    resumed: () => state.resumed,
    raw: {
      record: (type, payload) => sealRecord(state, state.write.current, type, payload).bytes,
      send: (bytes) => void state.units.push({ bytes, facts: [] }),
    },
  };
  return { core, machine: state.machine };
}

function createState(role: Role, config: DtlsConfig, deps: CoreDeps): DtlsState {
  const clock: StepClock = { now: 0, arrived: undefined };
  const emit = stampedEmit(deps.emit, clock);
  const cids: ConnectionIds = { own: undefined, peer: undefined };
  const create = role === 'client' ? createClientHandshake : createServerHandshake;
  const timing = timingOf(config);
  return {
    role,
    config,
    timing,
    provider: deps.provider,
    machine: create(config, { ...deps, emit: (fact) => emit(fact) }, flavorOf(config, timing, cids)),
    clock,
    emit,
    phase: 'idle',
    version: undefined,
    inbox: createInbox(),
    read: createReadHalf(),
    write: createWriteHalf(),
    cids,
    reassembly: createReassembly(role === 'client' ? 0 : undefined),
    flight: createFlight(timing.initialMs),
    acks: createAcks(),
    units: [],
    session: undefined,
    resumed: false,
    pendingFault: undefined,
  };
}

/** RFC 9146 §3: what each side says, the other's records to it carry; nothing when it is empty. */
function flavorOf({ connectionId }: DtlsConfig, { mtu }: Timing, cids: ConnectionIds): Flavor {
  const longestHello = mtu - LONG_HEADER_LENGTH - (FRAGMENT_HEADER_LENGTH - 4);
  const flavor = { ...DTLS, longestHello };
  if (connectionId === undefined) return flavor;
  const { own } = connectionId;
  const extension = connectionIdExtension(own, (peer) => {
    cids.own = peer === undefined || own.length === 0 ? undefined : own;
    cids.peer = peer === undefined || peer.length === 0 ? undefined : peer;
  });
  return { ...flavor, extraExtensions: [extension] };
}

function createReadHalf(): ReadHalf {
  return {
    epochs: new Map([[0, { epoch: 0, key: undefined, window: createReplayWindow(), forgeries: 0 }]]),
    current: 0,
    held: [],
    closed: undefined,
    warnings: 0,
    tickets: 0,
    repeats: 0,
    newest: undefined,
    peer: undefined,
  };
}

function createWriteHalf(): WriteHalf {
  return {
    epochs: new Map([[0, { epoch: 0, key: undefined, sequence: 0 }]]),
    current: 0,
    messageSequence: 0,
    peerLimit: undefined,
    closeNotify: false,
    fatalAlert: false,
    askedRenegotiation: false,
    renegotiating: false,
    askedKeyUpdate: false,
    nextKey: undefined,
    owesKeyUpdate: false,
  };
}

/** What UDP can carry. */
const MAX_DATAGRAM = 65_535;
