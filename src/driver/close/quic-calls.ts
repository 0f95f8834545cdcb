import { quicDoHandshake } from '../../shutdown/quic/handshake.ts';
import { quicRead } from '../../shutdown/quic/read.ts';
import { type QuicShutdownArgs, quicShutdownEx } from '../../shutdown/quic/shutdown.ts';
import { quicStreamConclude, quicStreamReset } from '../../shutdown/quic/streams.ts';
import { quicWrite } from '../../shutdown/quic/write.ts';
import type { ShutdownExFlag } from '../../shutdown/types.ts';
import type { Millis } from '../../timeline/event.ts';
import { type CallSpec, type Performed, perform } from '../call.ts';
import { type Task, until } from '../task.ts';
import type { QuicClosing } from './quic-closing.ts';

/** `blocked`: the deadline ended it, or the calls before it when they are repeated. */
export type QuicAnswer = Performed;

/** SSL_do_handshake. Ends early, with WANT_READ, when nobody can be there. */
export function quicHandshakeCall(closing: QuicClosing, deadline: Millis): Task<QuicAnswer> {
  const spec = { fn: 'SSL_do_handshake', make: () => quicDoHandshake(closing.ssl) };
  return settle(closing, spec, deadline, (answer) => pending(answer) && !nobodyThere(closing));
}

export function quicReadCall(closing: QuicClosing, length: number, deadline: Millis): Task<QuicAnswer> {
  const spec = { fn: 'SSL_read', make: () => quicRead(closing.ssl, length), args: { num: length } };
  return settle(closing, spec, deadline, pending);
}

export function quicWriteCall(closing: QuicClosing, data: Uint8Array, deadline: Millis): Task<QuicAnswer> {
  const spec = { fn: 'SSL_write', make: () => quicWrite(closing.ssl, data), args: { num: data.length } };
  return settle(closing, spec, deadline, pending);
}

export function concludeCall(closing: QuicClosing, deadline: Millis): Task<QuicAnswer> {
  return settle(
    closing,
    { fn: 'SSL_stream_conclude', make: () => quicStreamConclude(closing.ssl) },
    deadline,
    pending,
  );
}

export function resetCall(closing: QuicClosing, code: bigint, deadline: Millis): Task<QuicAnswer> {
  const spec = {
    fn: 'SSL_stream_reset',
    make: () => quicStreamReset(closing.ssl, code),
    args: { code: code.toString() },
  };
  return settle(closing, spec, deadline, pending);
}

/**
 * SSL_shutdown_ex, again and again until `done` says so. The deadline does not cut the closing period short: that ends by itself.
 */
export function quicShutdownCall(
  closing: QuicClosing,
  flags: readonly ShutdownExFlag[],
  deadline: Millis,
  done: (answer: QuicAnswer) => boolean,
): Task<QuicAnswer> {
  const { ssl, plan } = closing;
  const { code, reason, transportError } = plan.quic;
  const layer = transportError ? 'transport' : 'application';
  const args: QuicShutdownArgs = { flags, code, reason, layer };
  const shown =
    code === 0n && reason.length === 0
      ? {}
      : { args: { code: `0x${code.toString(16)}`, reason: reason.length } };
  const spec = { fn: 'SSL_shutdown_ex', make: () => quicShutdownEx(ssl, args), flags, ...shown };
  return settle(closing, spec, deadline, (answer) => !done(answer) && answer.ret === 0);
}

/** ICMP said so, and nothing of a peer's has come. */
export function nobodyThere({ seen }: QuicClosing): boolean {
  return seen.unreachable && seen.levels.size === 0;
}

function* settle(
  closing: QuicClosing,
  spec: CallSpec,
  deadline: Millis,
  isPending: (answer: QuicAnswer) => boolean,
): Task<QuicAnswer> {
  const { channel, core, ssl, plan } = closing;
  const blocking = (): boolean => !plan.noBlock && !nobodyThere(closing);
  for (;;) {
    const limit = Math.max(deadline, core.closingEnds() ?? deadline);
    const limitMs = Math.max(0, limit - closing.now());
    const answer: QuicAnswer = yield* perform(channel, ssl, spec, { blocking, limitMs });
    const cut = answer.blocked === true;
    // Closing began while the call was waiting for something else: it has a time of its own.
    if (cut && (core.closingEnds() ?? 0) > limit) continue;
    if (cut || !isPending(answer)) return answer;
    if (closing.now() >= limit) return { ...answer, blocked: true };
    const again = Math.min(limit, closing.now() + CALL_AGAIN_MS);
    const { ticks } = ssl;
    yield* until('an event', () => core.ready() || ssl.ticks !== ticks, again);
  }
}

function pending(answer: QuicAnswer): boolean {
  return answer.error === 'SSL_ERROR_WANT_READ' || answer.error === 'SSL_ERROR_WANT_WRITE';
}

const CALL_AGAIN_MS = 100;
