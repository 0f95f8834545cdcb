import type { Fact, Millis } from '../../timeline/event.ts';
import { quicErrorName } from '../../wire/quic-errors.ts';
import { createClientHandshake } from '../handshake/client.ts';
import type { HandshakeConfig } from '../handshake/config.ts';
import { type StepClock, stampedEmit } from '../handshake/connection.ts';
import { type Flavor, QUIC } from '../handshake/flavor.ts';
import type { HandshakeMachine } from '../handshake/machine.ts';
import { createServerHandshake } from '../handshake/server.ts';
import type { Role } from '../role.ts';
import { QUIC_V1, type QuicConfig } from './config.ts';
import { createLocalIds, createPeerIds } from './connection-ids.ts';
import type { QuicDeps, Space } from './core.ts';
import { createCryptoStream } from './crypto-stream.ts';
import { createKeyRing, installInitial } from './keys.ts';
import { createPacer } from './pacing.ts';
import { parametersExtension } from './parameters-exchange.ts';
import { createPath } from './path.ts';
import { createReceived } from './recovery/acks.ts';
import { createIdle, idleReceived } from './recovery/idle.ts';
import { createRecovery, type Recovery } from './recovery/state.ts';
import type { Closing, ConnectionIds, Outbox, QuicState, SpaceState } from './state.ts';
import { createStreams } from './streams/state.ts';

/** A connection at its very beginning. */
export function createState(role: Role, config: QuicConfig, deps: QuicDeps): QuicState {
  const clock: StepClock = { now: 0, arrived: undefined };
  const emit = stampedEmit(deps.emit, clock);
  const { accepted, limits } = config;
  const ids = firstIds(role, config, deps);
  const version = accepted?.version ?? config.quicVersions[0] ?? QUIC_V1;
  const state: QuicState = {
    ...{ role, config, deps, clock, emit, ids },
    phase: 'idle',
    machine: createMachine(role, config, deps, emit, () => state),
    versions: { original: version, chosen: version, afterNegotiation: false },
    keys: createKeyRing(deps.provider, role),
    spaces: createSpaces(),
    recovery: recoveryOf(role, config, accepted?.at ?? 0),
    pacer: createPacer(config.maxDatagram, accepted?.at ?? 0),
    streams: createStreams({ role, limits, emit: (fact) => emit(withName(fact, state)) }),
    ours: createLocalIds({ first: ids.ownSource, make: () => makeId(config, deps), emit }),
    theirs: createPeerIds({
      first: accepted?.clientSource ?? ids.original,
      ...{ limit: limits.activeConnectionIds, emit },
    }),
    peer: undefined,
    handshake: { complete: false, confirmed: false, info: undefined, over: false },
    ...{ session: undefined, newToken: undefined, oldKeysUntil: undefined },
    token: config.token ?? new Uint8Array(0),
    inbox: { datagrams: [], bytes: 0, early: [] },
    idle: createIdle(accepted?.at ?? 0),
    path: createPath(role === 'client' || accepted?.validated === true),
    closing: createClosing(),
    outbox: createOutbox(),
    heard: false,
    unreachable: undefined,
  };
  if (role === 'client') installInitial(state.keys, version, ids.original);
  else if (accepted !== undefined) installInitial(state.keys, version, accepted.destination);
  return state;
}

/** The code of a stream is the application's. */
function withName(fact: Fact, { handshake }: QuicState): Fact {
  if (fact.kind !== 'stream' || fact.code === undefined) return fact;
  const codeName = quicErrorName(fact.code, { layer: 'application', alpn: handshake.info?.alpn });
  return { ...fact, codeName };
}

function recoveryOf(role: Role, { maxDatagram, policy }: QuicConfig, now: Millis): Recovery {
  return createRecovery({ role, maxDatagram, now, window: policy.initialWindow });
}

