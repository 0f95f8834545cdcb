import { sslClear, sslDoHandshake, sslFree, sslKeyUpdate } from '../shutdown/handshake.ts';
import { sslPeek, sslRead } from '../shutdown/read.ts';
import { savedInfo, sessionInfo, sessionToOffer, sslSession } from '../shutdown/session.ts';
import { type ShutdownExArgs, sslShutdown, sslShutdownEx } from '../shutdown/shutdown.ts';
import {
  type Ssl,
  sslGetShutdown,
  sslHasPending,
  sslPending,
  sslSetQuietShutdown,
  sslSetShutdown,
  sslState,
} from '../shutdown/ssl.ts';
import type { Want } from '../shutdown/types.ts';
import { sslWrite } from '../shutdown/write.ts';
import { type CallSpec, type Performed, perform } from './call.ts';
import { closeSocket, type LocalSide, openConnection, shakeHands } from './local-side.ts';
import { type Observation, observeCall, observeSession } from './observe.ts';
import { bad } from './script-fields.ts';
import type { LocalArgs, LocalStep } from './script-ops.ts';
import { sleepUntil, type Task } from './task.ts';

/** Plays one `local` step. An observation with `blocked` ends the scenario. */
export function* actLocally(side: LocalSide, step: LocalStep): Task<Observation> {
  const { ssl, channel } = side.connection;
  const op = step.local;
  switch (step.local) {
    case 'shutdown':
      return yield* observed(side, op, { fn: 'SSL_shutdown', make: () => sslShutdown(ssl) });
    case 'shutdown_ex':
      return yield* observed(side, op, shutdownEx(side, step));
    case 'shutdown_until_done':
      return yield* untilDone(side, step);
    case 'read':
      return yield* observed(side, op, reading(side, 'SSL_read', step.max ?? READ_MAX), true);
    case 'peek':
      return yield* observed(side, op, reading(side, 'SSL_peek', step.max ?? READ_MAX), true);
    case 'write':
      return yield* observed(side, op, writing(side, step.size ?? WRITE_SIZE), true);
    case 'fill':
      return yield* fill(side, step.size ?? WRITE_SIZE);
    case 'do_handshake':
      return yield* observed(side, op, { fn: 'SSL_do_handshake', make: () => sslDoHandshake(ssl) });
    case 'key_update':
      return yield* observed(side, op, {
        fn: 'SSL_key_update',
        make: () => sslKeyUpdate(ssl, step.request === true),
      });
    case 'sleep':
      yield* sleepUntil(channel.scheduler.clock.now() + step.ms);
      return { op, shutdown: sslGetShutdown(ssl) };
    case 'reconnect':
      return yield* reconnect(side);
    default:
      return actAtOnce(side, step);
  }
}

/** Steps that wait for nothing. */
function actAtOnce(side: LocalSide, step: LocalStep): Observation {
  const { ssl, channel } = side.connection;
  const op = step.local;
  switch (step.local) {
    case 'get_shutdown':
      return { op, shutdown: sslGetShutdown(ssl) };
    case 'set_shutdown':
      sslSetShutdown(ssl, step.flags);
      return { op, shutdown: sslGetShutdown(ssl) };
    case 'set_quiet_shutdown':
      sslSetQuietShutdown(ssl, step.mode !== 0);
      return { op, quiet: step.mode === 0 ? 0 : 1 };
    case 'pending':
      return { op, pending: sslPending(ssl), has_pending: sslHasPending(ssl) };
    case 'state': {
      const { inInit, finished, state } = sslState(ssl);
      return { op, in_init: inInit, finished, state };
    }
    case 'clear':
      return observeCall(op, ssl, sslClear(ssl), { ms: 0 });
    case 'free':
      sslFree(ssl);
      return { op };
    case 'close':
      closeSocket(side);
      return { op };
    case 'fin':
      channel.transport.fin();
      return { op };
    case 'session_info':
      return observeSession(op, sessionInfo(ssl));
    case 'save_session':
      side.saved = sslSession(ssl);
      side.gotSession = side.saved !== undefined || ssl.life !== 'before';
      return observeSession(op, sessionInfo(ssl));
    case 'saved_info':
      return observeSession(op, savedInfo(ssl, side.saved));
    default:
      throw bad(`local: "${op}" is not for ${side.scenario.protocol}`);
  }
}

function* observed(
  side: LocalSide,
  op: LocalStep['local'],
  spec: CallSpec,
  bytes = false,
): Task<Observation> {
  const begun = side.world.scheduler.clock.now();
  const result = yield* make(side, spec);
  const ms = side.world.scheduler.clock.now() - begun;
  return observeCall(op, side.connection.ssl, result, { ms, bytes });
}

