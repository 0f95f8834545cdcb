import { appendLines } from '../io/files.ts';
import { toKeylogLine } from '../render/keylog.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import type { Terminal } from './terminal.ts';
import { warn } from './voice.ts';

/**
 * Appends secrets to a key log, as they come; warns that it does. The option's file wins over SSLKEYLOGFILE. Undefined: no
 * key log was asked for. Throws UsageError.
 */
export function openKeylog(
  option: string | undefined,
  terminal: Terminal,
): { take(event: TimelineEvent): void; close(): void } | undefined {
  const path = option ?? terminal.env.SSLKEYLOGFILE;
  if (path === undefined || path === '') return undefined;
  const file = appendLines(path);
  const name = option === undefined ? 'SSLKEYLOGFILE' : '--keylog';
  warn(terminal, `secrets go to ${path} (${name}): who has them can read this traffic`);
  return {
    take(event) {
      const line = toKeylogLine(event);
      if (line !== undefined) file.write(line);
    },
    close: () => file.close(),
  };
}
