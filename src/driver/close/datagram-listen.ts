import type { Millis } from '../../timeline/event.ts';
import { type Task, until } from '../task.ts';
import type { Closing } from './closing.ts';
import { capped, limitReached } from './limit.ts';
import { patience } from './plan.ts';

/**
 * After the calls: what else the peer says. Records are taken from the core without any SSL call, so that a close_notify the calls
 * gave up on, or data after it, is seen all the same. With the peer's close_notify there, only stragglers are waited for; without
 * it, to the limit, and then the association is asked whether it still works. `begun`: when the close began.
 */
export function* listen(closing: Closing, begun: Millis): Task<void> {
  const { seen, plan } = closing;
  closing.emit({ kind: 'phase', name: 'listen' });
  const limits = patience(plan);
  if (seen.closeLimit === undefined) {
    const answered = yield* listenUntil(closing, begun + limits.close);
    if (!answered && !over(closing)) limitReached(closing, 'close', limits.close);
  }
  if (over(closing)) return;
  if (seen.peerClose === undefined) {
    if (!askAgain(closing)) return;
    yield* listenOn(closing, closing.now() + plan.lateMs);
  } else {
    yield* listenOn(closing, closing.now() + straggling(closing));
  }
}

/** Takes in what comes until the peer's close_notify is there; false when the deadline was first. */
function* listenUntil(closing: Closing, deadline: Millis): Task<boolean> {
  for (;;) {
    takeAll(closing);
    if (closing.seen.peerClose !== undefined) return true;
    if (over(closing)) return false;
    if (!(yield* something(closing, deadline))) return false;
  }
}

/** Takes in all that comes until then. */
function* listenOn(closing: Closing, deadline: Millis): Task<void> {
  do takeAll(closing);
  while (!over(closing) && (yield* something(closing, deadline)));
}

function* something(closing: Closing, deadline: Millis): Task<boolean> {
  const inputs = closing.line.inputs();
  return yield* until('a datagram', () => closing.line.inputs() > inputs, deadline);
}

/** Nothing that comes now can change anything: the port is gone, the association failed, or enough was read. */
function over(closing: Closing): boolean {
  const { seen } = closing;
  return seen.unreachable !== undefined || seen.failed !== undefined || capped(closing);
}

function takeAll(closing: Closing): void {
  const { core, seen, plan } = closing;
  while (core.ready() && seen.bytesReceived < plan.readCap) {
    const { kind } = core.step(closing.now());
    if (kind === 'idle' || kind === 'fault') break;
  }
  closing.channel.flush();
}

/**
 * The peer said nothing. What was sent before is sent once more, below SSL_write: who answers it still has the association, be it
 * that our close_notify was lost or that it was ignored. Without `--send` there is nothing that could be asked.
 */
function askAgain({ core, channel, emit, plan, seen }: Closing): boolean {
  const { send, mode } = plan;
  if (send === undefined || send.length === 0 || mode !== 'full' || seen.ourClose === undefined) return false;
  const data = send.subarray(0, LARGEST_PROBE);
  emit({ kind: 'phase', name: 'probe' });
  core.raw.send(core.raw.record(APPLICATION_DATA, data));
  channel.flush();
  emit({ kind: 'data', by: 'local', bytes: data.length, afterClose: true });
  return true;
}

/** As long again as the answer took: what was sent right behind it has had its time. An answer to our own late data takes longer. */
function straggling({ plan, seen }: Closing): Millis {
  if (plan.lingerMs !== undefined) return plan.lingerMs;
  if (plan.writeAfterClose) return ANSWER_MS;
  const { ourClose, peerClose } = seen;
  const took = ourClose === undefined || peerClose === undefined ? 0 : peerClose - ourClose;
  return Math.min(MOST_MS, Math.max(LEAST_MS, took));
}

const APPLICATION_DATA = 23;
/** One record in one datagram, whatever the path. */
const LARGEST_PROBE = 1_000;
const ANSWER_MS = 500;
const LEAST_MS = 5;
const MOST_MS = 100;
