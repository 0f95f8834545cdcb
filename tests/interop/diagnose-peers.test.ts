import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Diagnosis, diagnose, type TimelineEvent } from '../../src/index.ts';
import { COMMAND_PEERS } from './peers/commands.ts';
import { COMPILED_PEERS } from './peers/compiled.ts';
import { DAEMON_PEERS } from './peers/daemons.ts';
import type { Tls } from './peers/peer.ts';
import type { Running } from './peers/process.ts';
import { PKI } from './pki.ts';

// Real servers, rightly configured: every warning and failure of `diagnose` is written down, with its clause, the events that prove it,
// and why the server does so. A finding that is not there fails the run, and so does one that went away.

type Noted = { check: string; rule: string; clause: string; evidence: readonly string[] };
type Expectation = {
  why: Readonly<Record<string, string>>;
  findings: Readonly<Record<Tls, readonly Noted[]>>;
};

const PEERS = [...COMMAND_PEERS, ...DAEMON_PEERS, ...COMPILED_PEERS];
const FOLDER = new URL('expectations-diagnose/', import.meta.url);
const expectation = (name: string): Expectation =>
  JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Expectation;

/** "local alert close_notify", "peer transport.fin" */
function spelled(event: TimelineEvent): string {
  const by = 'by' in event ? `${event.by} ` : '';
  return `${by}${event.kind}${event.kind === 'alert' ? ` ${event.descriptionName}` : ''}`;
}

function noted({ versions }: Diagnosis): Noted[] {
  return versions.flatMap(({ checks }) =>
    checks.flatMap(({ check, findings }) =>
      findings
        .filter(({ grade }) => grade === 'warn' || grade === 'fail')
        .map(({ rule, grade, clause, evidence }) => ({
          check,
          rule: `${rule} ${grade}`,
          clause,
          evidence: evidence.map(spelled),
        })),
    ),
  );
}

it('has something written down of every peer, and a reason for each finding', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(PEERS.map(({ name }) => `${name}.json`).sort());
  for (const { name } of PEERS) {
    const { why, findings } = expectation(name);
    const checks = new Set(Object.values(findings).flatMap((all) => all.map(({ check }) => check)));
    expect([...checks].sort(), name).toEqual(Object.keys(why).sort());
    for (const reason of Object.values(why)) expect(reason.length).toBeGreaterThan(20);
  }
});

for (const peer of PEERS) {
  describe.each(['1.2', '1.3'] as const)(`${peer.name}, TLS %s`, (tls) => {
    let running: Running | undefined;
    const folder = mkdtempSync(join(tmpdir(), 'sslshut-diagnose-'));
    beforeAll(async () => {
      if (peer.version() !== undefined) running = await peer.start(tls, folder);
    });
    afterAll(async () => {
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('shows what is written down', async (context) => {
      if (running === undefined) return context.skip(`${peer.name} is not installed (${peer.from})`);
      const diagnosis = await diagnose({
        target: { host: '127.0.0.1', port: running.port },
        versions: [tls],
        ca: readFileSync(PKI.authority, 'utf8'),
        sni: PKI.name,
        repeat: 2,
        // Some of them serve one client at a time.
        concurrency: 1,
      });
      expect(diagnosis.stopped, running.output()).toBeUndefined();
      expect(noted(diagnosis), JSON.stringify(diagnosis, undefined, 1)).toEqual(
        expectation(peer.name).findings[tls],
      );
      return undefined;
    });
  });
}
