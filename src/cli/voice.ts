import type { TimelineEvent } from '../timeline/event.ts';
import type { Terminal } from './terminal.ts';

/*
 * Who says what, where:
 * - results go to standard output, and nothing else does;
 * - everything else goes to standard error, each line with the program's name in front, in lower case and without a full
 *   stop: `error:` once and last, `warning:` before the run, `hint:` on a line of its own after what it helps with;
 * - a spinner only on a terminal, on standard error, and only when there is something to wait for.
 */

export function warn(terminal: Terminal, text: string): void {
  terminal.err(`sslshut: warning: ${text}\n`);
}

export function fail(terminal: Terminal, text: string, hint?: string): void {
  terminal.err(`sslshut: error: ${text}\n`);
  if (hint !== undefined) terminal.err(`sslshut: hint: ${hint}\n`);
}

export function note(terminal: Terminal, text: string): void {
  terminal.err(`sslshut: ${text}\n`);
}

/** A bug of ours: what happened last, and where to tell it. Secrets and bytes stay out of it. */
export function confess(terminal: Terminal, error: unknown, recent: readonly TimelineEvent[]): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  fail(terminal, 'this is a bug in sslshut, please report it with the lines below');
  terminal.err(`${what}\n`);
  const shown = recent
    .filter((event) => event.kind !== 'secret' && event.kind !== 'transport.bytes')
    .slice(-20);
  if (shown.length > 0) terminal.err(`last ${shown.length} events:\n`);
  for (const event of shown) terminal.err(`  ${JSON.stringify(event, plainNumbers)}\n`);
}

function plainNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
