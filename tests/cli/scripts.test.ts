import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { type Peer, startPeer } from './peers.ts';
import { matches, readCases, words } from './script.ts';

const folder = new URL('./scripts/', import.meta.url);
let peer: Peer | undefined;
afterEach(() => peer?.stop());

describe.each(readdirSync(folder))('%s', (file) => {
  it.each(readCases(readFileSync(new URL(file, folder), 'utf8')))('$title', async (example) => {
    peer = example.peer === undefined ? undefined : await startPeer(example.peer);
    const port = String(peer?.port ?? '');
    const terminal = createFakeTerminal({ env: example.env, tty: example.tty });
    const [, ...argv] = words(example.command.replaceAll('{port}', port));
    const exit = await run(argv, terminal);
    const filled = (lines: readonly string[]) => lines.map((line) => line.replaceAll('{port}', port));
    const seen = `${terminal.stdout()}--- stderr\n${terminal.stderr()}--- exit ${exit}`;
    expect.soft(matches(filled(example.out), terminal.stdout()), `standard output\n${seen}`).toBe(true);
    expect.soft(matches(filled(example.err), terminal.stderr()), `standard error\n${seen}`).toBe(true);
    expect(exit, seen).toBe(example.exit);
  });
});
