import { describe, expect, it } from 'vitest';
import { mannersProblems } from './manners.ts';
import { parseSource, readSources } from './source.ts';

const sources = [
  ...readSources('src'),
  ...readSources('tests'),
  ...readSources('fixtures'),
  ...readSources('bin', ['.js']),
  ...readSources('scripts', ['js']),
];

describe('manners', () => {
  it('are kept everywhere', () => {
    expect(sources.flatMap(mannersProblems)).toEqual([]);
  });

  const later = 'TO' + 'DO';
  it.each([
    'const a: any = 1;',
    'const a = b as any;',
    'const a = b!;',
    'debugger;',
    `// ${later}: later`,
    '// @ts-ignore',
    '/* @ts-expect-error because */',
    "it.skip('a', () => {});",
    "describe.only('a', () => {});",
    "test.todo('a');",
    'it("a", (context) => { context.skip(); });',
    "import { a } from '../../tests/a.ts';",
  ])('and %s is found', (text) => {
    expect(mannersProblems(parseSource('src/wire/a.ts', text))).not.toEqual([]);
  });

  it('a skip that says why is allowed', () => {
    const text = 'it("a", (context) => { context.skip("nginx is not installed"); });';
    expect(mannersProblems(parseSource('tests/interop/a.test.ts', text))).toEqual([]);
  });
});
