import type { Emit } from '../timeline/event.ts';
import { bad } from './script-fields.ts';
import type { NetOp } from './script-ops.ts';
import type { Transport, WriteResult } from './world.ts';

/** What the `net` steps of a scenario do to the local side's writes. Every change is on the timeline. */
export type NetControl = {
  /** For `createChannel`'s `decorate`. */
  decorate(transport: Transport): Transport;
  apply(op: NetOp): void;
  /** Writes are refused for now: that is a transport that asks to be tried again, and nothing a blocking call could wait in. */
  refuses(): boolean;
};

type Mode = 'pass' | 'block_writes' | 'fail_writes' | 'drop_writes';

/** `unreachable`: takes the peer's port away, where there are ports to be refused. */
export function createNetControl(emit: Emit, unreachable?: () => void): NetControl {
  let mode: Mode = 'pass';
  const write = (transport: Transport, unit: Uint8Array): WriteResult => {
    switch (mode) {
      case 'pass':
        return transport.write(unit);
      case 'block_writes':
        return 'blocked';
      case 'fail_writes':
        return { errno: 'EPIPE' };
      case 'drop_writes':
        emit({ kind: 'transport.tapped', by: 'local', rule: mode, bytes: unit.length });
        return 'sent';
    }
  };
  return {
    decorate: (transport) => ({
      write: (unit) => write(transport, unit),
      writable: () => mode !== 'block_writes' && transport.writable(),
      fin: () => transport.fin(),
      reset: (options) => transport.reset(options),
      close: () => transport.close(),
      pause: () => transport.pause(),
      resume: () => transport.resume(),
      get remote() {
        return transport.remote;
      },
      get local() {
        return transport.local;
      },
    }),
    refuses: () => mode === 'block_writes',
    apply(op) {
      if (op === 'unreachable' && unreachable !== undefined) unreachable();
      else mode = toMode(op);
      emit({ kind: 'transport.tapped', by: 'local', rule: op, bytes: 0 });
    },
  };
}

function toMode(op: NetOp): Mode {
  switch (op) {
    case 'pass':
    case 'block_writes':
    case 'fail_writes':
    case 'drop_writes':
      return op;
    default:
      throw bad(`net: "${op}" has no meaning on TLS`, 'block_writes, fail_writes, drop_writes, pass');
  }
}
