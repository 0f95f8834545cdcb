import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Running } from './peers/process.ts';
import { QUIC_PEERS } from './peers/quic/index.ts';
import { postRequest } from './peers/quic/post-request.ts';
import { quicFacts } from './peers/quic/report.ts';
import { PKI } from './pki.ts';
import { sslshut } from './sslshut.ts';

/** What one way of ending a connection gives with this peer, and why; `log`: what the peer says of it, as a pattern. */
type Expectation = {
  mode: string;
  server?: 'retry';
  args: string[];
  why: string;
  expect: Record<string, unknown>;
  log?: string;
};
/** `without`: the modes that this peer has nothing for, and why. */
type Expectations = { modes: Expectation[]; without: Record<string, string> };

const EXPECTATIONS = new URL('expectations-quic/', import.meta.url).pathname;
const MODES = [
  ...['full', 'rapid', 'no-stream-flush', 'wait-peer', 'transport-error', 'vanish', 'linger', 'idle-timeout'],
  ...['close-in-initial', 'close-in-handshake', 'refused', 'reset-stream', 'their-reset'],
  ...['resume', 'retry', 'v2', 'key-update', 'one-mebibyte'],
];
const found = new Map(QUIC_PEERS.map((peer) => [peer.name, peer.version()]));

console.log(
  QUIC_PEERS.map(
    ({ name, from }) => `${name.padEnd(12)} ${found.get(name) ?? `skipped: not found (${from})`}`,
  ).join('\n'),
);

const read = (name: string): Expectations =>
  JSON.parse(readFileSync(join(EXPECTATIONS, `${name}.json`), 'utf8'));

it('expects something of every peer, in every mode', () => {
  expect(readdirSync(EXPECTATIONS).sort()).toEqual(QUIC_PEERS.map(({ name }) => `${name}.json`).sort());
  for (const { name } of QUIC_PEERS) {
    const { modes, without } = read(name);
    const covered = [...modes.map(({ mode }) => mode), ...Object.keys(without)];
    expect(covered.sort(), name).toEqual([...MODES].sort());
  }
});

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the peers that are required here', () => {
  const missing = QUIC_PEERS.filter(
    ({ name, optional }) => optional !== true && found.get(name) === undefined,
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

const data = randomBytes(1 << 20);
const files = mkdtempSync(join(tmpdir(), 'sslshut-quic-files-'));
writeFileSync(join(files, '1MiB'), data);
writeFileSync(join(files, 'post-1MiB'), postRequest({ authority: PKI.name, path: '/1048576', body: data }));
afterAll(() => rmSync(files, { recursive: true, force: true }));
const filled = (text: string): string =>
  text.replaceAll('{files}', files).replaceAll('{sha256}', createHash('sha256').update(data).digest('hex'));

for (const peer of QUIC_PEERS) {
  const { modes } = read(peer.name);
  describe(peer.name, () => {
    const running = new Map<string | undefined, Running>();
    const folder = mkdtempSync(join(tmpdir(), 'sslshut-quic-'));
    beforeAll(async () => {
      if (found.get(peer.name) === undefined) return;
      const begin = peer.build(folder);
      running.set(undefined, await begin([]));
      running.set('retry', await begin(['retry']));
    }, 600_000);
    afterAll(async () => {
      await Promise.all([...running.values()].map((one) => one.stop()));
      rmSync(folder, { recursive: true, force: true });
    });

    it.for(modes)('$mode', async ({ args, server, expect: expected, why, log }, context) => {
      const one = running.get(server);
      if (one === undefined) return context.skip(`${peer.name} is not installed (${peer.from})`);
      const before = one.output().length;
      const said = (): string => one.output().slice(before);
      const words = ['quic-close', '--ca', PKI.authority, '--sni', PKI.name, ...args.map(filled)];
      const run = await sslshut([...words, '--json', `127.0.0.1:${one.port}`]);
      const facts = quicFacts(run);
      expect(facts, `${why}\n${run.stdout}\n${said()}`).toMatchObject(expected);
      expect(run.code).toBe(facts.exitCode);
      if (log !== undefined) {
        await expect.poll(said, { timeout: 10_000, message: why }).toMatch(new RegExp(filled(log)));
      }
      return undefined;
    });
  });
}
