import { expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';

it('the demo shows a timeline of each peer and tells their endings apart', async () => {
  const terminal = createFakeTerminal();
  expect(await run(['demo'], terminal)).toBe(0);
  const out = terminal.stdout();
  expect(out.match(/^== .*$/gm)).toHaveLength(6);
  expect(out.match(/^(clean|fin|reset|silent): /gm)).toEqual([
    'clean: ',
    'fin: ',
    'reset: ',
    'silent: ',
    'clean: ',
    'silent: ',
  ]);
  expect(
    out
      .trimEnd()
      .split('\n')
      .slice(-6)
      .map((line) => line.split(/ {2,}/).at(-1)),
  ).toEqual(['clean', 'fin', 'reset', 'silent', 'clean', 'silent']);
  expect(terminal.stderr()).toBe('');
});
