import { sslDoHandshake } from '../../shutdown/handshake.ts';
import { sslRead } from '../../shutdown/read.ts';
import { sslShutdown } from '../../shutdown/shutdown.ts';
import type { CallResult } from '../../shutdown/types.ts';
import { sslWrite } from '../../shutdown/write.ts';
import type { Millis } from '../../timeline/event.ts';
import { type CallSpec, perform } from '../call.ts';
import { type Task, until } from '../task.ts';
import type { Closing } from './closing.ts';

/** A call's result; `blocked`: the deadline ended it, or the calls before it when they are repeated. */
export type Answer = CallResult & { blocked?: true };

export function handshakeCall(closing: Closing, deadline: Millis): Task<Answer> {
  return settle(
    closing,
    { fn: 'SSL_do_handshake', make: () => sslDoHandshake(closing.ssl) },
    deadline,
    pending,
  );
}

/** The first SSL_shutdown: done when close_notify is out. */
export function sendCloseNotify(closing: Closing, deadline: Millis): Task<Answer> {
  return settle(
    closing,
    shutdownSpec(closing),
    deadline,
    (answer) => answer.error === 'SSL_ERROR_WANT_WRITE',
  );
}

/** A later SSL_shutdown: done when it returned 1, or failed. */
export function awaitCloseNotify(closing: Closing, deadline: Millis): Task<Answer> {
  return settle(closing, shutdownSpec(closing), deadline, pending);
}

export function readCall(closing: Closing, length: number, deadline: Millis): Task<Answer> {
  const spec = { fn: 'SSL_read', make: () => sslRead(closing.ssl, length), args: { num: length } };
  return settle(closing, spec, deadline, pending);
}

export function writeCall(closing: Closing, data: Uint8Array, deadline: Millis): Task<Answer> {
  const spec = { fn: 'SSL_write', make: () => sslWrite(closing.ssl, data), args: { num: data.length } };
  return settle(closing, spec, deadline, pending);
}

/** One SSL_shutdown that is never repeated and never waits long (`--rapid`). */
export function shutdownOnce(closing: Closing, limitMs: Millis): Task<Answer> {
  return perform(closing.channel, closing.ssl, shutdownSpec(closing), {
    blocking: !closing.plan.noBlock,
    limitMs,
  });
}

function shutdownSpec(closing: Closing): CallSpec {
  return { fn: 'SSL_shutdown', make: () => sslShutdown(closing.ssl) };
}

/** Makes the call until it is not pending: at once again where it blocks, after an input or 100 ms where it does not. */
function* settle(
  closing: Closing,
  spec: CallSpec,
  deadline: Millis,
  isPending: (answer: Answer) => boolean,
): Task<Answer> {
  const blocking = !closing.plan.noBlock;
  for (;;) {
    const limitMs = Math.max(0, deadline - closing.now());
    const inputs = closing.line.inputs();
    const answer: Answer = yield* perform(closing.channel, closing.ssl, spec, { blocking, limitMs });
    if (answer.blocked === true || !isPending(answer)) return answer;
    if (closing.now() >= deadline) return { ...answer, blocked: true };
    if (blocking) continue;
    const again = Math.min(deadline, closing.now() + CALL_AGAIN_MS);
    yield* until('a record', () => closing.line.inputs() > inputs && closing.core.ready(), again);
  }
}

function pending(answer: Answer): boolean {
  return answer.error === 'SSL_ERROR_WANT_READ' || answer.error === 'SSL_ERROR_WANT_WRITE';
}

const CALL_AGAIN_MS = 100;
