import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { columns } from '../../src/render/escape.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { type Peer, startPeer } from './peers.ts';

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer('tls leaf-p256');
});
afterAll(() => peer.stop());

async function close(options: readonly string[], terminal = createFakeTerminal()) {
  const argv = ['tls-close', '--ca', 'fixtures/certs/root.pem', ...options, `localhost:${peer.port}`];
  const code = await run(argv, terminal);
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}
const ESC = '\x1b[';

describe('colours', () => {
  it('are there on a terminal, and not elsewhere', async () => {
    expect((await close([], createFakeTerminal({ tty: true }))).out).toContain(ESC);
    expect((await close([])).out).not.toContain(ESC);
  });

  it('follow NO_COLOR, and --color before it', async () => {
    const quietly = () => createFakeTerminal({ tty: true, env: { NO_COLOR: '1' } });
    expect((await close([], quietly())).out).not.toContain(ESC);
    expect((await close(['--color', 'always'], quietly())).out).toContain(ESC);
    expect((await close(['--color', 'never'], createFakeTerminal({ tty: true }))).out).not.toContain(ESC);
  });
});

describe('the page', () => {
  it('fits 60 columns', async () => {
    const { out } = await close([], createFakeTerminal({ columns: 60 }));
    expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(60);
    expect(out).toMatch(/^clean: /m);
  });

  it('is ASCII in a locale without UTF-8', async () => {
    const { out } = await close([], createFakeTerminal({ env: { LANG: 'C' } }));
    expect(out).toMatch(/^[\n\x20-\x7e]*$/);
    expect(out).toContain('<- alert close_notify');
  });

  it('fits one screen', async () => {
    expect((await close([])).out.split('\n').length).toBeLessThan(24);
  });
});

describe('--json', () => {
  it('is one object with the keys that are promised', async () => {
    const { out, err, code } = await close(['--json']);
    const report = JSON.parse(out);
    expect(report).toMatchObject({
      schema: 'sslshut/1',
      command: 'tls-close',
      target: `localhost:${peer.port}`,
      handshake: { completed: true, version: 'TLSv1.3' },
      outcome: { class: 'clean', exitCode: 0 },
    });
    expect(report.tool).toHaveProperty('crypto');
    expect(report.calls.map((call: { fn: string }) => call.fn)).toContain('SSL_shutdown');
    expect(report.findings).toBeInstanceOf(Array);
    expect(report.timeline[0]).toMatchObject({ kind: 'run' });
    expect([err, code]).toEqual(['', 0]);
  });

  it('carries no bytes and no secrets unless asked, and warns when it does', async () => {
    const { out } = await close(['--json']);
    expect(out).not.toContain('"secret"');
    expect(out).not.toContain('"data"');
    const asked = await close(['--json', '--with-keys', '--with-bytes']);
    expect(asked.out).toContain('"kind": "secret"');
    expect(JSON.parse(asked.out).timeline).toContainEqual(
      expect.objectContaining({ kind: 'transport.bytes', data: expect.stringMatching(/^16030/) }),
    );
    expect(asked.err).toContain('sslshut: warning: the output carries secrets (--with-keys)');
  });

  it('counts outcomes when repeated', async () => {
    const { out } = await close(['--json', '--repeat', '3']);
    expect(JSON.parse(out)).toMatchObject({ distribution: { clean: 3 }, runs: [{}, {}, {}] });
  });
});

describe('--repeat', () => {
  it('says how often each class came', async () => {
    expect((await close(['--repeat', '3', '--quiet'])).out).toBe('3 clean\n');
    expect((await close(['--repeat', '2'])).out).toMatch(
      /^1 {2}clean: [\s\S]*\n2 {2}clean: [\s\S]*\n\n2 clean\n$/,
    );
  });
});

describe('--all-addresses', () => {
  it('gives an object per line', async () => {
    const { out } = await close(['--all-addresses', '--json', '-4']);
    const objects = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.map((one) => one.outcome.class)).toEqual(['clean']);
  });
});

describe('the key log', () => {
  it('is appended to, private, and warned of', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sslshut-')), 'keys');
    const { err } = await close(['--keylog', path]);
    expect(err).toBe(
      `sslshut: warning: secrets go to ${path} (--keylog): who has them can read this traffic\n`,
    );
    const first = readFileSync(path, 'utf8');
    expect(first).toMatch(/^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/m);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await close([], createFakeTerminal({ env: { SSLKEYLOGFILE: path } }));
    expect(readFileSync(path, 'utf8').startsWith(first)).toBe(true);
    expect(readFileSync(path, 'utf8').length).toBeGreaterThan(first.length);
  });
});
