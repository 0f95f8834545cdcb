import type { Millis } from '../../timeline/event.ts';
import { type Task, until } from '../task.ts';
import { readCall, writeCall } from './calls.ts';
import type { Closing } from './closing.ts';
import { capped, type ExchangeEnd, limitReached } from './limit.ts';
import { speak } from './speak.ts';

/** Sends what is to be sent and reads as far as was asked. */
export function* exchange(closing: Closing): Task<ExchangeEnd> {
  const { plan } = closing;
  if (plan.exchange !== undefined) return yield* speak(closing, plan.exchange);
  if (plan.send === undefined && plan.readUntil === undefined) return 'open';
  closing.emit({ kind: 'phase', name: 'exchange' });
  const deadline = closing.now() + plan.limits.exchange;
  if (plan.send !== undefined && plan.send.length > 0) {
    const answer = yield* writeCall(closing, plan.send, deadline);
    if (answer.blocked === true) return limit(closing);
    if (answer.ret <= 0) return 'broken';
  }
  switch (plan.readUntil) {
    case undefined:
      return 'open';
    case 'idle':
      return yield* readUntilIdle(closing, deadline);
    case 'eof':
      return yield* readBytes(closing, deadline, Number.POSITIVE_INFINITY);
    default:
      return yield* readBytes(closing, deadline, plan.readUntil);
  }
}

/** Reads until the peer's end (`peer-closed`, `broken`), that many bytes, or the cap (`open`). */
function* readBytes(closing: Closing, deadline: Millis, count: number): Task<ExchangeEnd> {
  for (let got = 0; got < count; ) {
    if (capped(closing)) return 'open';
    const answer = yield* readCall(closing, Math.min(READ_SIZE, count - got), deadline);
    if (answer.blocked === true) return limit(closing);
    if (answer.ret <= 0) return answer.error === 'SSL_ERROR_ZERO_RETURN' ? 'peer-closed' : 'broken';
    got += answer.ret;
  }
  return 'open';
}

function* readUntilIdle(closing: Closing, deadline: Millis): Task<ExchangeEnd> {
  while (!capped(closing)) {
    const inputs = closing.line.inputs();
    const quiet = closing.now() + IDLE_MS;
    const came = (): boolean => closing.core.ready() || closing.line.inputs() > inputs;
    if (!(yield* until('data', came, Math.min(quiet, deadline)))) {
      return closing.now() >= quiet ? 'open' : limit(closing);
    }
    if (!closing.core.ready()) continue;
    const answer = yield* readCall(closing, READ_SIZE, Math.min(quiet, deadline));
    if (answer.blocked === true) return closing.now() >= deadline ? limit(closing) : 'open';
    if (answer.ret <= 0) return answer.error === 'SSL_ERROR_ZERO_RETURN' ? 'peer-closed' : 'broken';
  }
  return 'open';
}

function limit(closing: Closing): 'open' {
  limitReached(closing, 'exchange', closing.plan.limits.exchange);
  return 'open';
}

const READ_SIZE = 16_384;
const IDLE_MS = 500;
