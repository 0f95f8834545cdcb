import type { Millis } from '../../timeline/event.ts';
import { type Task, until } from '../task.ts';
import {
  type Answer,
  awaitCloseNotify,
  readCall,
  sendCloseNotify,
  shutdownOnce,
  writeCall,
} from './calls.ts';
import type { Closing } from './closing.ts';
import { capped, type ExchangeEnd, limitReached } from './limit.ts';
import { looksAtPeer } from './plan.ts';
import { hear } from './speak.ts';

/** `done`: both alerts were exchanged, as far as the calls know. `given-up`: a call failed, or a limit came. */
export type CloseEnd = 'done' | 'given-up';

/** Closes in the way the plan says. */
export function* closeBy(closing: Closing, exchanged: ExchangeEnd): Task<CloseEnd> {
  const deadline = closing.now() + closing.plan.limits.close;
  switch (closing.plan.mode) {
    case 'full':
      return yield* fullClose(closing, deadline, exchanged);
    case 'half-close':
      return yield* halfClose(closing, deadline);
    case 'wait-peer':
      return yield* waitPeer(closing, deadline, exchanged);
    case 'rapid':
    case 'quiet':
      return yield* closeOnce(closing);
    case 'abrupt-fin':
      sendFin(closing);
      return 'done';
    case 'abrupt-rst':
      return yield* sendReset(closing, deadline);
  }
}

/** One SSL_shutdown. Where nobody looks any further, a reset that it met is not told by anything else. */
function* closeOnce(closing: Closing): Task<CloseEnd> {
  const { errno, ret } = yield* shutdownOnce(closing, closing.plan.limits.close);
  if (errno === 'ECONNRESET' && !looksAtPeer(closing.plan) && closing.seen.peerReset === undefined) {
    closing.emit({ kind: 'transport.reset', by: 'peer', errno, certainty: 'sure' });
  }
  return ret < 0 ? 'given-up' : 'done';
}

/** SSL_shutdown, SSL_read until it says ZERO_RETURN, SSL_shutdown. */
function* fullClose(closing: Closing, deadline: Millis, exchanged: ExchangeEnd): Task<CloseEnd> {
  const first = yield* sendCloseNotify(closing, deadline);
  if (!sent(closing, first)) return 'given-up';
  if (closing.plan.writeAfterClose) yield* writeAfterClose(closing, deadline);
  if (first.ret === 1 || exchanged === 'peer-closed') return 'done';
  return yield* finish(closing, deadline);
}

function* halfClose(closing: Closing, deadline: Millis): Task<CloseEnd> {
  const first = yield* sendCloseNotify(closing, deadline);
  if (!sent(closing, first)) return 'given-up';
  if (closing.plan.writeAfterClose) yield* writeAfterClose(closing, deadline);
  yield* drained(closing, deadline);
  sendFin(closing);
  if (first.ret === 1) return 'done';
  return yield* finish(closing, deadline);
}

/** The peer closes first; we answer. If it does not within the limit, we close all the same, and wait no longer. */
function* waitPeer(closing: Closing, deadline: Millis, exchanged: ExchangeEnd): Task<CloseEnd> {
  if (exchanged !== 'peer-closed') {
    const end = yield* readToEnd(closing, deadline);
    if (end === 'failed') return 'given-up';
    if (end === 'limit') closeLimit(closing);
  }
  const limit = closing.now() + closing.plan.limits.close;
  const answer = yield* sendCloseNotify(closing, limit);
  if (closing.plan.writeAfterClose && answer.ret >= 0) yield* writeAfterClose(closing, limit);
  return answer.ret === 1 ? 'done' : 'given-up';
}

/** After our close_notify: the rest of the peer's data, then its close_notify. */
function* finish(closing: Closing, deadline: Millis): Task<CloseEnd> {
  if (closing.plan.drain) {
    const end = yield* readToEnd(closing, deadline);
    if (end === 'limit') closeLimit(closing);
    if (end !== 'closed') return 'given-up';
  }
  const second = yield* awaitCloseNotify(closing, deadline);
  if (second.blocked === true) closeLimit(closing);
  return second.ret === 1 ? 'done' : 'given-up';
}

function* readToEnd(closing: Closing, deadline: Millis): Task<'closed' | 'limit' | 'failed'> {
  while (!capped(closing)) {
    const answer = yield* readCall(closing, READ_SIZE, deadline);
    if (answer.blocked === true) return 'limit';
    if (answer.ret <= 0) return answer.error === 'SSL_ERROR_ZERO_RETURN' ? 'closed' : 'failed';
    const replies = hear(closing, answer);
    // Whoever waits for the peer to close is still on speaking terms with it.
    if (closing.plan.mode === 'wait-peer')
      for (const data of replies) yield* writeCall(closing, data, deadline);
  }
  return 'failed';
}

/** SSL_write is refused; a record sent below it shows what the peer makes of data after close_notify. */
function* writeAfterClose(closing: Closing, deadline: Millis): Task<void> {
  const { core, channel, plan } = closing;
  const data = plan.send ?? LATE_DATA;
  yield* writeCall(closing, data, deadline);
  core.raw.send(core.raw.record(APPLICATION_DATA, data.subarray(0, READ_SIZE)));
  channel.flush();
  closing.emit({ kind: 'data', by: 'local', bytes: Math.min(data.length, READ_SIZE), afterClose: true });
}

function sent(closing: Closing, first: Answer): boolean {
  if (first.blocked === true) closeLimit(closing);
  return first.blocked !== true && first.ret >= 0;
}

function closeLimit(closing: Closing): void {
  limitReached(closing, 'close', closing.plan.limits.close);
}

/** Everything queued has left. */
function* drained(closing: Closing, deadline: Millis): Task<boolean> {
  const { channel } = closing;
  return yield* until(
    'the write',
    () => channel.flush() !== 'blocked' && channel.transport.writable(),
    deadline,
  );
}

export function sendFin({ channel, seen, emit }: Closing): void {
  if (seen.ourFin !== undefined) return;
  const result = channel.transport.fin();
  if (typeof result !== 'object') return;
  emit({ kind: 'transport.error', by: 'local', errno: result.errno, detail: 'FIN could not be sent' });
}

function* sendReset(closing: Closing, deadline: Millis): Task<CloseEnd> {
  yield* drained(closing, deadline);
  const result = closing.channel.transport.reset({ dropPending: false });
  if (result === 'done') return 'done';
  const detail = result === 'pending' ? 'written bytes have not left yet' : 'this connection cannot be reset';
  closing.emit({ kind: 'transport.error', by: 'local', errno: 'EINVAL', detail });
  return 'given-up';
}

const APPLICATION_DATA = 23;
const READ_SIZE = 16_384;
const LATE_DATA = Uint8Array.of(0x0a);
