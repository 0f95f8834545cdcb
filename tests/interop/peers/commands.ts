import { PKI } from '../pki.ts';
import type { Peer } from './peer.ts';
import { firstLine, freePort, start } from './process.ts';

const here = (name: string): string => new URL(name, import.meta.url).pathname;

/** Servers that are started by one command and need no configuration. */
export const COMMAND_PEERS: readonly Peer[] = [
  sServer('openssl-www', ['-www']),
  sServer('openssl-rev', ['-rev']),
  {
    name: 'gnutls-http',
    from: 'Debian package gnutls-bin',
    version: () => firstLine('gnutls-serv', ['--version'], /gnutls-serv \S+/),
    start: async (tls) => {
      const port = await freePort();
      const priority = `NORMAL:-VERS-ALL:+VERS-TLS${tls}`;
      const files = ['--x509certfile', PKI.certificate, '--x509keyfile', PKI.key];
      const args = ['--http', '--port', `${port}`, '--priority', priority, ...files];
      return start({ command: 'gnutls-serv', args, port, ready: /listening/i });
    },
  },
  {
    name: 'node-tls',
    from: 'Node itself',
    version: () => `Node ${process.version}, OpenSSL ${process.versions.openssl}`,
    start: (tls) =>
      start({
        command: process.execPath,
        args: [here('tls-server.mjs'), PKI.certificate, PKI.key, tls],
        ready: /port (\d+)/,
      }),
  },
  {
    name: 'python-ssl',
    from: 'Debian package python3',
    version: () =>
      firstLine('python3', [
        '-c',
        'import ssl, sys; print("Python", sys.version.split()[0], ssl.OPENSSL_VERSION)',
      ]),
    start: (tls) =>
      start({
        command: 'python3',
        args: [here('ssl-server.py'), PKI.certificate, PKI.key, tls],
        ready: /port (\d+)/,
      }),
  },
];

function sServer(name: string, mode: readonly string[]): Peer {
  return {
    name,
    from: 'Debian package openssl',
    version: () => firstLine('openssl', ['version']),
    start: (tls) =>
      start({
        command: 'openssl',
        args: [
          's_server',
          ...[
            '-accept',
            '127.0.0.1:0',
            '-cert',
            PKI.certificate,
            '-cert_chain',
            PKI.intermediate,
            '-key',
            PKI.key,
          ],
          ...mode,
          tls === '1.2' ? '-tls1_2' : '-tls1_3',
        ],
        ready: /ACCEPT 127\.0\.0\.1:(\d+)/,
      }),
  };
}
