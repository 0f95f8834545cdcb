import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/driver/version.ts';
import { type Peer, startPeer } from './peers.ts';

/** What only a process can show: signals, closed pipes, exit codes as the shell sees them. */
const folder = join('tests', '.out', `cli-${process.pid}`);
const main = join(folder, 'main.cjs');
let peer: Peer | undefined;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: ['src/cli/main.ts'],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    minifyWhitespace: true,
    logLevel: 'error',
  });
});
afterEach(() => peer?.stop());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLOSE = ['tls-close', '--ca', 'fixtures/certs/root.pem'];

function start(...argv: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ending(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

describe('the bundle', () => {
  it('is ASCII: with a code cache it is read as Latin-1', () => {
    const strange = readFileSync(main, 'utf8')
      .split('\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII is looked for
      .filter((line) => !/^[\x00-\x7f]*$/.test(line));
    expect(strange).toEqual([]);
  });
});

describe('the process', () => {
  it('shows its version', async () => {
    expect(await ending(start('--version'))).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });

  it('exits with 2 and a hint on a usage error', async () => {
    const { code, out, err } = await ending(start('tls-close', '--rapd', 'localhost'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('did you mean --rapid?');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('shows what it has seen on %s, and exits with %i', async (signal, exit) => {
    peer = await startPeer('silent');
    const child = start(...CLOSE, `localhost:${peer.port}`);
    const ended = ending(child);
    await peer.closedByClient;
    child.kill(signal);
    const { code, out } = await ended;
    expect(code).toBe(exit);
    expect(out).toContain('alert close_notify');
    expect(out).toContain(`interrupted by ${signal}`);
  });

  it('ends quietly with 0 when nobody reads its output', async () => {
    peer = await startPeer('silent');
    const child = start(...CLOSE, '--ndjson', `localhost:${peer.port}`);
    child.stdout?.destroy();
    const { code, err } = await ending(child);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('does not outlive a finished close', async () => {
    peer = await startPeer('tls leaf-p256');
    const { code, out } = await ending(start(...CLOSE, '--quiet', `localhost:${peer.port}`));
    expect(code).toBe(0);
    expect(out).toMatch(/^clean: /);
  });
});
