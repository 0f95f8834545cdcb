import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { PKI } from '../../pki.ts';
import { cleanEnvironment, firstLine, freePort, type Running, start } from '../process.ts';

/** A real DTLS server that can be started on a free loopback port. */
export type DtlsPeer = {
  name: string;
  from: string;
  version(): string | undefined;
  optional?: true;
  start(folder: string): Promise<Running>;
};

const here = (name: string): string => new URL(name, import.meta.url).pathname;

export const DTLS_PEERS: readonly DtlsPeer[] = [
  {
    name: 'openssl-dtls',
    from: 'Debian package openssl',
    version: () => firstLine('openssl', ['version']),
    start: async () => {
      const port = await freePort();
      const files = ['-cert', PKI.certificate, '-cert_chain', PKI.intermediate, '-key', PKI.key];
      const args = ['s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, ...files];
      return withPort(port, await start({ command: 'openssl', args, ready: /ACCEPT/ }));
    },
  },
  {
    name: 'gnutls-dtls',
    from: 'Debian package gnutls-bin',
    version: () => firstLine('gnutls-serv', ['--version'], /gnutls-serv \S+/),
    start: async () => {
      const port = await freePort();
      const files = ['--x509certfile', PKI.certificate, '--x509keyfile', PKI.key];
      const args = ['--udp', '--echo', '--disable-client-cert', '--port', `${port}`, ...files];
      return withPort(port, await start({ command: 'gnutls-serv', args, ready: /listening/i }));
    },
  },
  {
    name: 'mbedtls-dtls',
    from: 'gcc and the Debian package libmbedtls-dev',
    version: () =>
      existsSync('/usr/include/mbedtls/ssl_cookie.h') && firstLine('gcc', ['--version']) !== undefined
        ? firstLine(
            'sh',
            ['-c', 'grep MBEDTLS_VERSION_STRING_FULL /usr/include/mbedtls/version.h'],
            /mbed \S+ \d[\d.]+/,
          )
        : undefined,
    start: (folder) => {
      const program = join(folder, 'mbedtls-server');
      const libraries = ['-lmbedtls', '-lmbedx509', '-lmbedcrypto'];
      execFileSync('gcc', ['-O1', '-o', program, here('mbedtls-server.c'), ...libraries]);
      return start({ command: program, args: [PKI.certificate, PKI.key], ready: /port (\d+)/ });
    },
  },
  {
    name: 'pion-dtls',
    from: 'the Go toolchain, and its module proxy',
    optional: true,
    version: () => firstLine('go', ['version'], /go\d\S+/),
    start: async (folder) => {
      cpSync(here('pion'), folder, { recursive: true });
      const program = join(folder, 'pion-server');
      execFileSync('go', ['build', '-o', program, '.'], {
        cwd: folder,
        env: { ...cleanEnvironment(), GOFLAGS: '-mod=mod' },
      });
      return start({ command: program, args: [PKI.certificate, PKI.key], ready: /port (\d+)/ });
    },
  },
  {
    name: 'dimpl-dtls',
    from: 'the Rust toolchain, and crates.io',
    optional: true,
    version: () => firstLine('cargo', ['--version'], /cargo \S+/),
    start: (folder) => {
      cpSync(here('dimpl'), folder, { recursive: true });
      execFileSync('cargo', ['build', '--quiet', '--locked'], { cwd: folder, env: cleanEnvironment() });
      const program = join(folder, 'target/debug/dimpl-server');
      return start({ command: program, args: [], ready: /port (\d+)/ });
    },
  },
];

function withPort(port: number, running: Running): Running {
  return { ...running, port };
}
