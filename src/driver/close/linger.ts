import { lingerProbe } from '../linger.ts';
import type { Task } from '../task.ts';
import type { Closing } from './closing.ts';

/**
 * After the peer's FIN: does a RST follow? Without `--linger` this waits only where our last bytes may have met a socket
 * that was closed already. Once we have sent FIN too, or do not wait, nobody can tell.
 */
export function* linger(closing: Closing): Task<void> {
  const { seen, emit, channel, plan } = closing;
  if (seen.peerFin === undefined || seen.peerReset !== undefined) return;
  const ms = plan.lingerMs ?? (wroteIntoTheEnd(closing) ? LINGER_MS : 0);
  const finSent = seen.ourFin !== undefined;
  if (!finSent && ms > 0) emit({ kind: 'phase', name: 'linger' });
  yield* lingerProbe({ transport: channel.transport, clock: channel.scheduler.clock, emit, ms, finSent });
}

/** May our last bytes have gone to a peer that was gone by then? Its close_notify in answer to ours says no. */
function wroteIntoTheEnd({ seen }: Closing): boolean {
  const { ourClose, peerClose } = seen;
  return ourClose === undefined || peerClose === undefined || peerClose < ourClose;
}

const LINGER_MS = 100;
