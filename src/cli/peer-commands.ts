import type { Command } from './command.ts';

/**
 * The commands that bring a peer of their own. In the build they are a bundle apart, with everything they need: what
 * `tls-close` never runs should not be read when it starts (BENCH.md).
 */
export type PeerCommandName = 'serve' | 'run' | 'demo';

export const PEER_COMMANDS: Readonly<Record<PeerCommandName, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
};
