import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that remembers. */
export function createFakeTerminal(
  options: {
    env?: Record<string, string>;
    tty?: boolean;
    columns?: number;
    onOut?: (text: string) => void;
  } = {},
): Terminal & { stdout(): string; stderr(): string; abort(signal: 'SIGINT' | 'SIGTERM'): void } {
  let out = '';
  let err = '';
  const abort = new AbortController();
  return {
    out(text) {
      out += text;
      options.onOut?.(text);
    },
    err(text) {
      err += text;
    },
    env: { LANG: 'C.UTF-8', ...options.env },
    outIsTty: options.tty ?? false,
    errIsTty: false,
    columns: () => options.columns,
    readInput: () => new TextEncoder().encode('from standard input'),
    signal: abort.signal,
    stdout: () => out,
    stderr: () => err,
    abort: (signal) => abort.abort(signal),
  };
}
