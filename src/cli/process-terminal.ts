import { readFileSync, readSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { createStopper } from '../driver/stop-signal.ts';
import type { Terminal } from './terminal.ts';

/**
 * The process's own terminal. Writes are synchronous: process.stdout would cost time at every start, and what it holds
 * back is lost when the program ends. The first SIGINT or SIGTERM aborts `signal`, a second one ends the process.
 */
export function createProcessTerminal(): Terminal {
  const stopper = createStopper();
  for (const [name, code] of SIGNALS) {
    process.once(name, () => {
      stopper.stop(name);
      process.once(name, () => process.exit(code));
    });
  }
  const outIsTty = isatty(1);
  return {
    out: (text) => writeAll(1, text),
    err: (text) => writeAll(2, text),
    env: process.env,
    outIsTty,
    errIsTty: isatty(2),
    columns: () => (outIsTty ? process.stdout.columns : undefined),
    readInput: (most) => (most === undefined ? new Uint8Array(readFileSync(0)) : readFirst(most)),
    signal: stopper.signal,
  };
}

/** Of a stream that may never end. */
function readFirst(most: number): Uint8Array {
  const bytes = new Uint8Array(most);
  let length = 0;
  while (length < most) {
    try {
      const read = readSync(0, bytes, length, most - length, null);
      if (read === 0) break;
      length += read;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EOF') break;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(NEVER, 0, 0, 5);
    }
  }
  return bytes.subarray(0, length);
}

function writeAll(fd: 1 | 2, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EAGAIN') Atomics.wait(NEVER, 0, 0, 5);
      else if (code === 'EPIPE' && fd === 1) process.exit(0);
      else if (fd === 1) throw error;
      else return;
    }
  }
}

/** Where a pipe is full and non-blocking, the only thing to do is wait for its reader. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