/** Client, after Version Negotiation: everything anew but what the application did and how the server may address us. */
export function beginAnew(state: QuicState, version: number, now: Millis): void {
  const { role, config, deps, emit, ids, theirs } = state;
  ids.original = deps.random(FIRST_ID);
  theirs.active.set(0, { id: ids.original, token: undefined });
  state.machine = createMachine(role, config, deps, emit, () => state);
  state.versions = { original: version, chosen: version, afterNegotiation: true };
  state.keys = createKeyRing(deps.provider, role);
  installInitial(state.keys, version, ids.original);
  state.spaces = createSpaces();
  state.recovery = recoveryOf(role, config, now);
  idleReceived(state.idle, now);
  state.pacer = createPacer(config.maxDatagram, now);
  state.outbox.pending = undefined;
}

/** A server that was made without an endpoint in front of it learns from the first Initial whom it talks to. */
export function adoptClient(
  state: QuicState,
  first: { version: number; destination: Uint8Array; source: Uint8Array },
): void {
  const { ids, theirs, versions } = state;
  ids.original = first.destination.slice();
  theirs.active.set(0, { id: first.source.slice(), token: undefined });
  versions.original = first.version;
  versions.chosen = first.version;
  installInitial(state.keys, first.version, ids.original);
}

function firstIds(role: Role, config: QuicConfig, deps: QuicDeps): ConnectionIds {
  const { accepted, connectionIdLength } = config;
  const ownSource = accepted?.retrySource ?? deps.random(connectionIdLength);
  return {
    original:
      accepted?.originalDestination ?? (role === 'client' ? deps.random(FIRST_ID) : new Uint8Array(0)),
    retry: accepted?.retrySource,
    peerSource: accepted?.clientSource,
    ownSource,
  };
}

function makeId(config: QuicConfig, deps: QuicDeps): { id: Uint8Array; token: Uint8Array } {
  const id = deps.random(config.connectionIdLength);
  return { id, token: config.resetToken?.(id) ?? deps.random(16) };
}

function createMachine(
  role: Role,
  config: QuicConfig,
  deps: QuicDeps,
  emit: QuicState['emit'],
  state: () => QuicState,
): HandshakeMachine {
  const flavor: Flavor = { ...QUIC, extraExtensions: [parametersExtension(state)] };
  const tls: HandshakeConfig = {
    ...config,
    versions: [0x0304],
    suites: config.suites.filter((suite) => SUITES.includes(suite)),
  };
  const create = role === 'client' ? createClientHandshake : createServerHandshake;
  return create(tls, { ...deps, emit: (fact) => emit(fact) }, flavor);
}

function createSpaces(): Record<Space, SpaceState> {
  return {
    initial: createSpace('initial'),
    handshake: createSpace('handshake'),
    application: createSpace('application'),
  };
}

function createSpace(space: Space): SpaceState {
  return {
    nextNumber: 0,
    received: createReceived(space !== 'application'),
    crypto: createCryptoStream(space),
    partial: new Uint8Array(0),
    messages: [],
    written: 0,
    ackNow: false,
    probes: 0,
    raw: [],
    discarded: false,
  };
}

function createClosing(): Closing {
  return {
    ...{ cause: undefined, says: undefined, within: undefined, owed: false },
    ...{ later: undefined, ends: undefined },
    ...{ heard: 0, sent: 0, received: false, copies: new Map() },
  };
}

function createOutbox(): Outbox {
  return {
    ...{ pending: undefined, raw: [], handshakeDone: false, newToken: false, tokenBytes: 0 },
    ...{ pings: 0, challenge: false, muted: new Set<'acks' | 'everything' | 'closes'>() },
  };
}

/** RFC 9001 §5.3: all of TLS 1.3 but the one with a short tag. */
const SUITES: readonly number[] = [0x1301, 0x1302, 0x1303, 0x1304];
/** RFC 9000 §7.2: 8 at least. */
const FIRST_ID = 8;
