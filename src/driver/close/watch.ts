import type { Millis } from '../../timeline/event.ts';
import { type Task, until } from '../task.ts';
import type { Closing } from './closing.ts';
import { patience } from './plan.ts';

/**
 * After the calls: what else the peer does, up to its FIN or RST. Records are taken from the core without any SSL call, so
 * that a close_notify the calls gave up on, or data after it, is seen all the same. `begun`: when the close began. `from`:
 * when the wait for FIN began, if that was later than the closing exchange.
 */
export function* watch(closing: Closing, begun: Millis, from?: Millis): Task<void> {
  if (closing.seen.closeLimit !== undefined) return;
  const limits = patience(closing.plan);
  closing.emit({ kind: 'phase', name: 'fin' });
  for (;;) {
    stepAll(closing);
    if (ended(closing) || closing.seen.bytesReceived >= closing.plan.readCap) return;
    const settled = from ?? settledAt(closing);
    const deadline = settled === undefined ? begun + limits.close : settled + limits.fin;
    const inputs = closing.line.inputs();
    const came = (): boolean => closing.line.inputs() > inputs || ended(closing);
    if (yield* until('the end of the connection', came, deadline)) continue;
    const phase = settled === undefined ? 'close' : 'fin';
    closing.emit({ kind: 'limit', phase, ms: limits[phase] });
    return;
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

/** Takes whole records until there are none, or nothing more can come of them. */
function stepAll(closing: Closing): void {
  const { core, seen, plan } = closing;
  while (core.ready() && seen.bytesReceived < plan.readCap) {
    const { kind } = core.step(closing.now());
    if (kind === 'idle' || kind === 'eof' || kind === 'reset' || kind === 'fault') break;
  }
  if (seen.ourFin === undefined && seen.ourReset === undefined) closing.channel.flush();
}
