import type { RecordCore } from '../../proto/core.ts';
import type { Emit } from '../../timeline/event.ts';
import { type Closing, createClosing } from '../close/closing.ts';
import { establish } from '../close/establish.ts';
import { type Line, openLine } from '../close/line.ts';
import type { ClosePlan } from '../close/plan.ts';
import { createWitness } from '../close/witness.ts';
import type { Scheduler } from '../scheduler.ts';
import { type Task, until } from '../task.ts';
import type { Connect } from '../world.ts';
import type { AssociationPlan, DatagramProbeLimits } from './datagram-plan.ts';
import { playDatagramActs, sendDatagrams } from './datagram-play.ts';

export type DatagramVersion = '1.2' | '1.3';

/** Where probes of DTLS take place: real sockets, or the simulator. */
export type DatagramProbeWorld = {
  scheduler: Scheduler;
  /** A new socket to the target. */
  connect(emit: Emit): Connect;
  createCore(version: DatagramVersion, emit: Emit): RecordCore;
  /** How the calls of the handshake behave. */
  plan: ClosePlan;
  limits: DatagramProbeLimits;
  /** A task threw: our bug. */
  failed(error: unknown): void;
};

/** The associations of one probe, one after the other; some of them begin where another one was. */
export function* probeAssociations(
  world: DatagramProbeWorld,
  plans: readonly AssociationPlan[],
  version: DatagramVersion,
  emitter: (name: string) => Emit,
): Task<void> {
  const lines = new Map<string, Line>();
  try {
    for (const plan of plans) {
      const emit = emitter(plan.name);
      const line = lines.get(plan.from ?? '') ?? openLine(world.connect(emit));
      lines.set(plan.name, line);
      yield* probeAssociation(world, plan, { version, emit, line });
    }
  } finally {
    for (const line of lines.values()) line.transport.close();
  }
}

/** One association, from its ClientHello on. The socket stays. */
function* probeAssociation(
  world: DatagramProbeWorld,
  { acts }: AssociationPlan,
  place: { version: DatagramVersion; emit: Emit; line: Line },
): Task<void> {
  const closing = open(world, place);
  let deaf = (): void => undefined;
  try {
    if (!(yield* establish(closing))) return;
    deaf = world.scheduler.spawn(hear(closing), undefined, world.failed);
    closing.emit({ kind: 'phase', name: 'probe' });
    yield* playDatagramActs(closing, acts, world.limits);
  } finally {
    deaf();
  }
}

function open(
  { scheduler, plan, createCore: make }: DatagramProbeWorld,
  { version, emit, line }: { version: DatagramVersion; emit: Emit; line: Line },
): Closing {
  const witness = createWitness(emit, () => scheduler.clock.now());
  const createCore = (to: Emit): RecordCore => make(version, to);
  const again = { createCore, emit };
  return createClosing({ plan, line, scheduler, witness, createCore, again: () => again, datagrams: true });
}

/** Takes in what comes. A record that breaks a rule ends nothing here: whoever sent it may be a stranger. */
function* hear(closing: Closing): Task<void> {
  const { core, channel } = closing;
  for (;;) {
    yield* until('the peer', () => core.ready());
    while (core.ready()) {
      const { kind } = core.step(closing.now());
      if (kind === 'idle' || kind === 'fault') break;
    }
    sendDatagrams(closing);
    channel.scheduler.poke();
    if (core.phase() === 'failed') return;
  }
}
