import { alertFact } from '../../proto/alerts.ts';
import type { Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { type Task, until } from '../task.ts';
import type { Closing } from './closing.ts';

/**
 * Once our close_notify is out: sends it again, as a record of its own, 1 s, 3 s, 7 s … after the first, so many times at most,
 * until the peer reacts. Alerts are never retransmitted by DTLS itself (RFC 6347 §4.2.7, RFC 9147 §5.10). Returns the call that
 * ends it.
 */
export function repeatCloseNotify(closing: Closing, times: number): () => void {
  if (times === 0) return () => {};
  return closing.channel.scheduler.spawn(repeat(closing, times));
}

function* repeat(closing: Closing, times: number): Task<void> {
  const { seen } = closing;
  yield* until('our close_notify', () => seen.ourClose !== undefined);
  const first = seen.ourClose ?? closing.now();
  const settled = (): boolean =>
    seen.peerClose !== undefined || seen.failed !== undefined || seen.unreachable !== undefined;
  for (let n = 1; n <= times; n++) {
    if (yield* until('an answer', settled, retryAt(first, n))) return;
    sendAgain(closing);
  }
}

/** The handshake's timer, doubling (RFC 6347 §4.2.4.1, RFC 9147 §5.8.2): 1, 1 + 2, 1 + 2 + 4 … times its first value. */
function retryAt(first: Millis, n: number): Millis {
  return first + INITIAL_RTO * (2 ** n - 1);
}

function sendAgain({ core, channel, emit }: Closing): void {
  core.raw.send(core.raw.record(ALERT_RECORD, Uint8Array.of(WARNING, ALERT.close_notify)));
  channel.flush();
  emit(alertFact('local', { level: WARNING, description: ALERT.close_notify }, true));
}

const INITIAL_RTO = 1_000;
const ALERT_RECORD = 21;
const WARNING = 1;
