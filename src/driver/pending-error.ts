import type { RecordCore } from '../proto/core.ts';
import type { Emit } from '../timeline/event.ts';
import type { Scheduler } from './scheduler.ts';
import type { Connect, Transport } from './world.ts';

/**
 * The error that ICMP leaves on a datagram socket, as a kernel keeps it: it waits beside what was received, and whichever call
 * comes next meets it, a write as well as a read, before anything else. Once.
 */
export function createPendingError(
  scheduler: Scheduler,
  emit: Emit,
): {
  /** The core as its user sees it: a step meets the error first. */
  before(core: RecordCore): RecordCore;
  connect(connect: Connect): Connect;
} {
  let pending: string | undefined;
  const take = (): string | undefined => {
    const errno = pending;
    pending = undefined;
    return errno;
  };
  return {
    before: (core) => ({
      ...core,
      ready: () => pending !== undefined || core.ready(),
      step(now, heed) {
        const errno = take();
        return errno === undefined ? core.step(now, heed) : { kind: 'unreachable', errno };
      },
    }),
    connect: (connect) => (sink) => {
      let open = false;
      const bare = connect({
        input(input) {
          if (!open || input.kind !== 'unreachable') sink.input(input);
          else {
            pending = input.errno;
            emit({ kind: 'transport.unreachable', errno: input.errno, detail: 'ICMP' });
            scheduler.poke();
          }
        },
        writable() {
          open = true;
          sink.writable();
        },
        wants: sink.wants,
      });
      return refusing(bare, take);
    },
  };
}

function refusing(bare: Transport, take: () => string | undefined): Transport {
  return {
    write(unit) {
      const errno = take();
      return errno === undefined ? bare.write(unit) : { errno };
    },
    writable: () => bare.writable(),
    fin: () => bare.fin(),
    reset: (options) => bare.reset(options),
    close: () => bare.close(),
    pause: () => bare.pause(),
    resume: () => bare.resume(),
    get remote() {
      return bare.remote;
    },
    get local() {
      return bare.local;
    },
  };
}
