import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PKI } from '../../pki.ts';
import { firstLine, freePort, type Running, start } from '../process.ts';
import { buildGo, buildPython, buildQuiche, buildRust } from './builds.ts';
import { answersDatagrams } from './ready.ts';

/** Starts it on a free loopback port; `retry`: it validates addresses first. */
export type StartQuicPeer = (words: readonly 'retry'[]) => Promise<Running>;

/** A real QUIC implementation as a server. */
export type QuicPeer = {
  /** Also the name of its file of expectations. */
  name: string;
  from: string;
  version(): string | undefined;
  /** Not installed by `.ci/run`, and not missed by it. */
  optional?: true;
  /** Builds what is to be built, in an empty folder that is taken away afterwards. */
  build(folder: string): StartQuicPeer;
};

export const QUIC_PEERS: readonly QuicPeer[] = [
  {
    name: 'ngtcp2',
    from: 'Debian package ngtcp2-server',
    version: () =>
      firstLine('dpkg-query', ['-W', '-f', `\${Package} \${Version}`, 'ngtcp2-server'], /^ngtcp2.*/),
    build(folder) {
      writeFileSync(join(folder, 'index.html'), 'hello from ngtcp2\n');
      return async (words) => {
        const port = await freePort();
        const options = [
          ...(words.includes('retry') ? ['-V'] : []),
          '--no-quic-dump',
          '--no-http-dump',
          '-d',
          folder,
        ];
        const args = [...options, '127.0.0.1', `${port}`, PKI.key, PKI.certificate];
        const running = await start({ command: 'gtlsserver', args, port, ready: /^/ });
        await answersDatagrams(port);
        return running;
      };
    },
  },
  {
    name: 'quiche',
    from: 'npm package @matrixai/quic-linux-x64, for Linux on x64',
    version: () =>
      process.platform === 'linux' && process.arch === 'x64'
        ? firstLine('npm', ['--version'], /^\d\S+/)?.replace(/^/, '0.18.0, by npm ')
        : undefined,
    build: (folder) => ours('node', [join(buildQuiche(folder), 'server.mjs')]),
  },
  {
    name: 'quic-go',
    from: 'the Go toolchain, and its module proxy',
    optional: true,
    version: () => firstLine('go', ['version'], /go\d\S+/),
    build: (folder) => ours(buildGo(folder, '.'), []),
  },
  {
    name: 'aioquic',
    from: 'python3 with pip, and PyPI',
    optional: true,
    version: () => firstLine('python3', ['-m', 'pip', '--version'], /^pip \S+/),
    build: (folder) =>
      ours('env', [`PYTHONPATH=${buildPython(folder)}`, 'python3', join(folder, 'server.py')]),
  },
  {
    name: 'quinn',
    from: 'the Rust toolchain, and crates.io',
    optional: true,
    version: () => firstLine('cargo', ['--version'], /cargo \S+/),
    build: (folder) => ours(buildRust(folder, 'quinn-peer'), []),
  },
];

/** The servers of ours take a certificate, a key and words, and say their port. */
const ours =
  (command: string, args: readonly string[]): StartQuicPeer =>
  (words) =>
    start({ command, args: [...args, PKI.certificate, PKI.key, ...words], ready: /port (\d+)/ });
