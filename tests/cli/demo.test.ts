import { expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';

it('the demo shows a timeline of each peer and tells their endings apart', async () => {
  const terminal = createFakeTerminal();
  expect(await run(['demo'], terminal)).toBe(0);
  const out = terminal.stdout();
  expect(out.match(/^== .*$/gm)).toHaveLength(10);
  expect(out.match(/^(clean|fin|reset|silent|peer-closed|stateless-reset|idle-timeout): /gm)).toEqual([
    'clean: ',
    'fin: ',
    'reset: ',
    'silent: ',
    'clean: ',
    'silent: ',
    'clean: ',
    'peer-closed: ',
    'stateless-reset: ',
    'idle-timeout: ',
  ]);
  expect(
    out
      .trimEnd()
      .split('\n')
      .slice(-10)
      .map((line) => line.split(/ {2,}/).at(-1)),
  ).toEqual([
    ...['clean', 'fin', 'reset', 'silent', 'clean', 'silent'],
    ...['clean', 'peer-closed', 'stateless-reset', 'idle-timeout'],
  ]);
  expect(terminal.stderr()).toBe('');
});
