import { UsageError } from '../driver/usage-error.ts';
import { VERSION } from '../driver/version.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import type { Command } from './command.ts';
import { overview } from './overview.ts';
import type { PeerCommandName } from './peer-commands.ts';
import { quickParse } from './quick-parse.ts';
import { pageWidth, type Terminal } from './terminal.ts';
import { confess, fail } from './voice.ts';

/**
 * Runs one command line; gives the exit code. Nothing is thrown: what the user got wrong is said in a line (2), what we
 * got wrong in a report (70). `recent` is filled with the newest events on the way.
 */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  recent: TimelineEvent[] = [],
): Promise<number> {
  try {
    return await dispatch(argv, terminal, recent);
  } catch (error) {
    if (isUsageError(error)) {
      fail(terminal, error.message, error.hint);
      return 2;
    }
    confess(terminal, error, recent);
    return 70;
  }
}

async function dispatch(
  argv: readonly string[],
  terminal: Terminal,
  recent: TimelineEvent[],
): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    terminal.err(overview(pageWidth(terminal)));
    return 2;
  }
  if (first === '--version' || first === '-V') {
    terminal.out(`${VERSION}\n`);
    return 0;
  }
  if (first === '--help' || first === '-h') {
    terminal.out(overview(pageWidth(terminal)));
    return 0;
  }
  if (first === 'help') return help(rest[0], terminal);
  if (first.startsWith('-')) {
    throw new UsageError(
      'bad-option',
      `${first} without a command`,
      `options follow the command: ${knownCommands()}`,
    );
  }
  const command = await load(first);
  const plain = quickParse(command.spec, rest);
  if (plain !== undefined) return command.run({ terminal, ...plain, recent });
  const { parse } = await import('./parse.ts');
  const parsed = parse(command.spec, rest, pageWidth(terminal));
  if (parsed.kind === 'help') {
    terminal.out(parsed.text);
    return 0;
  }
  return command.run({ terminal, arguments: parsed.arguments, raw: parsed.raw, recent });
}

async function help(name: string | undefined, terminal: Terminal): Promise<number> {
  const width = pageWidth(terminal);
  if (name === undefined) {
    terminal.out(overview(width));
  } else {
    const { helpText } = await import('./parse.ts');
    terminal.out(helpText((await load(name)).spec, width));
  }
  return 0;
}

async function load(name: string): Promise<Command> {
  const loader = COMMANDS[name];
  if (loader !== undefined) return loader();
  const near = Object.keys(COMMANDS).find((known) => known.replace('-', '').includes(name.replace('-', '')));
  throw new UsageError(
    'bad-command',
    `there is no command ${JSON.stringify(name)}; there are ${knownCommands()}`,
    near === undefined ? undefined : `did you mean sslshut ${near}?`,
  );
}

function knownCommands(): string {
  return `${Object.keys(COMMANDS).join(', ')}, help`;
}

/** By name too: in the bundle, a part that is loaded apart has classes of its own. Unusable PEM is the user's as well. */
function isUsageError(error: unknown): error is UsageError {
  return error instanceof UsageError || (error instanceof Error && USER_ERRORS.includes(error.name));
}

const USER_ERRORS = ['UsageError', 'CredentialError'];

async function peerCommand(name: PeerCommandName): Promise<Command> {
  const { PEER_COMMANDS } = await import('./peer-commands.ts');
  return PEER_COMMANDS[name]();
}

/** Loaded when called: a command pays for itself only. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  'tls-close': async () => (await import('./commands/tls-close.ts')).tlsCloseCommand,
  'dtls-close': async () => (await import('./commands/dtls-close.ts')).dtlsCloseCommand,
  'quic-close': async () => (await import('./commands/quic-close.ts')).quicCloseCommand,
  diagnose: async () => (await import('./commands/diagnose.ts')).diagnoseCommand,
  serve: () => peerCommand('serve'),
  run: () => peerCommand('run'),
  demo: () => peerCommand('demo'),
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
};
