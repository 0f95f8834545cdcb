import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DTLS_PEERS } from './peers/dtls/index.ts';
import type { Running } from './peers/process.ts';
import { PKI } from './pki.ts';
import { report } from './sslshut.ts';

/** What one way of closing an association gives with this peer, and why. */
type Expectation = { mode: string; args: string[]; why: string; expect: Record<string, unknown> };

const EXPECTATIONS = new URL('expectations-dtls/', import.meta.url).pathname;
const found = new Map(DTLS_PEERS.map((peer) => [peer.name, peer.version()]));

console.log(
  DTLS_PEERS.map(
    ({ name, from }) => `${name.padEnd(12)} ${found.get(name) ?? `skipped: not found (${from})`}`,
  ).join('\n'),
);

const read = (name: string): { version: '1.2' | '1.3'; modes: Expectation[] } =>
  JSON.parse(readFileSync(join(EXPECTATIONS, `${name}.json`), 'utf8'));

it('expects something of every peer, in every mode', () => {
  expect(readdirSync(EXPECTATIONS).sort()).toEqual(DTLS_PEERS.map(({ name }) => `${name}.json`).sort());
  for (const { name } of DTLS_PEERS) {
    const modes = read(name).modes.map(({ mode }) => mode);
    expect(modes).toEqual(expect.arrayContaining(['full', 'rapid', 'wait-peer', 'resume']));
  }
});

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the peers that are required here', () => {
  const missing = DTLS_PEERS.filter(
    ({ name, optional }) => optional !== true && found.get(name) === undefined,
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

for (const peer of DTLS_PEERS) {
  const { version, modes } = read(peer.name);
  describe(`${peer.name}, DTLS ${version}`, () => {
    let running: Running | undefined;
    const folder = mkdtempSync(join(tmpdir(), 'sslshut-dtls-'));
    beforeAll(async () => {
      if (found.get(peer.name) !== undefined) running = await peer.start(folder);
    }, 600_000);
    afterAll(async () => {
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it.for(modes)('$mode', async ({ args, expect: expected, why }, context) => {
      if (running === undefined) return context.skip(`${peer.name} is not installed (${peer.from})`);
      const target = `127.0.0.1:${running.port}`;
      // A certificate made on the spot, by a peer that cannot be given one.
      const trust = peer.name === 'dimpl-dtls' ? ['--insecure'] : ['--ca', PKI.authority, '--sni', PKI.name];
      const words = ['dtls-close', '--dtls', version, ...trust, ...args, target];
      const { outcome, resumption, handshake, run } = await report(words);
      const facts = { ...outcome, ...(resumption === undefined ? {} : { resumption }) };
      expect(facts, `${why}\n${run.stdout}\n${running.output()}`).toMatchObject(expected);
      expect(handshake?.version).toBe(`DTLSv${version}`);
      expect(run.code).toBe(outcome.exitCode);
      return undefined;
    });
  });
}
