import type { Emit, Millis } from '../timeline/event.ts';
import { sleepUntil, type Task } from './task.ts';
import type { Clock, Transport } from './world.ts';

export type ResetAfterFin = 'yes' | 'no' | 'not-observable';

/**
 * After the peer's FIN: keeps our direction open for `ms` and finds out whether the peer answers what we sent last with RST, as
 * a kernel does whose program has closed the socket. Such a reset shows only when writing fails; a write of nothing asks without
 * sending anything. Once our own FIN has left there is no telling, and `no` is never said; nor is it without a wait.
 */
export function* lingerProbe(options: {
  transport: Transport;
  clock: Clock;
  emit: Emit;
  ms: Millis;
  /** We have sent FIN already. */
  finSent: boolean;
}): Task<ResetAfterFin> {
  const { transport, clock, emit, ms } = options;
  const end = clock.now() + ms;
  let observed: ResetAfterFin = options.finSent || ms === 0 ? 'not-observable' : 'no';
  // Without a wait it is seen only if it has come already.
  if (ms === 0 && !options.finSent && typeof transport.write(NOTHING) === 'object') observed = 'yes';
  while (observed === 'no' && clock.now() < end) {
    yield* sleepUntil(Math.min(end, clock.now() + Math.max(ms / PROBES, 1)));
    const result = transport.write(NOTHING);
    if (typeof result === 'object') observed = 'yes';
    // Earlier bytes are still waiting in front of the probe: nothing has been answered, so nothing can be said.
    else if (result === 'blocked' && clock.now() >= end) observed = 'not-observable';
  }
  emit({ kind: 'transport.reset-after-fin', observed });
  return observed;
}

const NOTHING = new Uint8Array(0);
const PROBES = 10;
