import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PKI } from '../pki.ts';
import type { Peer } from './peer.ts';
import { cleanEnvironment, firstLine, start } from './process.ts';

/** Servers that are compiled on the spot, where their toolchain happens to be: never required. */
export const COMPILED_PEERS: readonly Peer[] = [
  {
    name: 'go-tls',
    optional: true,
    from: 'the Go toolchain',
    version: () => firstLine('go', ['version'], /go\d\S+/),
    start: async (tls, folder) => {
      const program = join(folder, 'server');
      const source = new URL('server.go', import.meta.url).pathname;
      execFileSync('go', ['build', '-o', program, source], {
        env: { ...cleanEnvironment(), GOFLAGS: '-mod=mod', GO111MODULE: 'off' },
      });
      return start({ command: program, args: [PKI.certificate, PKI.key, tls], ready: /port (\d+)/ });
    },
  },
];
