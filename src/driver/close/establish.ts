import { type Task, until } from '../task.ts';
import { type Answer, handshakeCall } from './calls.ts';
import type { Closing } from './closing.ts';
import { limitReached } from './limit.ts';
import { startTls } from './starttls.ts';

/** TCP, what comes before TLS, then TLS. False: the timeline says why not. */
export function* establish(closing: Closing): Task<boolean> {
  return (yield* connect(closing)) && (yield* startTls(closing)) && (yield* handshake(closing));
}

/** TCP, within its limit. */
export function* connect(closing: Closing): Task<boolean> {
  const { channel, plan, emit } = closing;
  emit({ kind: 'phase', name: 'connect' });
  const settled = (): boolean => channel.connected() || channel.unreachable() !== undefined;
  const inTime = yield* until('the connection', settled, closing.now() + plan.limits.connect);
  if (!inTime) {
    emit({ kind: 'limit', phase: 'connect', ms: plan.limits.connect });
    unreachable(closing, 'ETIMEDOUT', `no connection within ${plan.limits.connect} ms`);
    return false;
  }
  const errno = channel.unreachable();
  if (errno === undefined) return true;
  if (errno === 'ETIMEDOUT') emit({ kind: 'limit', phase: 'connect', ms: plan.limits.connect });
  unreachable(closing, errno, '');
  return false;
}

function unreachable(closing: Closing, errno: string, detail: string): void {
  if (closing.seen.unreachable === undefined) closing.emit({ kind: 'transport.unreachable', errno, detail });
}

/** SSL_do_handshake, within its limit. A failure that the core did not put on the timeline is put there. */
export function* handshake(closing: Closing): Task<boolean> {
  const { plan, emit, seen } = closing;
  emit({ kind: 'phase', name: 'handshake' });
  const ms = plan.limits.handshake;
  const answer = yield* handshakeCall(closing, closing.now() + ms);
  if (answer.ret === 1) return true;
  if (answer.blocked === true) {
    limitReached(closing, 'handshake', ms);
    const detail = `the peer did not complete it within ${ms} ms`;
    emit({ kind: 'handshake.failed', blame: 'network', rule: 'limit', detail });
  } else if (seen.handshakeFailed === undefined && seen.unreachable === undefined) {
    emit({ kind: 'handshake.failed', ...failure(closing, answer) });
  }
  return false;
}

/** A reset that a write met is not on the timeline yet. */
function failure({ seen }: Closing, answer: Answer): { blame: 'peer'; rule: string; detail: string } {
  const hungUp = {
    blame: 'peer',
    rule: 'reset',
    detail: 'the peer reset the connection before the handshake was over',
  } as const;
  if (seen.peerReset !== undefined || answer.errno === 'ECONNRESET' || answer.errno === 'EPIPE')
    return hungUp;
  const closed = {
    ...hungUp,
    rule: 'eof',
    detail: 'the peer closed the connection (FIN) before the handshake was over',
  };
  if (seen.peerFin !== undefined) return closed;
  return { blame: 'peer', rule: 'failed', detail: answer.queue.at(-1) ?? 'the connection failed' };
}
