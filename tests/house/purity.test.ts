import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { purityProblems } from './purity.ts';
import { PURE, parseSource, ROOT, readSources } from './source.ts';

type Config = {
  extends?: string;
  include?: string[];
  exclude?: string[];
  compilerOptions?: Record<string, unknown>;
};

const readConfig = (path: string): Config => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Config;

describe('pure folders', () => {
  it.each(PURE)('src/%s takes the common options as they are', (folder) => {
    const config = readConfig(`src/${folder}/tsconfig.json`);
    expect(config).toEqual({ extends: '../../tsconfig.base.json', include: ['./**/*.ts'] });
  });

  it('are compiled without the types of any runtime, strictly', () => {
    expect(readConfig('tsconfig.base.json').compilerOptions).toMatchObject({
      types: [],
      lib: ['ES2023'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
    });
  });

  it('are all folders of src/ but io, api and cli', () => {
    const folders = new Set(readSources('src').flatMap(({ path }) => /^src\/(\w+)\//.exec(path)?.[1] ?? []));
    const impure = [...folders].filter((folder) => !(PURE as readonly string[]).includes(folder));
    expect(impure.filter((folder) => !['io', 'api', 'cli'].includes(folder))).toEqual([]);
    expect(PURE.filter((folder) => !existsSync(join(ROOT, 'src', folder)))).toEqual([]);
  });

  it.each(PURE)('src/%s knows neither time nor chance', (folder) => {
    expect(readSources(`src/${folder}`).flatMap(purityProblems)).toEqual([]);
  });
});

describe('what purity refuses', () => {
  it.each([
    'const t = Date.now();',
    'const { now } = Date;',
    "const t = Date['now']();",
    'const t = new Date();',
    'const t = Date();',
    'const r = Math.random();',
    'const { random } = Math;',
    "const r = Math['random']();",
    'const r = Math[name]();',
    'const t = performance.now();',
    'const g = globalThis;',
    'const g = { globalThis };',
    'setTimeout(f, 1);',
    'async function f() {}',
    'const f = async () => 1;',
    'const p = Promise.resolve(1);',
    'let p: Promise<number>;',
    "const m = import('./b.ts');",
    "const s = (1).toLocaleString('de');",
    'const c = a.localeCompare(b);',
    'const n = new Intl.NumberFormat();',
  ])('%s', (text) => {
    expect(purityProblems(parseSource('src/wire/a.ts', text))).not.toEqual([]);
  });

  it.each([
    'const t = new Date(ms).toISOString();',
    'const m = Math.max(1, Math.imul(2, 3));',
    'const t = Date.UTC(2026, 1, 1);',
    'const o = { process: 1, now: 2, Date: 3 }; o.process; o.now;',
    'function process(a: number) { return a; }',
  ])('and allows %s', (text) => {
    expect(purityProblems(parseSource('src/wire/a.ts', text))).toEqual([]);
  });
});
