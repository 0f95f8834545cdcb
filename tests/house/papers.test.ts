import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { duplicates, foreignWords, manPageProblems, targetProblems, unmappedFolders } from './papers.ts';
import { isNode, listFiles, ROOT, readSources, walk } from './source.ts';

type Manifest = {
  version: string;
  man: string[];
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
};

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;

/** What .gitignore leaves out, and git's own. */
const UNTRACKED = /^(\.git|dist|tests\/\.out)\/|\.tgz$/;

describe('the map', () => {
  it('names every folder of src/', () => {
    const folders = new Set(listFiles('src').flatMap((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? []));
    expect(unmappedFolders([...folders], read('ARCHITECTURE.md'))).toEqual([]);
  });

  it('is found wanting when it does not', () => {
    expect(unmappedFolders(['wire', 'io'], 'the wire, and `src/io/`')).toEqual(['wire']);
  });
});

describe('package.json', () => {
  it('lists the man pages there are', () => {
    expect(manPageProblems(manifest.man, listFiles('man'))).toEqual([]);
  });

  it('points at things that exist or are built', () => {
    const targets = [
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap((one) =>
        typeof one === 'string' ? one : Object.values(one),
      ),
    ];
    const tree = ['package.json', ...listFiles('src'), ...listFiles('bin')];
    expect(targetProblems(targets, tree)).toEqual([]);
  });

  it('has the version that the change log begins with', () => {
    expect(/^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(manifest.version);
  });

  it('is checked by checks that see a lack', () => {
    expect(manPageProblems(['man/a.1', 'man/b.1'], ['man/b.1', 'man/c.1'])).toEqual([
      'man/a.1 is listed but missing',
      'man/c.1 is not listed',
    ]);
    expect(targetProblems(['./dist/lib/index.js', './dist/lib/a.d.ts'], ['src/index.ts'])).toEqual([
      './dist/lib/a.d.ts',
    ]);
  });
});

describe('the catalogue', () => {
  it('gives no id twice', () => {
    const ids = readSources('src/catalog').flatMap(({ path, program }) => {
      const kind = path.split('/')[2] ?? '';
      const found: string[] = [];
      walk(program, (node) => {
        if (node.type !== 'ObjectExpression' || !Array.isArray(node.properties)) return;
        const values = new Map<unknown, unknown>(
          node.properties.filter(isNode).map(({ key, value }) => [isNode(key) ? key.name : '', value]),
        );
        // A rule of a check is called by its name within the check.
        if (values.has('when')) return;
        const id = values.get('id');
        if (isNode(id) && typeof id.value === 'string') found.push(`${kind} ${id.value}`);
      });
      return found;
    });
    expect(ids.length).toBeGreaterThan(8);
    expect(duplicates(ids)).toEqual([]);
  });

  it('would be caught giving one', () => {
    expect(duplicates(['tls/a', 'tls/b', 'tls/a', 'tls/a'])).toEqual(['tls/a']);
  });
});

describe('tracked files', () => {
  it('say nothing of the place where they were written', () => {
    const paths = listFiles('.').filter((path) => !UNTRACKED.test(path));
    expect(paths).toContain('README.md');
    expect(paths.flatMap((path) => foreignWords(path, read(path)))).toEqual([]);
  });

  it('would be caught saying it', () => {
    expect(foreignWords('a.ts', `see /wo${'rk'}/main`)).toHaveLength(1);
  });
});
