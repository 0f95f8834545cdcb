import type ora from 'ora';
import type { Terminal } from './terminal.ts';

export type Spinner = { say(text: string): void; stop(): void };

/**
 * Shows what we wait for, on standard error of a terminal, when it takes longer than half a second. ora is loaded only when
 * it comes to that.
 */
export function startSpinner(terminal: Terminal, text: string): Spinner {
  if (!terminal.errIsTty || terminal.env.TERM === 'dumb' || terminal.env.CI !== undefined) return SILENT;
  let said = text;
  let spinner: ReturnType<Ora> | undefined;
  let ended = false;
  const timer = setTimeout(async () => {
    const loaded: { default: Ora | { default: Ora } } = await import('ora');
    // As a CommonJS chunk of the bundle it comes wrapped once more.
    const create = 'default' in loaded.default ? loaded.default.default : loaded.default;
    if (ended) return;
    // Without discardStdin: it would take the terminal into raw mode, and Ctrl-C would no longer be a signal.
    const options = { stream: process.stderr, discardStdin: false, hideCursor: false };
    spinner = create({ ...options, text: said }).start();
  }, PATIENCE);
  return {
    say(next) {
      said = next;
      if (spinner !== undefined) spinner.text = next;
    },
    stop() {
      ended = true;
      clearTimeout(timer);
      spinner?.stop();
    },
  };
}

type Ora = typeof ora;
const SILENT: Spinner = { say: () => {}, stop: () => {} };
const PATIENCE = 500;
