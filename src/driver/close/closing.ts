import type { ByteExchange } from '../../exchange/byte-exchange.ts';
import type { RecordCore } from '../../proto/core.ts';
import { createSsl, type Ssl } from '../../shutdown/ssl.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { type Channel, createChannel } from '../channel.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Line } from './line.ts';
import type { ClosePlan } from './plan.ts';
import type { Witness } from './witness.ts';

/** One connection on its way through the phases. */
export type Closing = {
  readonly plan: ClosePlan;
  readonly line: Line;
  readonly channel: Channel;
  readonly core: RecordCore;
  readonly ssl: Ssl;
  readonly emit: Emit;
  readonly seen: Witness;
  /** The exchange that was spoken: whatever is read later is for it too. */
  spoken: ByteExchange | undefined;
  now(): Millis;
  /** A new client core and a place on the timeline, for a second handshake on this transport (`--then tls`). */
  again(): { createCore(emit: Emit): RecordCore; emit: Emit };
};

export type ClosingParts = {
  plan: ClosePlan;
  line: Line;
  scheduler: Scheduler;
  /** The connection's place on the timeline, and what has been seen there. */
  witness: { emit: Emit; seen: Witness };
  createCore(emit: Emit): RecordCore;
  again: Closing['again'];
  /** Over UDP. */
  datagrams?: true;
};

export function createClosing(parts: ClosingParts): Closing {
  const { plan, line, scheduler } = parts;
  const now = (): Millis => scheduler.clock.now();
  const { emit, seen } = parts.witness;
  const core = parts.createCore(emit);
  const channel = createChannel({ core, connect: line.connect, scheduler, emit });
  const ssl = createSsl({
    core,
    role: 'client',
    flush: () => channel.flush(),
    writable: () => channel.transport.writable(),
    now,
    emit,
    profile: plan.profile,
    blocking: !plan.noBlock,
    ignoreUnexpectedEof: plan.ignoreUnexpectedEof,
    quietShutdown: plan.mode === 'quiet',
    autoRetry: true,
    datagrams: parts.datagrams === true,
  });
  return { plan, line, channel, core, ssl, emit, seen, now, again: parts.again, spoken: undefined };
}
