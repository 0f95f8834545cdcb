import type { Input } from '../proto/core.ts';

/**
 * Stands between a socket that can't be stopped from reading and somebody who reads no more: it keeps what a kernel's buffer
 * would, and drops the rest.
 */
export function createReceiveBuffer(deliver: (input: Input) => void): {
  push(input: Input): void;
  pause(): void;
  resume(): void;
  clear(): void;
} {
  let queue: Input[] = [];
  let waiting = 0;
  let paused = false;
  return {
    push(input) {
      if (!paused) {
        deliver(input);
        return;
      }
      if (waiting + weight(input) > KERNEL_BUFFER) return;
      waiting += weight(input);
      queue.push(input);
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
        waiting -= weight(input);
        deliver(input);
        if (paused) return;
      }
    },
    clear() {
      queue = [];
      waiting = 0;
    },
  };
}

function weight(input: Input): number {
  return input.kind === 'bytes' ? input.data.length + OVERHEAD : OVERHEAD;
}

/** Linux's net.core.rmem_default, which counts each datagram's bookkeeping too. */
const KERNEL_BUFFER = 212_992;
const OVERHEAD = 256;
