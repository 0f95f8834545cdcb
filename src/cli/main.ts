import { VERSION } from '../driver/version.ts';
import { createProcessTerminal } from './process-terminal.ts';
import { run } from './program.ts';
import { confess } from './voice.ts';

/*
 * The bundle's entry. The exit code is set by hand: sockets that are still closing must not keep a finished program alive.
 */
const terminal = createProcessTerminal();
const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  terminal.out(`${VERSION}\n`);
} else {
  const recent: Parameters<typeof run>[2] = [];
  process.on('uncaughtException', (error) => {
    confess(terminal, error, recent);
    process.exit(70);
  });
  void run(argv, terminal, recent).then((code) => process.exit(code));
}
