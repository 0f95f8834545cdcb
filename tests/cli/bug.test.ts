import { expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { startPeer } from './peers.ts';

it('a bug of ours is confessed: what broke, the last events, exit code 70', async () => {
  const peer = await startPeer('tls leaf-p256');
  const terminal = createFakeTerminal({
    onOut: () => {
      throw new TypeError('the output is haunted');
    },
  });
  const recent: TimelineEvent[] = [];
  const argv = ['tls-close', '--ca', 'fixtures/certs/root.pem', `localhost:${peer.port}`];
  expect(await run(argv, terminal, recent)).toBe(70);
  await peer.stop();
  const lines = terminal.stderr().split('\n');
  expect(lines[0]).toBe('sslshut: error: this is a bug in sslshut, please report it with the lines below');
  expect(lines[1]).toBe('TypeError: the output is haunted');
  expect(terminal.stderr()).toMatch(/^last 20 events:$/m);
  expect(terminal.stderr()).toMatch(/^ {2}\{"seq":\d+,.*"kind":"outcome"/m);
  expect(terminal.stderr()).not.toContain('"kind":"secret"');
});
