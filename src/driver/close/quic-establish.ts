import type { Task } from '../task.ts';
import { until } from '../task.ts';
import { nobodyThere, quicHandshakeCall } from './quic-calls.ts';
import type { QuicClosing } from './quic-closing.ts';

/** The socket, then the handshake, as far as the plan wants it. False: the timeline says why not. */
export function* establishQuic(closing: QuicClosing): Task<boolean> {
  if (!(yield* connect(closing))) return false;
  closing.emit({ kind: 'phase', name: 'handshake' });
  return closing.plan.quic.closeIn === '1rtt' ? yield* handshake(closing) : yield* begin(closing);
}

function* connect(closing: QuicClosing): Task<boolean> {
  const { channel, plan, emit } = closing;
  const ms = plan.limits.connect;
  emit({ kind: 'phase', name: 'connect' });
  const settled = (): boolean => channel.connected() || channel.unreachable() !== undefined;
  const inTime = yield* until('the socket', settled, closing.now() + ms);
  const errno = channel.unreachable();
  if (inTime && errno === undefined) return true;
  if (!inTime || errno === 'ETIMEDOUT') emit({ kind: 'limit', phase: 'connect', ms });
  if (!closing.seen.unreachable)
    emit({ kind: 'transport.unreachable', errno: errno ?? 'ETIMEDOUT', detail: '' });
  return false;
}

function* handshake(closing: QuicClosing): Task<boolean> {
  const { plan, emit, seen, core } = closing;
  const ms = plan.limits.handshake;
  const answer = yield* quicHandshakeCall(closing, closing.now() + ms);
  if (answer.ret === 1) return true;
  if (answer.blocked === true) {
    emit({ kind: 'limit', phase: 'handshake', ms });
    const detail = `the peer did not complete it within ${ms} ms`;
    emit({ kind: 'handshake.failed', blame: 'network', rule: 'limit', detail });
  } else if (!seen.handshakeFailed && !nobodyThere(closing)) {
    const detail = CAUSES[core.cause()?.kind ?? ''] ?? answer.queue.at(-1) ?? 'the connection ended';
    emit({ kind: 'handshake.failed', blame: 'peer', rule: core.cause()?.kind ?? 'failed', detail });
  }
  return false;
}

/** Only so far that a CONNECTION_CLOSE can be said in the space that was asked for. One datagram at a time: the next may be too much. */
function* begin(closing: QuicClosing): Task<boolean> {
  const { channel, core, plan, emit, seen, ssl } = closing;
  const ms = plan.limits.handshake;
  const deadline = closing.now() + ms;
  ssl.started = true;
  core.start(closing.now());
  channel.flush();
  if (plan.quic.closeIn === 'initial') return true;
  while (!seen.levels.has('handshake')) {
    const due = core.pollTimeout() ?? deadline;
    yield* until('a datagram', () => core.ready(), Math.min(due, deadline));
    if (core.ready()) core.step(closing.now());
    else if (closing.now() >= due) core.handleTimeout(closing.now());
    if (core.cause() !== undefined || nobodyThere(closing)) return false;
    if (closing.now() >= deadline) {
      emit({ kind: 'limit', phase: 'handshake', ms });
      return false;
    }
    if (!seen.levels.has('handshake')) channel.flush();
  }
  return true;
}

const CAUSES: Readonly<Record<string, string>> = {
  'stateless-reset': 'the peer answered with a stateless reset',
  'idle-timeout': 'the idle timeout came before it was over',
  'version-negotiation': 'the peer speaks none of the versions offered',
};
