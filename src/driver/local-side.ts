import type { Session } from '../proto/handshake/session.ts';
import type { Role } from '../proto/role.ts';
import { sslDoHandshake } from '../shutdown/handshake.ts';
import { createSsl, type Ssl, socketCloses } from '../shutdown/ssl.ts';
import type { SavedSession } from '../shutdown/types.ts';
import { type Performed, perform } from './call.ts';
import { type Channel, createChannel } from './channel.ts';
import { createNetControl, type NetControl } from './net-steps.ts';
import { createPeer, type Peer } from './peer.ts';
import { createPendingError } from './pending-error.ts';
import type { Scenario } from './script.ts';
import type { ScriptConfigs } from './script-configs.ts';
import { createScriptCore, overDatagrams } from './script-core.ts';
import type { ScriptWorld } from './script-world.ts';
import { type Task, until } from './task.ts';

/** One connection of a scenario: the SSL object under test, its transport, and the peer at the other end. */
export type Connection = {
  readonly ssl: Ssl;
  readonly channel: Channel;
  readonly net: NetControl;
  readonly peer: Peer;
  readonly datagrams: boolean;
};

/** The local side as a scenario's steps see it. */
export type LocalSide = {
  readonly scenario: Scenario;
  readonly world: ScriptWorld;
  readonly configs: ScriptConfigs;
  readonly blocking: boolean;
  connection: Connection;
  saved: SavedSession | undefined;
  /** Whether SSL_get1_session gave anything, resumable or not. */
  gotSession?: boolean;
  closed: boolean;
};

/** Opens a connection, up to the point where both ends are there. */
export function* openConnection(
  scenario: Scenario,
  world: ScriptWorld,
  configs: ScriptConfigs,
  options: { name: string; session?: Session; manual: boolean },
): Task<Connection> {
  const { setup, protocol } = scenario;
  const { scheduler, provider } = world;
  const datagrams = overDatagrams(protocol);
  const role: Role = setup.role ?? 'client';
  const localName = options.name === '' ? 'local' : options.name;
  const peerName = options.name === '' ? 'peer' : `${options.name}-peer`;
  const emit = world.recorder.emitter(localName);
  const link = world.link(localName, { small: setup.small_buffers === true, datagrams });
  const net = createNetControl(emit, link.unreachable);
  const deps = {
    random: world.random(localName),
    provider,
    emit,
    peerAuth: world.trust(setup.verify !== true),
  };
  const core = createScriptCore(protocol, role, configs.local(options.session), deps);
  const error = datagrams ? createPendingError(scheduler, emit) : undefined;
  const connect = error?.connect(link.local) ?? link.local;
  const channel = createChannel({ core, connect, scheduler, emit, decorate: net.decorate });
  const peer = createPeer(world, {
    name: peerName,
    protocol,
    role: role === 'client' ? 'server' : 'client',
    config: configs.peer(),
    connect: link.peer,
    eager: !options.manual,
  });
  const allowed = setup.options ?? [];
  const ssl = createSsl({
    core: error?.before(core) ?? core,
    role: setup.no_state === true ? 'none' : role,
    datagrams,
    flush: () => channel.flush(),
    writable: () => channel.transport.writable(),
    now: () => scheduler.clock.now(),
    emit,
    profile: world.profile,
    blocking: setup.blocking === true,
    ignoreUnexpectedEof: allowed.includes('ignore_unexpected_eof'),
    quietShutdown: setup.quiet_shutdown === true,
    autoRetry: !allowed.includes('no_auto_retry'),
  });
  yield* until('both ends', () => channel.connected() && peer.channel.connected());
  return { ssl, channel, net, peer, datagrams };
}

/** The harness's own handshake: it waits, whatever the scenario's calls do. */
export function shakeHands(connection: Connection): Task<Performed> {
  const { channel, ssl } = connection;
  const spec = { fn: 'SSL_do_handshake', make: () => sslDoHandshake(ssl) };
  return perform(channel, ssl, spec, { blocking: true, limitMs: HANDSHAKE_LIMIT_MS });
}

/** close(2) on the local socket. */
export function closeSocket(side: LocalSide): void {
  if (side.closed) return;
  side.closed = true;
  const { ssl, channel } = side.connection;
  const done = socketCloses(ssl) === 'reset' && channel.transport.reset({ dropPending: false }) === 'done';
  if (!done) channel.transport.close();
}

const HANDSHAKE_LIMIT_MS = 5_000;
