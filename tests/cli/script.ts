/*
 * Cases of the command line as text:
 *
 *   == what it shows
 *   @ peer            a peer to start first; {port} in the command is its port (peers.ts)
 *   % NAME=value      environment; "% tty" makes standard output a terminal
 *   $ sslshut …       the command
 *   | line            standard output, line by line; "*" stands for anything within a line, "..." for any lines
 *   ! line            standard error, likewise
 *   ? 2               exit code
 */
export type Case = {
  title: string;
  peer: string | undefined;
  env: Readonly<Record<string, string>>;
  tty: boolean;
  command: string;
  out: readonly string[];
  err: readonly string[];
  exit: number;
};

export function readCases(text: string): Case[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((block) => readCase(block.split('\n')));
}

function readCase([title = '', ...lines]: readonly string[]): Case {
  const marked = (mark: string): string[] =>
    lines.filter((line) => line === mark || line.startsWith(`${mark} `)).map((line) => line.slice(2));
  const settings = marked('%');
  const env = settings.filter((one) => one.includes('=')).map((one) => one.split(/=(.*)/s).slice(0, 2));
  const [command] = marked('$');
  const [exit] = marked('?');
  if (command === undefined || exit === undefined)
    throw new Error(`${title}: needs a command and an exit code`);
  return {
    title,
    peer: marked('@')[0],
    env: Object.fromEntries(env),
    tty: settings.includes('tty'),
    command,
    out: marked('|'),
    err: marked('!'),
    exit: Number(exit),
  };
}

/** The words of a command line, as a shell would see them; quotes only. */
export function words(command: string): string[] {
  const found = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return found.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_all, one, two) => one ?? two));
}

/** Does the text have these lines? */
export function matches(patterns: readonly string[], text: string): boolean {
  const source = patterns
    .map((pattern) =>
      pattern === '...' ? '(?:[^\\n]*\\n)*' : `${pattern.split('*').map(quote).join('[^\\n]*')}\\n`,
    )
    .join('');
  return new RegExp(`^${source}$`).test(text);
}

function quote(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
