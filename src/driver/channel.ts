import type { Core, RecordCore } from '../proto/core.ts';
import type { Emit } from '../timeline/event.ts';
import { createFlowControl } from './flow-control.ts';
import { recordOwnActs } from './own-acts.ts';
import type { Scheduler } from './scheduler.ts';
import { createTimers, type Timers } from './timers.ts';
import type { Connect, Transport, TransportSink, WriteResult } from './world.ts';

/**
 * A core wired to a transport: input goes in, units go out when `flush` is called, tasks are poked on every change.
 * Nothing here decides anything. FIN, RST and close of both sides are put on the timeline here: nobody else needs to.
 */
export type Channel<C extends Core = RecordCore> = {
  readonly core: C;
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
  /** Hands over queued units until done, blocked or failed. A unit that was not sent stays with the core. */
  flush(): WriteResult;
  /** The transport could not be opened, or reported unreachable. */
  unreachable(): string | undefined;
  connected(): boolean;
};

export function createChannel<C extends Core = RecordCore>(options: {
  core: C;
  connect: Connect;
  scheduler: Scheduler;
  emit: Emit;
  /** Wraps the transport (net steps, taps). */
  decorate?: (transport: Transport) => Transport;
  /** False: whoever drives the core looks at its clock. By default the channel does. */
  timers?: boolean;
}): Channel<C> {
  const { core, scheduler, emit } = options;
  let unreachable: string | undefined;
  let connected = false;
  const sink: TransportSink = {
    input(input) {
      if (input.kind === 'unreachable' && !connected) {
        unreachable = input.errno;
      } else {
        if (input.kind === 'fin') emit({ kind: 'transport.fin', by: 'peer', certainty: input.certainty });
        if (input.kind === 'reset') {
          emit({ kind: 'transport.reset', by: 'peer', errno: input.errno, certainty: input.certainty });
        }
        if (input.kind === 'unreachable') {
          emit({ kind: 'transport.unreachable', errno: input.errno, detail: 'ICMP' });
        }
        core.receive(scheduler.clock.now(), input);
        flow.check();
        timers.check();
      }
      scheduler.poke();
    },
    writable() {
      connected = true;
      scheduler.poke();
    },
    wants: () => core.wants(),
  };
  const bare = options.connect(sink);
  const flow = createFlowControl(core, options.decorate?.(bare) ?? bare, scheduler);
  const transport = recordOwnActs(flow.transport, emit, () => timers.stop());

  const flush = (): WriteResult => {
    const { clock } = scheduler;
    for (
      let unit = core.peekTransmit(clock.now());
      unit !== undefined;
      unit = core.peekTransmit(clock.now())
    ) {
      const result = transport.write(unit);
      if (result !== 'sent') return result;
      core.transmitted(clock.now());
    }
    timers.check();
    return 'sent';
  };
  const timers = options.timers === false ? NO_TIMERS : createTimers(core, scheduler, flush);
  return {
    core,
    transport,
    scheduler,
    emit,
    flush,
    unreachable: () => unreachable,
    connected: () => connected,
  };
}

const NO_TIMERS: Timers = { check: () => undefined, stop: () => undefined };
