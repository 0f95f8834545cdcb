import type { QuicCore } from '../../proto/quic/core.ts';
import type { Emit, Fact, Millis } from '../../timeline/event.ts';
import { type Channel, createChannel } from '../channel.ts';
import type { Scheduler } from '../scheduler.ts';
import type { StreamSpeaker } from '../stream-speaker.ts';
import type { Connect, Transport } from '../world.ts';
import type { QuicServePlan } from './quic-plan.ts';

/** One QUIC connection that is being served. */
export type QuicServing = {
  readonly plan: QuicServePlan;
  readonly core: QuicCore;
  readonly channel: Channel<QuicCore>;
  readonly emit: Emit;
  /** From the end of the handshake on, unless nothing is to be said. */
  speaker: StreamSpeaker | undefined;
  /** Datagrams with CONNECTION_CLOSE that are still to get lost. */
  closesToLose: number;
  /** Datagrams that came. */
  datagrams: number;
  /** Numbers of the newest 1-RTT packets that came. */
  readonly received: Set<number>;
  /** Bidirectional streams of the client's that something came on. */
  readonly asked: Set<bigint>;
  helloSeen: boolean;
  /** When anything last moved on its streams. */
  active: Millis;
  /** By a step: the port knows it no more. */
  forgotten: boolean;
  now(): Millis;
};

export function createQuicServing(options: {
  plan: QuicServePlan;
  connect: Connect;
  scheduler: Scheduler;
  emit: Emit;
  createCore(emit: Emit): QuicCore;
}): QuicServing {
  const { plan, connect, scheduler } = options;
  const seen = { closesToLose: 0, datagrams: 0, helloSeen: false };
  const sets = { received: new Set<number>(), asked: new Set<bigint>() };
  const emit: Emit = (fact, arrived) => {
    note(serving, fact);
    options.emit(fact, arrived);
  };
  const core = options.createCore((fact, arrived) => emit(fact, arrived));
  const now = (): Millis => scheduler.clock.now();
  const decorate = (transport: Transport): Transport => losing(transport, () => serving);
  const channel = createChannel({ core, connect, scheduler, emit, decorate });
  const serving: QuicServing = {
    ...seen,
    ...sets,
    ...{ plan, core, channel, emit, now, speaker: undefined, active: now(), forgotten: false },
  };
  return serving;
}

/** Closing, draining or over. */
export function isEnding({ core }: Pick<QuicServing, 'core'>): boolean {
  const phase = core.phase();
  return phase === 'closing' || phase === 'draining' || phase === 'terminated';
}

/** Nothing more will happen to it. */
export function isOver({ core, forgotten }: QuicServing): boolean {
  return forgotten || core.phase() === 'terminated';
}

/** Hands what the core has to say to the network; what fails to leave is lost, as over UDP anything may be. */
export function flush({ channel, core }: QuicServing): void {
  if (typeof channel.flush() === 'object') core.discardTransmit();
}

function note(serving: QuicServing, fact: Fact): void {
  const { received, asked } = serving;
  switch (fact.kind) {
    case 'handshake.message':
      if (fact.by === 'peer') serving.helloSeen = true;
      return;
    case 'stream-data':
      serving.active = serving.now();
      if (fact.by === 'peer' && fact.stream % 4 === 0) keep(asked, BigInt(fact.stream));
      return;
    case 'packet': {
      if (fact.by !== 'peer' || fact.type !== '1rtt' || fact.number === undefined) return;
      keep(received, fact.number);
      return;
    }
    default:
  }
}

function keep<T>(newest: Set<T>, one: T): void {
  newest.add(one);
  const [oldest] = newest;
  if (newest.size > MOST_KEPT && oldest !== undefined) newest.delete(oldest);
}

/** While closing, every datagram holds CONNECTION_CLOSE and nothing else. */
function losing(transport: Transport, of: () => QuicServing): Transport {
  return {
    ...transport,
    write(unit) {
      const serving = of();
      if (serving.closesToLose === 0 || !isEnding(serving)) return transport.write(unit);
      serving.closesToLose -= 1;
      serving.emit({ kind: 'transport.tapped', by: 'local', rule: 'lose-closes', bytes: unit.length });
      return 'sent';
    },
  };
}

const MOST_KEPT = 1_000;