function make(side: LocalSide, spec: CallSpec): Task<Performed> {
  const { channel, ssl, net } = side.connection;
  const blocking = (want: Want): boolean => side.blocking && !(want.for === 'writable' && net.refuses());
  return perform(channel, ssl, spec, { blocking, limitMs: WATCHDOG_MS });
}

function reading(side: LocalSide, fn: 'SSL_read' | 'SSL_peek', max: number): CallSpec {
  const { ssl } = side.connection;
  return { fn, args: { num: max }, make: () => (fn === 'SSL_read' ? sslRead(ssl, max) : sslPeek(ssl, max)) };
}

function writing(side: LocalSide, size: number): CallSpec {
  const { ssl } = side.connection;
  const data = new Uint8Array(size).fill(0x78);
  return { fn: 'SSL_write', args: { num: size }, make: () => sslWrite(ssl, data) };
}

type ExArgs = LocalArgs<'shutdown_ex'>;

function shutdownEx(side: LocalSide, step: ExArgs): CallSpec {
  const { ssl } = side.connection;
  const { flags, code, reason, reason_repeat: repeat, null_args: none } = step;
  const text = repeat === undefined ? reason : 'x'.repeat(repeat);
  const args: ShutdownExArgs = {
    ...(flags === undefined ? {} : { flags }),
    ...(code === undefined ? {} : { code }),
    ...(text === undefined ? {} : { reason: text }),
    ...(step.args_len === undefined || none === true ? {} : { argsLength: step.args_len }),
  };
  const shown = {
    ...(code === undefined ? {} : { code: String(code) }),
    ...(text === undefined ? {} : { reason: text }),
  };
  return { fn: 'SSL_shutdown_ex', flags: flags ?? [], args: shown, make: () => sslShutdownEx(ssl, args) };
}

/** Calls again and again, until it is done, fails, or the time is up. */
function* untilDone(side: LocalSide, step: ExArgs & { max_ms?: number }): Task<Observation> {
  const { clock } = side.world.scheduler;
  const begun = clock.now();
  const limit = begun + (step.max_ms ?? WATCHDOG_MS);
  const rets: number[] = [];
  for (;;) {
    const result = yield* make(side, shutdownEx(side, step));
    rets.push(result.ret);
    const waits = result.error === 'SSL_ERROR_WANT_READ' || result.error === 'SSL_ERROR_WANT_WRITE';
    const going = result.ret === 0 || (result.ret < 0 && waits);
    if (!going || result.blocked === true || clock.now() >= limit) {
      const seen = observeCall('shutdown_until_done', side.connection.ssl, result, {
        ms: clock.now() - begun,
      });
      if (seen.blocked === true) return seen;
      const { op, ...rest } = seen;
      return { op, first_ret: rets[0] ?? result.ret, some_zero: rets.includes(0), ...rest };
    }
    yield* sleepUntil(clock.now() + AGAIN_MS);
  }
}

/** Writes until the transport takes no more. */
function* fill(side: LocalSide, size: number): Task<Observation> {
  for (let written = 0; written < FILL_LIMIT; written += Math.max(1, size)) {
    const seen = yield* observed(side, 'fill', writing(side, size));
    if (seen.blocked === true || seen.error !== 'SSL_ERROR_NONE') return seen;
  }
  throw bad(
    `local: "fill" wrote ${FILL_LIMIT} bytes and was never blocked`,
    'let the peer stop_reading, or set small_buffers',
  );
}

/** A second connection with the session that was saved; its own steps are the handshake alone. */
function* reconnect(side: LocalSide): Task<Observation> {
  const { scenario, world, configs } = side;
  closeSocket(side);
  yield* sleepUntil(world.scheduler.clock.now() + AGAIN_MS);
  const offer = sessionToOffer(side.saved);
  const connection = yield* openConnection(scenario, world, configs, {
    name: 'resume',
    manual: false,
    ...(offer === undefined ? {} : { session: offer }),
  });
  const { ret } = yield* shakeHands(connection);
  const reused = connection.ssl.core.resumed();
  afterReuse(side, connection.ssl, reused);
  connection.channel.transport.close();
  return { op: 'reconnect', ret, set_session: side.gotSession === true ? 1 : 0, reused };
}

/** The sessions that the second connection was given count too. TLS 1.3 tickets are good for once (RFC 9846 appendix C.4). */
function afterReuse(side: LocalSide, second: Ssl, reused: boolean): void {
  side.connection.ssl.givenBefore += sessionInfo(second).ticketsReceived;
  if (reused && side.saved !== undefined && second.core.version() === 'TLSv1.3') side.saved.resumable = false;
}

const READ_MAX = 100;
const WRITE_SIZE = 10;
/** How long a blocking call may last before it counts as one that never returns. */
const WATCHDOG_MS = 1_200;
const AGAIN_MS = 5;
const FILL_LIMIT = 64 * 1024 * 1024;
