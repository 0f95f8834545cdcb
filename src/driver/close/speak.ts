import type { StreamEnd } from '../../exchange/dialogue.ts';
import { createExchange, type ExchangeName, exchangeTraits } from '../../exchange/exchanges.ts';
import type { Millis } from '../../timeline/event.ts';
import type { Task } from '../task.ts';
import { type Answer, readCall, writeCall } from './calls.ts';
import type { Closing } from './closing.ts';
import { capped, type ExchangeEnd, limitReached } from './limit.ts';

/** `--exchange`: one request and its answer, up to where the answer says that it ends, or the stream does. */
export function* speak(closing: Closing, name: ExchangeName): Task<ExchangeEnd> {
  const { plan, emit, seen } = closing;
  emit({ kind: 'phase', name: 'exchange' });
  const { alpn } = exchangeTraits(name);
  if (alpn !== undefined && plan.starttls === undefined && seen.alpn !== alpn) {
    const detail = `the peer did not agree on ALPN ${alpn}, without which it is not spoken`;
    emit({ kind: 'exchange', by: 'peer', alpn: name, what: 'error', detail });
    return 'open';
  }
  closing.spoken = createExchange(name, {
    authority: plan.authority ?? 'localhost',
    path: plan.path ?? '/',
    greeting: plan.starttls === undefined,
    leave: plan.mode === 'wait-peer',
    emit,
  });
  const deadline = closing.now() + plan.limits.exchange;
  const end = yield* converse(closing, deadline);
  if (end !== 'limit') return end;
  limitReached(closing, 'exchange', plan.limits.exchange);
  closing.spoken.end('limit');
  return 'open';
}

/** What the exchange makes of bytes that were read, if one was spoken: what it would say to them. */
export function hear({ spoken }: Closing, { data }: Answer): readonly Uint8Array[] {
  return data === undefined || spoken === undefined ? [] : spoken.take(data);
}

function* converse(closing: Closing, deadline: Millis): Task<ExchangeEnd | 'limit'> {
  const { spoken } = closing;
  if (spoken === undefined) return 'open';
  let wait = ACK_TIMEOUT;
  for (let out = spoken.start(); ; ) {
    for (const data of out) {
      const written = yield* writeCall(closing, data, deadline);
      if (written.blocked === true) return 'limit';
      // The peer may have said why before it went: that is still to be read.
      if (written.ret <= 0) break;
    }
    const { done, mayBeLost } = spoken.status();
    if (done || capped(closing)) return 'open';
    const patience = mayBeLost ? Math.min(deadline, closing.now() + wait) : deadline;
    const answer = yield* readCall(closing, READ_SIZE, patience);
    if (answer.blocked === true) {
      if (closing.now() >= deadline) return 'limit';
      wait *= 2;
      const again = spoken.again();
      out = again === undefined ? [] : [again];
      continue;
    }
    if (answer.ret <= 0) {
      const end = endOf(closing, answer);
      spoken.end(end);
      return answer.error === 'SSL_ERROR_ZERO_RETURN' ? 'peer-closed' : 'broken';
    }
    out = hear(closing, answer);
  }
}

function endOf({ seen }: Closing, { error }: Answer): StreamEnd {
  // Under SSL_OP_IGNORE_UNEXPECTED_EOF a FIN passes for one.
  if (error === 'SSL_ERROR_ZERO_RETURN' && seen.peerClose !== undefined) return 'close-notify';
  return seen.peerReset === undefined ? 'fin' : 'reset';
}

const READ_SIZE = 16_384;
/** RFC 7252 §4.8; twice as long each time (§4.2). */
const ACK_TIMEOUT = 2_000;
