import type { Emit } from '../timeline/event.ts';
import type { Transport } from './world.ts';

/**
 * Puts what we do to the transport on the timeline, once each: FIN, RST, close, and each time it begins to take no more. What the peer does is the channel's to
 * report, so that both halves look the same over real sockets and over the simulator. `whenClosed`: after each close.
 */
export function recordOwnActs(transport: Transport, emit: Emit, whenClosed: () => void): Transport {
  let fin = false;
  let reset = false;
  let closed = false;
  // Until something was sent, `blocked` means that the connection is not there yet.
  let flowing = false;
  return {
    write(unit) {
      const result = transport.write(unit);
      if (result === 'blocked' && flowing) emit({ kind: 'transport.blocked' });
      flowing = result === 'sent';
      return result;
    },
    writable: () => transport.writable(),
    fin() {
      const result = transport.fin();
      if (result === 'sent' && !fin) {
        fin = true;
        emit({ kind: 'transport.fin', by: 'local', certainty: 'sure' });
      }
      return result;
    },
    reset(options) {
      const result = transport.reset(options);
      if (result === 'done' && !reset) {
        reset = true;
        emit({ kind: 'transport.reset', by: 'local', errno: '', certainty: 'sure' });
      }
      return result;
    },
    close() {
      transport.close();
      if (!closed && !reset) emit({ kind: 'transport.closed', by: 'local' });
      closed = true;
      whenClosed();
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    get remote() {
      return transport.remote;
    },
    get local() {
      return transport.local;
    },
  };
}
