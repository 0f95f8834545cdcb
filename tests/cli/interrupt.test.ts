import { afterEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { type Peer, startPeer } from './peers.ts';

let peer: Peer | undefined;
afterEach(() => peer?.stop());

const CLOSE = ['tls-close', '--ca', 'fixtures/certs/root.pem'];

async function interrupted(signal: 'SIGINT' | 'SIGTERM', ...options: string[]) {
  peer = await startPeer('silent');
  const terminal = createFakeTerminal();
  const running = run([...CLOSE, ...options, `localhost:${peer.port}`], terminal);
  await peer.closedByClient;
  terminal.abort(signal);
  return { code: await running, out: terminal.stdout(), err: terminal.stderr() };
}

describe('a close that is interrupted while the peer is silent', () => {
  it('shows what there was, and exits with 130', async () => {
    const { code, out, err } = await interrupted('SIGINT');
    expect(code).toBe(130);
    expect(err).toBe('');
    expect(out).toContain('→ alert close_notify');
    expect(out).toContain('interrupted by SIGINT');
    expect(out).toMatch(/^interrupted: /m);
  });

  it('exits with 143 after SIGTERM', async () => {
    const { code, out } = await interrupted('SIGTERM', '--quiet');
    expect(code).toBe(143);
    expect(out).toMatch(/^interrupted: .*SIGTERM/);
  });

  it('ends its JSON lines with the outcome', async () => {
    const { out } = await interrupted('SIGINT', '--ndjson');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ kind: 'run', schema: 'sslshut/1' });
    expect(events.at(-1)).toMatchObject({
      kind: 'outcome',
      outcome: { class: 'interrupted', exitCode: 130 },
    });
  });
});
