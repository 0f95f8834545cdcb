import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { PKI } from '../../pki.ts';
import { cleanEnvironment } from '../process.ts';
import { DTLS_PEERS } from './index.ts';

/** A DTLS client of ours on somebody's library. It is there where the server on the same library is. */
export type DtlsClient = {
  name: string;
  dtls: '1.2' | '1.3';
  from: string;
  version: string | undefined;
  optional: boolean;
  /** Builds it there; gives its command line for a port, and a way of ending (`close`, `wait`) with what else it is to do. */
  build(folder: string): (port: number, words: readonly string[]) => [command: string, args: string[]];
};

const here = (name: string): string => new URL(name, import.meta.url).pathname;

export const DTLS_CLIENTS: readonly DtlsClient[] = [
  {
    name: 'mbedtls',
    dtls: '1.2',
    ...availability('mbedtls-dtls'),
    build(folder) {
      const program = join(folder, 'mbedtls-client');
      const libraries = ['-lmbedtls', '-lmbedx509', '-lmbedcrypto'];
      execFileSync('gcc', ['-O1', '-o', program, here('mbedtls-client.c'), ...libraries]);
      return (port, words) => [program, [`${port}`, PKI.authority, ...words]];
    },
  },
  {
    name: 'pion',
    dtls: '1.2',
    ...availability('pion-dtls'),
    build(folder) {
      cpSync(here('pion'), folder, { recursive: true });
      const program = join(folder, 'pion-client');
      const env = { ...cleanEnvironment(), GOFLAGS: '-mod=mod' };
      execFileSync('go', ['build', '-o', program, './client'], { cwd: folder, env });
      return (port, words) => [program, [`${port}`, PKI.authority, ...words]];
    },
  },
  {
    name: 'dimpl',
    dtls: '1.3',
    ...availability('dimpl-dtls'),
    build(folder) {
      cpSync(here('dimpl'), folder, { recursive: true });
      const args = ['build', '--quiet', '--locked', '--bin', 'client'];
      execFileSync('cargo', args, { cwd: folder, env: cleanEnvironment() });
      return (port, words) => [join(folder, 'target/debug/client'), [`${port}`, ...words]];
    },
  },
];

function availability(server: string): Pick<DtlsClient, 'from' | 'version' | 'optional'> {
  const peer = DTLS_PEERS.find(({ name }) => name === server);
  if (peer === undefined) throw new Error(`there is no ${server}`);
  return { from: peer.from, version: peer.version(), optional: peer.optional === true };
}
