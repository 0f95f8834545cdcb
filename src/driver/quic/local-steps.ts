import { quicConnCloseInfo } from '../../shutdown/quic/close-info.ts';
import type { QuicObject } from '../../shutdown/quic/connection.ts';
import {
  isOverdue,
  noteStandstill,
  quicEventTimeout,
  quicHandleEvents,
  situation,
} from '../../shutdown/quic/events.ts';
import { quicDoHandshake } from '../../shutdown/quic/handshake.ts';
import { quicPeek, quicPending, quicRead } from '../../shutdown/quic/read.ts';
import { type QuicShutdownArgs, quicShutdown, quicShutdownEx } from '../../shutdown/quic/shutdown.ts';
import {
  quicAcceptStream,
  quicNewStream,
  quicStreamConclude,
  quicStreamReset,
  quicStreamState,
  streamObject,
} from '../../shutdown/quic/streams.ts';
import { quicWrite } from '../../shutdown/quic/write.ts';
import { sslGetShutdown } from '../../shutdown/ssl.ts';
import { encodeUtf8 } from '../../wire/utf8.ts';
import { type CallSpec, type Performed, perform } from '../call.ts';
import { type Observation, observeCall } from '../observe.ts';
import { bad } from '../script-fields.ts';
import type { LocalArgs, LocalStep } from '../script-ops.ts';
import { sleepUntil, type Task } from '../task.ts';
import { handleEventsFor, type QuicLocal } from './local-side.ts';
import { showCloseInfo } from './observe.ts';

/** Plays one `local` step. An observation with `blocked` ends the scenario. */
export function* actOnQuic(local: QuicLocal, step: LocalStep): Task<Observation> {
  const { ssl } = local;
  // Nobody has looked since the last call, and what waits changes something.
  const stoodStill = ssl.pump === 'on-call' && !ssl.explicitEvents && isOverdue(ssl);
  const before = situation(ssl);
  local.side.calling = step.local !== 'sleep';
  const seen = yield* act(local, step);
  local.side.calling = false;
  if (stoodStill && situation(ssl) !== before) noteStandstill(ssl);
  return seen;
}

function* act(local: QuicLocal, step: LocalStep): Task<Observation> {
  const op = step.local;
  const { ssl } = local;
  const on = 'on' in step ? step.on : undefined;
  switch (step.local) {
    case 'shutdown':
      return yield* observed(local, step, { fn: 'SSL_shutdown', make: () => quicShutdown(named(local, on)) });
    case 'shutdown_ex':
      return yield* observed(local, step, shutdownEx(local, step));
    case 'shutdown_until_done':
      return yield* untilDone(local, step);
    case 'read':
    case 'peek':
      return yield* observed(local, step, reading(local, step), true);
    case 'write':
      return yield* observed(local, step, writing(local, on, step.size ?? WRITE_SIZE), true);
    case 'do_handshake':
      return yield* observed(local, step, { fn: 'SSL_do_handshake', make: () => quicDoHandshake(ssl) });
    case 'new_stream':
    case 'accept_stream':
      return yield* newStream(local, step);
    case 'stream_conclude':
    case 'stream_reset':
      return yield* observed(local, step, ending(local, step));
    case 'handle_events':
      if (step.ms === undefined) quicHandleEvents(ssl);
      else yield* handleEventsFor(local, step.ms);
      return { op, shutdown: sslGetShutdown(ssl) };
    case 'sleep':
      yield* sleepUntil(local.world.scheduler.clock.now() + step.ms);
      return { op, shutdown: sslGetShutdown(ssl) };
    default:
      return actAtOnce(local, step);
  }
}

/** Steps that wait for nothing. */
function actAtOnce(local: QuicLocal, step: LocalStep): Observation {
  const { ssl, channel } = local;
  const op = step.local;
  switch (step.local) {
    case 'get_shutdown':
      return { op, ...onOf(step), shutdown: sslGetShutdown(flagsOf(named(local, step.on))) };
    case 'set_shutdown':
      // SSL_set_shutdown and quiet shutdown mean nothing on QUIC, and say so to nobody.
      return { op, shutdown: sslGetShutdown(ssl) };
    case 'set_quiet_shutdown':
      return { op, quiet: 0 };
    case 'pending': {
      const { pending, hasPending } = quicPending(named(local, step.on));
      return { op, ...onOf(step), pending, has_pending: hasPending };
    }
    case 'stream_state': {
      const { write, read } = quicStreamState(named(local, step.on));
      return { op, ...onOf(step), write_state: write, read_state: read };
    }
    case 'event_timeout':
      return { op, ok: 1, infinite: quicEventTimeout(ssl) === undefined };
    case 'conn_close_info': {
      const info = quicConnCloseInfo(ssl);
      return info === undefined ? { op, ret: 0 } : { op, ret: 1, ...showCloseInfo(info) };
    }
    case 'relay_stats':
      return relayStats(local);
    case 'key_update':
      return { op, ret: ssl.core.updateKeys(ssl.now()) ? 1 : 0 };
    case 'free':
      local.stop();
      ssl.core.abandon(ssl.now());
      return { op };
    case 'close':
      local.stop();
      channel.transport.close();
      return { op };
    default:
      throw bad(`local: "${op}" is not for quic`);
  }
}

function relayStats({ relay, ssl }: QuicLocal): Observation {
  const { sent, fromPeer } = relay.counts();
  return {
    op: 'relay_stats',
    datagrams_sent: sent,
    datagrams_from_peer: fromPeer > 0 ? 'some' : 'none',
    socket_has_unread_datagrams: ssl.core.unread() > 0,
  };
}

