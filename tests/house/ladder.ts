import { importsOf, lineOf, resolveImport, type Source } from './source.ts';

/** What a folder may import. A name with `types:` before it: types only. */
type Rung = { folders: readonly string[]; packages?: readonly string[]; node?: boolean };

const EVERYTHING = [
  'timeline',
  'wire',
  'crypto',
  'proto',
  'shutdown',
  'driver',
  'exchange',
  'catalog',
  'render',
  'sim',
  'io',
];

/** The import ladder of ARCHITECTURE.md. */
export const LADDER: Readonly<Record<string, Rung>> = {
  timeline: { folders: [] },
  wire: { folders: ['timeline'] },
  crypto: { folders: ['wire'], packages: ['@noble/*'] },
  proto: { folders: ['crypto', 'wire', 'timeline'] },
  shutdown: { folders: ['types:proto', 'timeline'] },
  exchange: { folders: ['wire', 'timeline'] },
  driver: { folders: ['shutdown', 'proto', 'exchange', 'wire', 'timeline'] },
  catalog: { folders: ['types:driver', 'exchange', 'wire', 'timeline'] },
  render: { folders: ['wire', 'timeline'] },
  sim: { folders: ['driver', 'types:proto', 'crypto', 'wire', 'timeline'] },
  io: {
    folders: ['driver', 'types:proto', 'crypto', 'wire', 'timeline'],
    packages: ['undici', '@peculiar/asn1-schema', '@peculiar/asn1-x509'],
    node: true,
  },
  api: { folders: EVERYTHING },
  'index.ts': { folders: [...EVERYTHING, 'api'] },
  cli: {
    folders: [...EVERYTHING, 'api', 'index.ts'],
    packages: ['commander', 'chalk', 'ora', 'yaml'],
    node: true,
  },
};

/** Inside proto: one handshake under three record layers that do not know each other. */
const PROTO: Readonly<Record<string, readonly string[]>> = {
  handshake: ['handshake'],
  tls: ['tls', 'handshake'],
  dtls: ['dtls', 'handshake'],
  quic: ['quic', 'handshake'],
};

/** Imports that the ladder does not allow, barrels and default exports, as lines for people. */
export function ladderProblems(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...importProblems(source), ...shapeProblems(source)]);
}

function importProblems(source: Source): string[] {
  const from = roomOf(source.path);
  const rung = LADDER[from];
  if (rung === undefined) return [`${source.path}: "${from}" is not on the ladder`];
  return importsOf(source).flatMap(({ specifier, typeOnly, start }) => {
    const target = resolveImport(source.path, specifier);
    const ok =
      target === undefined
        ? packageAllowed(rung, specifier)
        : roomAllowed(from, rung, roomOf(target), typeOnly) && protoAllowed(source.path, target);
    const extension = target === undefined || target.endsWith('.ts') ? [] : [`needs its .ts: '${specifier}'`];
    const problems = ok ? extension : [`may not ${typeOnly ? 'import types of' : 'import'} '${specifier}'`];
    return problems.map((problem) => `${source.path}:${lineOf(source, start)} ${problem}`);
  });
}

function shapeProblems(source: Source): string[] {
  const problems: string[] = [];
  for (const { how, start } of importsOf(source)) {
    if (how === 'export' && source.path !== 'src/index.ts') {
      problems.push(`${source.path}:${lineOf(source, start)} re-exports: only src/index.ts may`);
    }
  }
  for (const node of source.program.body as readonly { type: string; start: number }[]) {
    if (node.type === 'ExportDefaultDeclaration') {
      problems.push(`${source.path}:${lineOf(source, node.start)} default export`);
    }
  }
  return problems;
}

/** "wire" for src/wire/reader.ts, "index.ts" for src/index.ts. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

function roomAllowed(from: string, rung: Rung, to: string, typeOnly: boolean): boolean {
  return to === from || rung.folders.includes(to) || (typeOnly && rung.folders.includes(`types:${to}`));
}

function protoAllowed(path: string, target: string): boolean {
  const [from, to] = [path, target].map((one) => /^src\/proto\/(\w+)\//.exec(one)?.[1]);
  return from === undefined || to === undefined || (PROTO[from] ?? []).includes(to);
}

function packageAllowed(rung: Rung, specifier: string): boolean {
  if (specifier.startsWith('node:')) return rung.node === true;
  return (rung.packages ?? []).some((name) =>
    name.endsWith('/*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name,
  );
}

/** Circles of files that import each other, types included: each as "a → b → a". */
export function cycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source).flatMap(({ specifier }) => resolveImport(source.path, specifier) ?? []),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) found.push([...trail.slice(seenAt), path].join(' → '));
    if (seenAt >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
