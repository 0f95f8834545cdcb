import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { type Peer, startPeer } from './peers.ts';

let peer: Peer | undefined;
afterEach(() => peer?.stop());
const folder = mkdtempSync(join(tmpdir(), 'sslshut-quic-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function close(behaviour: string, ...options: string[]): Promise<{ code: number; out: string }> {
  peer = await startPeer(`quic ${behaviour}`);
  const terminal = createFakeTerminal();
  const code = await run(['quic-close', '--insecure', ...options, `127.0.0.1:${peer.port}`], terminal);
  return { code, out: terminal.stdout() };
}

it('puts everything that only QUIC can say of an end into outcome.quic', async () => {
  const { code, out } = await close('code-max', '--json', '--code', '7', '--reason', 'bye');
  expect(code).toBe(1);
  const { command, outcome, handshake, findings, timeline } = JSON.parse(out);
  expect(command).toBe('quic-close');
  expect(handshake).toMatchObject({ version: 'TLSv1.3', alpn: 'h3' });
  expect(findings).toEqual([]);
  expect(outcome).toMatchObject({ class: 'peer-closed', closedFirst: 'peer', exitCode: 1 });
  expect(outcome.quic).toMatchObject({
    version: 1,
    peerCloses: expect.any(Array),
    spacingMs: expect.any(Array),
    bytesWritten: expect.any(Number),
    bytesAcknowledged: expect.any(Number),
    bytesUnacknowledged: expect.any(Number),
    idle: { localMs: 30_000, peerMs: 30_000, effectiveMs: 30_000 },
    token: 'none',
    rttMs: expect.any(Number),
    ptoMs: expect.any(Number),
    closingMs: expect.any(Number),
    closingFormula: expect.stringMatching(/^3 × PTO = /),
    threeRttMs: expect.any(Number),
    datagramsWhileClosing: expect.any(Number),
    datagramsAfterClose: 0,
  });
  expect(outcome.quic.peerCloses[0]).toMatchObject({
    ...{ frameType: 0x1d, code: '4611686018427387903', codeName: '0x3fffffffffffffff' },
    ...{ reason: 'as large as codes get', space: 'application', packet: expect.any(Number) },
  });
  const first = timeline.find((event: { kind: string }) => event.kind === 'close');
  expect(first).toMatchObject({ by: 'peer', frameType: 29, layer: 'application', copy: 1 });
});

it('has our own close with its copies, code and frame type', async () => {
  const { out } = await close('well-behaved', '--json', '--code', 'h3_internal_error', '--reason', 'bye');
  expect(JSON.parse(out).outcome.quic.localClose).toMatchObject({
    ...{ frameType: 29, code: 258, codeName: 'H3_INTERNAL_ERROR', reason: 'bye', copies: 1 },
  });
});

it('prints events as they happen, from run to outcome, and nothing that could end the connection', async () => {
  const { out } = await close('well-behaved', '--ndjson', '--rapid');
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events[0]).toMatchObject({ kind: 'run', schema: 'sslshut/1', command: 'quic-close' });
  expect(events.at(-1)).toMatchObject({ kind: 'outcome', outcome: { class: 'not-observed' } });
  const kinds = new Set(events.map(({ kind }) => kind));
  for (const kind of ['packet', 'close', 'connection-state', 'transport-parameters', 'stream-data', 'rtt']) {
    expect(kinds).toContain(kind);
  }
  expect(kinds).not.toContain('secret');
  expect(out).toContain('"stateless_reset_token":"present"');
});

it('writes a key log that Wireshark reads', async () => {
  const keylog = join(folder, 'keys');
  const { code } = await close('well-behaved', '--rapid', '--quiet', '--keylog', keylog);
  expect(code).toBe(0);
  const labels = readFileSync(keylog, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ')[0]);
  for (const label of ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_TRAFFIC_SECRET_0']) {
    expect(labels).toContain(label);
  }
  expect(statSync(keylog).mode & 0o777).toBe(0o600);
});
