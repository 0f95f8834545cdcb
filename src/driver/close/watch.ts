import type { Millis } from '../../timeline/event.ts';
import { type Task, until } from '../task.ts';
import type { Closing } from './closing.ts';
import { capped, limitReached } from './limit.ts';
import { patience } from './plan.ts';

/**
 * After the calls: what else the peer does, up to its FIN or RST. Records are taken from the core without any SSL call, so
 * that a close_notify the calls gave up on, or data after it, is seen all the same. `begun`: when the close began. `from`:
 * when the wait for FIN began, if that was later than the closing exchange.
 */
export function* watch(closing: Closing, begun: Millis, from?: Millis): Task<void> {
  if (closing.seen.closeLimit !== undefined) return;
  closing.emit({ kind: 'phase', name: 'fin' });
  const behind = yield* watchOn(closing, begun, from);
  if (behind === 0) return;
  const text = `${behind} bytes that are no TLS record came behind the peer's close_notify`;
  closing.emit({ kind: 'note', code: 'no-record', text });
}

/** How many bytes came behind the peer's close_notify that are no record. */
function* watchOn(closing: Closing, begun: Millis, from: Millis | undefined): Task<number> {
  const limits = patience(closing.plan);
  let behind = 0;
  for (;;) {
    behind += stepAll(closing);
    if (ended(closing) || capped(closing)) return behind;
    const settled = from ?? settledAt(closing);
    const deadline = settled === undefined ? begun + limits.close : settled + limits.fin;
    const inputs = closing.line.inputs();
    const came = (): boolean => closing.line.inputs() > inputs || ended(closing);
    if (yield* until('the end of the connection', came, deadline)) continue;
    const phase = settled === undefined ? 'close' : 'fin';
    limitReached(closing, phase, limits[phase]);
    return behind;
  }
}

function ended({ seen }: Closing): boolean {
  return seen.peerFin !== undefined || seen.peerReset !== undefined;
}

/** From when FIN is all that is missing: the later close_notify, or the alert that ended it. */
function settledAt({ seen }: Closing): Millis | undefined {
  if (seen.failed !== undefined) return seen.failed;
  if (seen.peerClose === undefined) return undefined;
  return Math.max(seen.peerClose, seen.ourClose ?? seen.peerClose);
}

/** Takes whole records until there are none, or nothing more can come of them. How many bytes behind close_notify were none? */
function stepAll(closing: Closing): number {
  const { core, seen, plan } = closing;
  let behind = 0;
  while (core.ready() && seen.bytesReceived < plan.readCap) {
    const { records } = seen;
    const step = core.step(closing.now());
    if (step.kind === 'ignored' && seen.peerClose !== undefined && seen.records === records)
      behind += step.bytes;
    if (['idle', 'eof', 'reset', 'fault'].includes(step.kind)) break;
  }
  if (seen.ourFin === undefined && seen.ourReset === undefined) closing.channel.flush();
  return behind;
}
