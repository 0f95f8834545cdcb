import { describe, expect, it } from 'vitest';
import { FILE_LINES, FUNCTION_LINES, fileSizes, sizeProblems } from './sizes.ts';
import { parseSource, readSources } from './source.ts';

const sources = [...readSources('src'), ...readSources('bin', ['.js']), ...readSources('scripts', ['js'])];

describe('sizes', () => {
  it('stay small', () => {
    const largest = fileSizes(sources).slice(0, 10);
    console.log(largest.map(({ what, lines }) => `${String(lines).padStart(5)} ${what}`).join('\n'));
    expect(sources.flatMap(sizeProblems)).toEqual([]);
  });

  const lines = (count: number): string => 'f();\n'.repeat(count);

  it.each([
    ['a long file', lines(FILE_LINES + 1)],
    ['a long function', `function a() {\n${lines(FUNCTION_LINES)}}`],
    ['a long arrow', `const a = () => {\n${lines(FUNCTION_LINES)}};`],
    ['a long method', `const o = { a() {\n${lines(FUNCTION_LINES)}} };`],
    ['a long inner function', `function a() {\nconst b = () => {\n${lines(FUNCTION_LINES)}};\n}`],
    ['a huge factory', `function a() {\n${`const b = () => {\n${lines(45)}};\n`.repeat(5)}}`],
  ])('refuse %s', (_, text) => {
    expect(sizeProblems(parseSource('src/wire/a.ts', text))).toHaveLength(1);
  });

  it('count what is inside inner functions once', () => {
    const text = `function a() {\n${`const b = () => {\n${lines(30)}};\n`.repeat(3)}}`;
    expect(sizeProblems(parseSource('src/wire/a.ts', text))).toEqual([]);
  });
});
