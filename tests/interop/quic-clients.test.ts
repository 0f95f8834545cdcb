import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from './peers/process.ts';
import { QUIC_CLIENTS } from './peers/quic/clients.ts';
import { PKI } from './pki.ts';
import { CLIENT_ROWS } from './quic-client-rows.ts';
import { run } from './sslshut.ts';

const BIN = new URL('../../bin/sslshut.js', import.meta.url).pathname;
const CERTIFICATE = ['--cert', PKI.certificate, '--key', PKI.key];

console.log(
  QUIC_CLIENTS.map(
    ({ name, version, from }) => `${name.padEnd(12)} ${version ?? `skipped: not found (${from})`}`,
  ).join('\n'),
);

it('has rows for every client', () => {
  expect(Object.keys(CLIENT_ROWS).sort()).toEqual(QUIC_CLIENTS.map(({ name }) => name).sort());
});

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the QUIC clients that are required here', () => {
  const missing = QUIC_CLIENTS.filter(({ version, optional }) => version === undefined && !optional);
  expect(missing.map(({ name }) => name)).toEqual([]);
});

describe.each(QUIC_CLIENTS)('serve quic, with $name', ({ name, from, version, build }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sslshut-quic-client-'));
  let line: ReturnType<typeof build> | undefined;
  beforeAll(() => {
    if (version !== undefined) line = build(folder);
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for(CLIENT_ROWS[name] ?? [])('$behaviour $serve, $words: $why', async (row, context) => {
    if (line === undefined) return context.skip(`${name} is not there (${from})`);
    const args = ['serve', 'quic', '-b', row.behaviour, '--json', ...CERTIFICATE, ...(row.serve ?? [])];
    const server = await start({
      command: process.execPath,
      args: [BIN, ...args, '--count', `${row.facts.length}`],
      ready: /"port":(\d+)/,
    });
    try {
      const [command, words] = line(server.port, row.words);
      const client = await run(command, words, 40_000);
      const said = `${client.stdout}\n${client.stderr}`;
      expect(said, server.output()).toMatch(new RegExp(row.says));
      const seen = () => connections(server.output());
      await expect.poll(seen, { timeout: 20_000 }).toHaveLength(row.facts.length);
      expect(seen(), `${said}\n${server.output()}`).toMatchObject(row.facts);
    } finally {
      await server.stop();
    }
    return undefined;
  });
});

type Close = { frameType: number; code: number; reason: string; space: string };

/** What the server said of each connection, in the order they came, with the client's first CONNECTION_CLOSE. */
function connections(output: string): Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{"event":"connection"'));
  const told = lines.map(
    (line) => JSON.parse(line) as { conn: string; facts: { quic: { closes: Close[] } } },
  );
  const inOrder = told.sort((a, b) => a.conn.localeCompare(b.conn));
  return inOrder.map(({ facts }) => ({ ...facts, close: facts.quic.closes[0] }));
}
