import { closeSync, openSync, writeSync } from 'node:fs';
import { UsageError } from '../driver/usage-error.ts';
import { toKeylogLine } from '../render/keylog.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import type { Terminal } from './terminal.ts';
import { warn } from './voice.ts';

/**
 * Appends secrets to a key log for nobody but its owner (mode 0600 when it is made), as they come; warns that it does.
 * The option's file wins over SSLKEYLOGFILE. Undefined: no key log was asked for. Throws UsageError.
 */
export function openKeylog(
  option: string | undefined,
  terminal: Terminal,
): { take(event: TimelineEvent): void; close(): void } | undefined {
  const path = option ?? terminal.env.SSLKEYLOGFILE;
  if (path === undefined || path === '') return undefined;
  const name = option === undefined ? 'SSLKEYLOGFILE' : '--keylog';
  const file = open(name, path);
  warn(terminal, `secrets go to ${path} (${name}): who has them can read this traffic`);
  return {
    take(event) {
      const line = toKeylogLine(event);
      if (line !== undefined) writeSync(file, `${line}\n`);
    },
    close: () => closeSync(file),
  };
}

function open(name: string, path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UsageError('bad-file', `${name}: ${path} can't be written (${why})`);
  }
}
