import type { Terminal } from './terminal.ts';

/**
 * Shows that we wait, on standard error of a terminal, for what takes longer than half a second. Gives the call that ends
 * it; ora is loaded only when it comes to that.
 */
export function startSpinner(terminal: Terminal, text: string): () => void {
  if (!terminal.errIsTty || terminal.env.TERM === 'dumb' || terminal.env.CI !== undefined) return () => {};
  let stop: (() => void) | undefined;
  let ended = false;
  const timer = setTimeout(async () => {
    const { default: ora } = await import('ora');
    if (ended) return;
    // Without discardStdin: it would take the terminal into raw mode, and Ctrl-C would no longer be a signal.
    const spinner = ora({ text, stream: process.stderr, discardStdin: false, hideCursor: false }).start();
    stop = () => spinner.stop();
  }, 500);
  return () => {
    ended = true;
    clearTimeout(timer);
    stop?.();
  };
}