function* observed(local: QuicLocal, step: LocalStep, spec: CallSpec, bytes = false): Task<Observation> {
  const { clock } = local.world.scheduler;
  const begun = clock.now();
  const result = yield* make(local, spec);
  const object = named(local, 'on' in step ? step.on : undefined);
  const seen = observeCall(step.local, flagsOf(object), result, { ms: clock.now() - begun, bytes });
  return { ...seen, ...onOf(step) };
}

/** Whether a call waits is the SSL object's to know. */
function make({ channel, ssl }: QuicLocal, spec: CallSpec): Task<Performed> {
  return perform(channel, ssl, spec, { blocking: true, limitMs: WATCHDOG_MS });
}

/** The object that a step names; the connection where it names none. */
function named(local: QuicLocal, on: string | undefined): QuicObject {
  if (on === undefined) return local.ssl;
  const object = local.streams.get(on);
  if (object === undefined)
    throw bad(`on: there is no stream "${on}"`, 'new_stream and accept_stream give names');
  return object;
}

function onOf(step: LocalStep): { on?: string } {
  return 'on' in step && step.on !== undefined ? { on: step.on } : {};
}

/** Stream objects have no shutdown flags. */
function flagsOf(object: QuicObject): { sent: boolean; received: boolean } {
  return object.is === 'connection' ? object : { sent: false, received: false };
}

function reading(local: QuicLocal, step: LocalArgs<'read'> & { local: 'read' | 'peek' }): CallSpec {
  const object = named(local, step.on);
  const max = step.max ?? READ_MAX;
  const args = { ...onOf({ ...step, local: 'read' }), num: max };
  if (step.local === 'peek') return { fn: 'SSL_peek', args, make: () => quicPeek(object, max) };
  return { fn: 'SSL_read', args, make: () => quicRead(object, max) };
}

function writing(local: QuicLocal, on: string | undefined, size: number): CallSpec {
  const object = named(local, on);
  const data = new Uint8Array(size).fill(0x78);
  return {
    fn: 'SSL_write',
    args: { ...(on !== undefined && { on }), num: size },
    make: () => quicWrite(object, data),
  };
}

function* newStream(
  local: QuicLocal,
  step: { local: 'new_stream' | 'accept_stream'; name?: string },
): Task<Observation> {
  const { ssl } = local;
  const { clock } = local.world.scheduler;
  const begun = clock.now();
  const isNew = step.local === 'new_stream';
  const result = yield* make(local, {
    fn: isNew ? 'SSL_new_stream' : 'SSL_accept_stream',
    make: () => (isNew ? quicNewStream(ssl, 'bidi') : quicAcceptStream(ssl)),
  });
  if (result.stream !== undefined) {
    local.streams.set(step.name ?? String(result.stream), streamObject(ssl, result.stream));
  }
  return observeCall(step.local, result.stream === undefined ? ssl : NO_FLAGS, result, {
    ms: clock.now() - begun,
  });
}

function ending(
  local: QuicLocal,
  step: { local: 'stream_conclude' | 'stream_reset'; on?: string; code?: bigint },
): CallSpec {
  const object = named(local, step.on);
  const args = step.on === undefined ? {} : { on: step.on };
  if (step.local === 'stream_conclude') {
    return { fn: 'SSL_stream_conclude', args, make: () => quicStreamConclude(object) };
  }
  const code = step.code ?? 0n;
  return {
    fn: 'SSL_stream_reset',
    args: { ...args, code: String(code) },
    make: () => quicStreamReset(object, code),
  };
}

type ExArgs = LocalArgs<'shutdown_ex'>;

function shutdownEx(local: QuicLocal, step: ExArgs): CallSpec {
  const object = named(local, step.on);
  const { flags = [], null_args: none } = step;
  const text = step.reason_repeat === undefined ? step.reason : 'r'.repeat(step.reason_repeat);
  const given: QuicShutdownArgs = {
    ...(step.code !== undefined && { code: step.code }),
    ...(text !== undefined && { reason: encodeUtf8(text) }),
    ...(step.args_len !== undefined && { argsLength: step.args_len }),
  };
  const args = {
    ...(step.on !== undefined && { on: step.on }),
    ...(step.code !== undefined && { code: String(step.code) }),
    ...(text !== undefined && { reason: text }),
  };
  const all = none === true ? { flags } : { ...given, flags };
  return { fn: 'SSL_shutdown_ex', flags, args, make: () => quicShutdownEx(object, all) };
}

/** Calls again and again, until it is done, fails, or the time is up. */
function* untilDone(local: QuicLocal, step: ExArgs & { max_ms?: number }): Task<Observation> {
  const { clock } = local.world.scheduler;
  const begun = clock.now();
  const limit = begun + (step.max_ms ?? WATCHDOG_MS);
  const rets: number[] = [];
  for (;;) {
    const result = yield* make(local, shutdownEx(local, step));
    rets.push(result.ret);
    if (result.ret !== 0 || result.blocked === true || clock.now() >= limit) {
      const seen = observeCall('shutdown_until_done', local.ssl, result, { ms: clock.now() - begun });
      if (seen.blocked === true) return seen;
      const { op, ...rest } = seen;
      return { op, first_ret: rets[0] ?? result.ret, some_zero: rets.includes(0), ...rest };
    }
    yield* sleepUntil(clock.now() + AGAIN_MS);
  }
}

const NO_FLAGS = { sent: false, received: false };
const READ_MAX = 100;
const WRITE_SIZE = 10;
/** How long a blocking call may last before it counts as one that never returns. */
const WATCHDOG_MS = 10_000;
const AGAIN_MS = 5;
