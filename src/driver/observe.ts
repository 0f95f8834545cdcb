import type { StreamStateName } from '../shutdown/quic/streams.ts';
import type { SessionInfo } from '../shutdown/session.ts';
import { sslGetShutdown } from '../shutdown/ssl.ts';
import type { Millis, ShutdownFlag, SslErrorName } from '../timeline/event.ts';
import type { Caller, Performed } from './call.ts';
import type { ShownCloseInfo } from './quic/observe.ts';
import type { LocalOp } from './script-ops.ts';

/** One entry of `observed`, in the case format. */
export type Observation = {
  op: LocalOp;
  /** The stream object's name. */
  on?: string;
  blocked?: true;
  first_ret?: number;
  some_zero?: boolean;
  ret?: number;
  error?: SslErrorName;
  errno?: string;
  reason?: string | null;
  reason_lib?: string;
  reasons?: readonly string[];
  bytes?: number;
  shutdown?: readonly ShutdownFlag[];
  timing?: 'immediate' | 'waited';
  pending?: number;
  has_pending?: boolean;
  in_init?: boolean;
  finished?: boolean;
  state?: string;
  resumable?: boolean;
  has_ticket?: boolean;
  tickets_received?: number;
  set_session?: number;
  reused?: boolean;
  quiet?: number;
} & Partial<Omit<ShownCloseInfo, 'reason'> & StreamSeen & RelaySeen & TimeoutSeen>;

type StreamSeen = { write_state: StreamStateName; read_state: StreamStateName };
type RelaySeen = {
  datagrams_sent: number;
  datagrams_from_peer: 'none' | 'some';
  socket_has_unread_datagrams: boolean;
};
type TimeoutSeen = { ok: number; infinite: boolean };

/** What a call gave, with the flags after it. `bytes`: counted for reads and writes. */
export function observeCall(
  op: LocalOp,
  ssl: Pick<Caller, 'sent' | 'received'>,
  result: Performed,
  more: { ms: Millis; bytes?: boolean },
): Observation {
  if (result.blocked === true) return { op, blocked: true };
  const { ret, error, errno, queue } = result;
  return {
    op,
    ret,
    error,
    ...(errno === undefined ? {} : { errno }),
    ...reasons(queue),
    ...(more.bytes === true ? { bytes: Math.max(0, ret) } : {}),
    shutdown: sslGetShutdown(ssl),
    timing: more.ms < IMMEDIATE_MS ? 'immediate' : 'waited',
  };
}

export function observeSession(op: LocalOp, info: SessionInfo): Observation {
  const { resumable, hasTicket, ticketsReceived } = info;
  return { op, resumable, has_ticket: hasTicket, tickets_received: ticketsReceived };
}

function reasons(queue: readonly string[]): Pick<Observation, 'reason' | 'reason_lib' | 'reasons'> {
  const [first] = queue;
  if (first === undefined) return { reason: null };
  const named = { reason: first, reason_lib: library(first) };
  return queue.length > 1 ? { ...named, reasons: queue } : named;
}

/** OpenSSL's name of the library that queues such a reason. */
function library(reason: string): string {
  if (reason.startsWith('errno ')) return 'system library';
  return PROVIDER_REASONS.includes(reason) ? 'Provider routines' : 'SSL routines';
}

const PROVIDER_REASONS: readonly string[] = ['cipher operation failed', 'invalid aad'];
const IMMEDIATE_MS = 40;
