import { describe, expect, it } from 'vitest';
import { cycles, LADDER, ladderProblems } from './ladder.ts';
import { parseSource, readSources } from './source.ts';

const sources = readSources('src');

describe('the import ladder', () => {
  it('holds for every file of src/', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(ladderProblems(sources)).toEqual([]);
  });

  it('has a rung for every folder', () => {
    const rooms = new Set(sources.map(({ path }) => path.split('/')[1]));
    expect([...rooms].filter((room) => room === undefined || !(room in LADDER))).toEqual([]);
  });

  it('has no circles, not even of types', () => {
    expect(cycles(sources)).toEqual([]);
  });
});

describe('what the ladder refuses', () => {
  it.each([
    ['src/timeline/a.ts', "import { b } from '../wire/b.ts';"],
    ['src/timeline/a.ts', "import type { b } from '../wire/b.ts';"],
    ['src/wire/a.ts', "export { b } from '../driver/b.ts';"],
    ['src/wire/a.ts', "const b = import('../driver/b.ts');"],
    ['src/wire/a.ts', "let b: import('../driver/b.ts').B;"],
    ['src/wire/a.ts', 'const b = import(where);'],
    ['src/shutdown/a.ts', "import { b } from '../proto/b.ts';"],
    ['src/shutdown/a.ts', "import { type b, c } from '../proto/b.ts';"],
    ['src/catalog/a.ts', "import { b } from '../driver/b.ts';"],
    ['src/proto/handshake/a.ts', "import type { b } from '../tls/b.ts';"],
    ['src/proto/tls/a.ts', "import type { b } from '../quic/b.ts';"],
    ['src/render/a.ts', "import chalk from 'chalk';"],
    ['src/crypto/a.ts', "import { createHash } from 'node:crypto';"],
    ['src/io/a.ts', "import { x } from 'commander';"],
    ['src/io/a.ts', "import { x } from '../cli/main.ts';"],
    ['src/index.ts', "import { x } from './cli/main.ts';"],
    ['src/wire/a.ts', "import { b } from './b.js';"],
    ['src/unheard/a.ts', 'export const a = 1;'],
    ['src/wire/a.ts', 'export default 1;'],
    ['src/wire/a.ts', "export * from './b.ts';"],
    ['src/wire/a.ts', "export { b } from './b.ts';"],
  ])('%s: %s', (path, text) => {
    expect(ladderProblems([parseSource(path, text)])).not.toEqual([]);
  });

  it.each([
    ['src/shutdown/a.ts', "import type { b } from '../proto/b.ts'; import { type c } from '../proto/c.ts';"],
    ['src/proto/tls/a.ts', "import { b } from '../handshake/b.ts'; import { c } from '../core.ts';"],
    ['src/crypto/a.ts', "import { b } from '@noble/curves/nist.js';"],
    ['src/io/a.ts', "import net from 'node:net';"],
    ['src/index.ts', "export { b } from './driver/b.ts';"],
    ['src/cli/commands/a.ts', "import { Command } from 'commander'; import { x } from '../../index.ts';"],
  ])('and allows %s: %s', (path, text) => {
    expect(ladderProblems([parseSource(path, text)])).toEqual([]);
  });

  it('finds a circle through a type and an import()', () => {
    const circle = [
      parseSource('src/wire/a.ts', "import type { B } from './b.ts';"),
      parseSource('src/wire/b.ts', "const c = import('./c.ts');"),
      parseSource('src/wire/c.ts', "let a: import('./a.ts').A;"),
    ];
    expect(cycles(circle)).toEqual(['src/wire/a.ts → src/wire/b.ts → src/wire/c.ts → src/wire/a.ts']);
  });
});
