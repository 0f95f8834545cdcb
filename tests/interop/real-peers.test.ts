import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_PEERS } from './peers/commands.ts';
import { COMPILED_PEERS } from './peers/compiled.ts';
import { DAEMON_PEERS } from './peers/daemons.ts';
import type { Tls } from './peers/peer.ts';
import type { Running } from './peers/process.ts';
import { PKI } from './pki.ts';
import { report } from './sslshut.ts';

/** What one way of closing gives with this peer, and why. */
type Expectation = {
  mode: string;
  args: string[];
  why: string;
  expect: Record<Tls, Record<string, unknown>>;
};

const PEERS = [...COMMAND_PEERS, ...DAEMON_PEERS, ...COMPILED_PEERS];
const VERSIONS: readonly Tls[] = ['1.2', '1.3'];
const EXPECTATIONS = new URL('expectations/', import.meta.url).pathname;
const found = new Map(PEERS.map((peer) => [peer.name, peer.version()]));

console.log(
  PEERS.map(
    ({ name, from }) => `${name.padEnd(12)} ${found.get(name) ?? `skipped: not found (${from})`}`,
  ).join('\n'),
);

const expectations = (name: string): Expectation[] =>
  (JSON.parse(readFileSync(join(EXPECTATIONS, `${name}.json`), 'utf8')) as { modes: Expectation[] }).modes;

it('expects something of every peer, in every mode', () => {
  expect(readdirSync(EXPECTATIONS).sort()).toEqual(PEERS.map(({ name }) => `${name}.json`).sort());
  for (const { name } of PEERS) {
    const modes = expectations(name);
    expect(modes.map(({ mode }) => mode)).toEqual(
      expect.arrayContaining(['full', 'rapid', 'wait-peer', 'resume']),
    );
    for (const { why } of modes) expect(why.length).toBeGreaterThan(20);
  }
});

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the peers that are required here', () => {
  expect(
    PEERS.filter(({ name, optional }) => optional !== true && found.get(name) === undefined).map(
      ({ name }) => name,
    ),
  ).toEqual([]);
});

for (const peer of PEERS) {
  describe.each(VERSIONS)(`${peer.name}, TLS %s`, (tls) => {
    let running: Running | undefined;
    const folder = mkdtempSync(join(tmpdir(), 'sslshut-peer-'));
    beforeAll(async () => {
      if (found.get(peer.name) !== undefined) running = await peer.start(tls, folder);
    });
    afterAll(async () => {
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it.for(expectations(peer.name))('$mode', async ({ args, expect: expected, why }, context) => {
      if (running === undefined) return context.skip(`${peer.name} is not installed (${peer.from})`);
      const target = `127.0.0.1:${running.port}`;
      const { outcome, resumption, handshake, run } = await report([
        ...['tls-close', '--tls', tls, '--ca', PKI.authority, '--sni', PKI.name],
        ...args,
        target,
      ]);
      const { ...facts } = { ...outcome, ...(resumption === undefined ? {} : { resumption }) };
      expect(facts, `${why}\n${run.stdout}\n${running.output()}`).toMatchObject(expected[tls]);
      expect(handshake?.version).toBe(`TLSv${tls}`);
      expect(run.code).toBe(outcome.exitCode);
      return undefined;
    });
  });
}
