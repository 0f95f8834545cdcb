import type { RecordStep } from '../proto/core.ts';
import type { TlsConfig } from '../proto/handshake/config.ts';
import type { Role } from '../proto/role.ts';
import type { Emit } from '../timeline/event.ts';
import { type Channel, createChannel } from './channel.ts';
import type { ScenarioProtocol } from './script.ts';
import { createScriptCore } from './script-core.ts';
import type { ScriptWorld } from './script-world.ts';
import { type Task, until } from './task.ts';
import type { Connect } from './world.ts';

/** The embedded peer of a scenario: a core that shakes hands, and from then on only looks at what comes. */
export type Peer = {
  readonly channel: Channel;
  readonly emit: Emit;
  /** Reads as input comes. Off while a scenario drives the handshake step by step. */
  eager: boolean;
  /** The local side's stream is over. */
  ended: boolean;
  /** The local side's close_notify has come. */
  closed: boolean;
  /** `auto_reply`: answer it after so many ms. */
  replyAfterMs: number | undefined;
  replied: boolean;
  /** What it sent last, for `replay`. */
  lastSent: Uint8Array;
};

export function createPeer(
  world: ScriptWorld,
  options: {
    name: string;
    protocol: ScenarioProtocol;
    role: Role;
    config: TlsConfig;
    connect: Connect;
    eager: boolean;
  },
): Peer {
  const { scheduler, provider } = world;
  const emit = world.recorder.emitter(options.name);
  const random = world.random(options.name);
  const deps = { random, provider, emit, peerAuth: world.trust(true) };
  const core = createScriptCore(options.protocol, options.role, options.config, deps);
  const peer: Peer = {
    channel: createChannel({ core, connect: options.connect, scheduler, emit }),
    emit,
    eager: options.eager,
    ended: false,
    closed: false,
    replyAfterMs: undefined,
    replied: false,
    lastSent: new Uint8Array(0),
  };
  scheduler.spawn(readAsItComes(peer));
  return peer;
}

/** Takes in all that has come, and sends what the core answers. */
export function takeAll(peer: Peer): void {
  const { core, scheduler } = peer.channel;
  if (!peer.channel.connected()) return;
  core.start(scheduler.clock.now());
  flushPeer(peer);
  while (!peer.ended && core.ready()) {
    react(peer, look(peer));
    flushPeer(peer);
  }
}

/** Takes in all that has come and answers nothing: the scenario is over. */
export function drain(peer: Peer): void {
  const { core, scheduler } = peer.channel;
  core.start(scheduler.clock.now());
  while (!peer.ended && core.ready()) {
    if (look(peer).kind === 'eof') peer.ended = true;
  }
}

/** After the handshake it obeys nothing, so that it never does what the scenario did not ask for. */
function look(peer: Peer): RecordStep {
  const { core, scheduler } = peer.channel;
  return core.step(scheduler.clock.now(), core.phase() === 'open' ? 'nothing' : 'all');
}

/** Sends bytes below the core's own acts. */
export function sendRaw(peer: Peer, bytes: Uint8Array): void {
  peer.lastSent = bytes;
  peer.channel.core.raw.send(bytes);
  flushPeer(peer);
}

export function flushPeer(peer: Peer): void {
  const flushed = peer.channel.flush();
  if (flushed === 'sent' || flushed === 'blocked') return;
  peer.channel.core.discardTransmit();
  peer.emit({ kind: 'transport.error', by: 'local', errno: flushed.errno, detail: 'could not send' });
}

export function closeNotify(peer: Peer): Uint8Array {
  return peer.channel.core.raw.record(ALERT, Uint8Array.of(1, 0));
}

function* readAsItComes(peer: Peer): Task<void> {
  const { core } = peer.channel;
  const due = (): boolean =>
    peer.eager && peer.channel.connected() && (core.ready() || core.phase() === 'idle');
  while (!peer.ended) {
    yield* until('something for the peer', due);
    takeAll(peer);
  }
}

function react(peer: Peer, step: RecordStep): void {
  if (step.kind === 'eof') peer.ended = true;
  if (step.kind === 'alert' && step.means === 'closure') peer.closed = true;
  reply(peer);
}

/** `auto_reply`: answers the close_notify, once, if it has come. */
export function reply(peer: Peer): void {
  if (!peer.closed || peer.replied || peer.replyAfterMs === undefined) return;
  peer.replied = true;
  const { clock } = peer.channel.scheduler;
  const delay = Math.max(peer.replyAfterMs, ANSWER_MS);
  clock.at(clock.now() + delay, () => sendRaw(peer, closeNotify(peer)));
}

const ALERT = 21;
/** A program that answers at once is slower than two calls in a row. */
const ANSWER_MS = 5;
