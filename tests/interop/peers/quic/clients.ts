import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PKI } from '../../pki.ts';
import { firstLine } from '../process.ts';
import { buildGo, buildPython, buildQuiche, buildRust } from './builds.ts';
import { QUIC_PEERS } from './index.ts';

export type CommandLine = readonly [command: string, args: readonly string[]];

/** A QUIC client: somebody's own, or one of ours on somebody's library. */
export type QuicClient = {
  name: string;
  from: string;
  version: string | undefined;
  optional: boolean;
  /** Builds what is to be built, there; gives the command line for a port, with words that differ from client to client. */
  build(folder: string): (port: number, words: readonly string[]) => CommandLine;
};

/** OpenSSL 3.5 is not in every distribution: a command that is it, words separated by spaces. */
const OPENSSL = (process.env.SSLSHUT_OPENSSL35 ?? 'openssl').split(' ');

export const QUIC_CLIENTS: readonly QuicClient[] = [
  {
    name: 'gtlsclient',
    from: 'Debian package ngtcp2-client',
    version: existsSync('/usr/bin/gtlsclient')
      ? firstLine('dpkg-query', ['-W', '-f', `\${Package} \${Version}`, 'ngtcp2-client'], /^ngtcp2.*/)
      : undefined,
    optional: false,
    build() {
      const dumps = ['--no-quic-dump', '--no-http-dump', '--exit-on-all-streams-close', '--timeout=5s'];
      return (port, words) => [
        'gtlsclient',
        [...dumps, ...words, '127.0.0.1', `${port}`, `https://${PKI.name}/`],
      ];
    },
  },
  {
    name: 's_client',
    from: 'OpenSSL 3.5, or the environment variable SSLSHUT_OPENSSL35',
    version: firstLine(OPENSSL[0] ?? '', [...OPENSSL.slice(1), 'version'], /OpenSSL (3\.[5-9]|[4-9]\.)\S+/),
    optional: true,
    // It reads on until its standard input is at its end; where it runs our certificates need not be found.
    build: () => (port) => [
      'sh',
      [
        '-c',
        '(printf "GET /\\r\\n"; sleep 2) | "$0" "$@"',
        ...OPENSSL,
        ...['s_client', '-quic', '-quiet', '-alpn', 'hq-interop', '-connect', `127.0.0.1:${port}`],
      ],
    ],
  },
  {
    name: 'quiche',
    ...availability('quiche'),
    build: (folder) => ours('node', [join(buildQuiche(folder), 'client.mjs')]),
  },
  {
    name: 'quic-go',
    ...availability('quic-go'),
    build: (folder) => ours(buildGo(folder, './client'), []),
  },
  {
    name: 'aioquic',
    ...availability('aioquic'),
    build: (folder) =>
      ours('env', [`PYTHONPATH=${buildPython(folder)}`, 'python3', join(folder, 'client.py')]),
  },
  {
    name: 'quinn',
    ...availability('quinn'),
    build: (folder) => ours(buildRust(folder, 'client'), []),
  },
];

/** The clients of ours take a port, the authority to trust, and words. */
const ours =
  (command: string, args: readonly string[]) =>
  (port: number, words: readonly string[]): CommandLine => [
    command,
    [...args, `${port}`, PKI.authority, ...words],
  ];

function availability(server: string): Pick<QuicClient, 'from' | 'version' | 'optional'> {
  const peer = QUIC_PEERS.find(({ name }) => name === server);
  if (peer === undefined) throw new Error(`there is no ${server}`);
  return { from: peer.from, version: peer.version(), optional: peer.optional === true };
}
