import type { QuicCore } from '../../proto/quic/core.ts';
import { createQuicSsl, type QuicSsl } from '../../shutdown/quic/connection.ts';
import type { Emit, Fact, Millis } from '../../timeline/event.ts';
import { type Channel, createChannel } from '../channel.ts';
import { sendDatagrams } from '../quic/side.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Line } from './line.ts';
import type { QuicPlan } from './quic-plan.ts';

/** One QUIC connection on its way through the phases. */
export type QuicClosing = {
  readonly plan: QuicPlan;
  readonly channel: Channel<QuicCore>;
  readonly core: QuicCore;
  readonly ssl: QuicSsl;
  readonly emit: Emit;
  /** What has been seen so far. */
  readonly seen: QuicWitness;
  now(): Millis;
};

/** What the flow decides by. */
export type QuicWitness = {
  /** Names of the handshake's levels in which something of the peer's has come. */
  readonly levels: Set<string>;
  handshakeFailed: boolean;
  unreachable: boolean;
  /** Bytes of stream data read. */
  read: number;
};

/** What passes it on its way to the timeline is seen: of the core, and of whatever opens the socket. */
export function createQuicWitness(to: Emit): { emit: Emit; seen: QuicWitness } {
  const seen: QuicWitness = { levels: new Set(), handshakeFailed: false, unreachable: false, read: 0 };
  const emit: Emit = (fact, arrived) => {
    note(seen, fact);
    to(fact, arrived);
  };
  return { emit, seen };
}

export function createQuicClosing(parts: {
  plan: QuicPlan;
  line: Line;
  scheduler: Scheduler;
  witness: ReturnType<typeof createQuicWitness>;
  createCore(emit: Emit): QuicCore;
}): QuicClosing {
  const { plan, line, scheduler } = parts;
  const { emit, seen } = parts.witness;
  const now = (): Millis => scheduler.clock.now();
  const core = parts.createCore(emit);
  // The calls, and the pump between them, look at the core's clock.
  const channel = createChannel({ core, connect: line.connect, scheduler, emit, timers: false });
  const ssl = createQuicSsl({
    core,
    profile: plan.profile,
    blocking: !plan.noBlock,
    defaultStream: 'auto-bidi',
    explicitEvents: false,
    flush: () => sendDatagrams(channel),
    writable: () => channel.transport.writable(),
    now,
    emit,
  });
  return { plan, channel, core, ssl, emit, seen, now };
}

function note(seen: QuicWitness, fact: Fact): void {
  switch (fact.kind) {
    case 'handshake.message':
      if (fact.by === 'peer') seen.levels.add(fact.level);
      return;
    case 'handshake.failed':
      seen.handshakeFailed = true;
      return;
    case 'transport.unreachable':
      seen.unreachable = true;
      return;
    default:
  }
}
