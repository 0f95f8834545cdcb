import type { TimelineEvent } from '../timeline/event.ts';
import type { Terminal } from './terminal.ts';

export type OptionSpec = {
  /** As commander writes them: "-4, --ipv4", "--timeout <limits>". */
  flags: string;
  text: string;
  /** Heading in --help. */
  group: string;
  /** Recognised, but neither in --help nor in the manual: it exists to be refused with a good reason. */
  hidden?: true;
};

/** What a command says of itself; --help is made of it, and the manual pages are held against it by a test. */
export type CommandSpec = {
  name: string;
  summary: string;
  /** "<target>", "<file...>" or "". */
  arguments: string;
  description: string;
  options: readonly OptionSpec[];
  /** A command line and what it does. */
  examples: readonly (readonly [string, string])[];
};

/** Option values as they came from the command line. */
export type RawOptions = Readonly<Record<string, unknown>>;

export type Context = {
  terminal: Terminal;
  arguments: readonly string[];
  raw: RawOptions;
  /** The newest events, for a report should the program break. */
  recent: TimelineEvent[];
};

/** A command's module: what it is, and what it does; gives the exit code. */
export type Command = { spec: CommandSpec; run(context: Context): Promise<number> };

/** Keeps the newest events only. */
export function remember(context: Context, event: TimelineEvent): void {
  context.recent.push(event);
  if (context.recent.length > 40) context.recent.splice(0, 20);
}
