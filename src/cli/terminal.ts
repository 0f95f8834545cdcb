import type { StopSignal } from '../driver/stop-signal.ts';

/** The world as a command sees it: two outputs, an environment, and a way of being interrupted. */
export type Terminal = {
  /** Results. A closed output ends the program, quietly. */
  out(text: string): void;
  /** Progress, warnings, errors, hints. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  /** Of the output, where it is a terminal. */
  columns(): number | undefined;
  /** All of standard input, or its first so many bytes. */
  readInput(most?: number): Uint8Array;
  /** Aborted with the signal's name, "SIGINT" or "SIGTERM", as reason. */
  readonly signal: StopSignal;
};

/** Does the character set hold more than ASCII? Asked as the C library asks: LC_ALL, then LC_CTYPE, then LANG. */
export function speaksUnicode(env: Terminal['env'], platform: string): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale === undefined || locale === '') return platform === 'win32' || platform === 'darwin';
  return /utf-?8/iu.test(locale);
}

/** COLUMNS, when it is set, wins: it is how a script says what it wants. Never below 40. */
export function pageWidth(terminal: Terminal): number {
  const asked = Number(terminal.env.COLUMNS);
  const width = Number.isInteger(asked) && asked > 0 ? asked : (terminal.columns() ?? 80);
  return Math.min(Math.max(width, 40), 120);
}

/** `auto`: only on a terminal that can, and not when NO_COLOR is set to anything (no-color.org). */
export function wantsColor(when: 'auto' | 'always' | 'never', terminal: Terminal): boolean {
  if (when !== 'auto') return when === 'always';
  const { NO_COLOR, TERM } = terminal.env;
  return terminal.outIsTty && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}
