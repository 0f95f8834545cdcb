import { type ChildProcess, spawn } from 'node:child_process';
import type { StopSignal } from '../driver/stop-signal.ts';
import type { Millis } from '../timeline/event.ts';
import { createClock } from './clock.ts';

export type CommandRun = {
  /** Null when a signal ended it: the time limit's, ours, or any other. */
  code: number | null;
  signal?: string;
  timedOut: boolean;
  ms: Millis;
  /** The beginning of its output, at most 64 KiB of each. */
  stdout: string;
  stderr: string;
};

/** Runs a command line with the shell, without input, no longer than the limit. Whatever it started in its process group ends with it. */
export function runCommand(
  command: string,
  { limitMs, signal }: { limitMs: Millis; signal?: StopSignal },
): Promise<CommandRun> {
  const { now } = createClock();
  const child = spawn(command, {
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: a signal for the shell alone would leave the client running.
    detached: process.platform !== 'win32',
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    end(child);
  }, limitMs);
  const stop = (): void => end(child);
  signal?.addEventListener('abort', stop);
  return new Promise((resolve) => {
    const over = (code: number | null, ended: string | null): void => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', stop);
      resolve({
        code: timedOut ? null : code,
        ...(ended === null ? {} : { signal: ended }),
        timedOut,
        ms: now(),
        stdout: stdout(),
        stderr: stderr(),
      });
    };
    child.on('error', (error) => {
      stderr(`${error.message}\n`);
      over(NOT_FOUND, null);
    });
    child.on('close', over);
  });
}

/** Gives what was collected; text given to it is added. */
function collect(stream: NodeJS.ReadableStream | null): (more?: string) => string {
  let text = '';
  const add = (chunk: unknown): void => {
    if (text.length < MOST_OUTPUT) text = (text + String(chunk)).slice(0, MOST_OUTPUT);
  };
  stream?.setEncoding('utf8').on('data', add);
  return (more) => {
    if (more !== undefined) add(more);
    return text;
  };
}

function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

const MOST_OUTPUT = 65_536;
/** What a shell says of a command that is not there. */
const NOT_FOUND = 127;
