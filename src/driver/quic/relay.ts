import type { Emit } from '../../timeline/event.ts';
import { bad } from '../script-fields.ts';
import type { NetOp } from '../script-ops.ts';
import type { Connect, Transport } from '../world.ts';

/** The path between the local side and its peer, as a UDP relay that can drop and count datagrams. */
export type Relay = {
  /** The local side's way through it. */
  through(connect: Connect): Connect;
  /** Every change is on the timeline. */
  apply(op: NetOp): void;
  /** Since the counters were reset: datagrams that the local side sent, and that came from the peer, dropped ones included. */
  counts(): { sent: number; fromPeer: number };
};

/** `unreachable`: takes the peer's port away. */
export function createRelay(emit: Emit, unreachable?: () => void): Relay {
  let drops: Drops = PASS;
  let sent = 0;
  let fromPeer = 0;
  const drop = (by: 'local' | 'peer', bytes: number): void =>
    emit({ kind: 'transport.tapped', by, rule: by === 'local' ? 'drop_c2s' : 'drop_s2c', bytes });
  const outward = (transport: Transport): Transport => ({
    write(unit) {
      sent += 1;
      if (!drops.toPeer) return transport.write(unit);
      drop('local', unit.length);
      return 'sent';
    },
    writable: () => drops.toPeer || transport.writable(),
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
  });
  return {
    through: (connect) => (sink) =>
      outward(
        connect({
          ...sink,
          input(input) {
            if (input.kind === 'bytes') {
              fromPeer += 1;
              if (drops.fromPeer) return drop('peer', input.data.length);
            }
            sink.input(input);
          },
        }),
      ),
    apply(op) {
      emit({ kind: 'transport.tapped', by: 'local', rule: op, bytes: 0 });
      if (op === 'reset_counters') {
        sent = 0;
        fromPeer = 0;
      } else if (op === 'unreachable') unreachable?.();
      else drops = dropsOf(op);
    },
    counts: () => ({ sent, fromPeer }),
  };
}

type Drops = { toPeer: boolean; fromPeer: boolean };

function dropsOf(op: NetOp): Drops {
  switch (op) {
    case 'blackhole':
      return { toPeer: true, fromPeer: true };
    case 'drop_c2s':
      return { toPeer: true, fromPeer: false };
    case 'drop_s2c':
      return { toPeer: false, fromPeer: true };
    case 'restore':
    case 'pass':
      return PASS;
    default:
      throw bad(
        `net: "${op}" has no meaning on quic`,
        'blackhole, drop_c2s, drop_s2c, restore, reset_counters, unreachable',
      );
  }
}

const PASS: Drops = { toPeer: false, fromPeer: false };
