import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that compile without Node's types and must not know the time, chance or the locale. */
export const PURE = [
  'timeline',
  'wire',
  'crypto',
  'proto',
  'shutdown',
  'driver',
  'catalog',
  'exchange',
  'render',
  'sim',
] as const;

/** A node of the syntax tree, as far as the house cares. */
export type Node = { type: string; start: number; end: number } & { readonly [key: string]: unknown };

export type Source = {
  /** From the project's root, with slashes: "src/wire/reader.ts". */
  path: string;
  text: string;
  program: Node;
  comments: readonly { value: string; start: number }[];
};

export function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  return { path, text, program: parsed.program as unknown as Node, comments: parsed.comments };
}

/** Every parsed file below a folder whose name has one of the endings. */
export function readSources(folder: string, endings: readonly string[] = ['.ts']): Source[] {
  return listFiles(folder)
    .filter((path) => endings.some((ending) => path.endsWith(ending)) && !path.endsWith('.d.ts'))
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** Paths of all files below a folder, from the project's root, sorted. */
export function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name).replaceAll('\\', '/');
      if (entry.isFile()) return [path];
      return entry.isDirectory() && !SKIPPED.has(entry.name) ? listFiles(path) : [];
    })
    .sort();
}

/** Visits every node below (and including) this one, parents first. */
export function walk(node: Node, visit: (node: Node, parents: readonly Node[]) => void): void {
  const parents: Node[] = [];
  const descend = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) descend(item);
    } else if (isNode(value)) {
      visit(value, parents);
      parents.push(value);
      for (const key of Object.keys(value)) descend(value[key]);
      parents.pop();
    }
  };
  descend(node);
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

export function lineOf(source: Source, offset: number): number {
  return source.text.slice(0, offset).split('\n').length;
}

export type Import = {
  specifier: string;
  /** Only types cross: nothing is loaded at run time. */
  typeOnly: boolean;
  how: 'import' | 'export' | 'dynamic' | 'type';
  start: number;
};

/** Everything a file names as another module: imports, re-exports, import() and the import('…') type. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  walk(source.program, (node) => {
    const specifier = moduleOf(node);
    if (specifier === undefined) return;
    found.push({ specifier, ...manner(node), start: node.start });
  });
  return found;
}

/** The file a relative specifier means, from the project's root; undefined for a package or a builtin. */
export function resolveImport(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? join(dirname(path), specifier).replaceAll('\\', '/') : undefined;
}

function moduleOf(node: Node): string | undefined {
  if (!IMPORTING.has(node.type) || !isNode(node.source)) return undefined;
  return typeof node.source.value === 'string' ? node.source.value : '(computed)';
}

function manner(node: Node): Pick<Import, 'typeOnly' | 'how'> {
  if (node.type === 'ImportExpression') return { typeOnly: false, how: 'dynamic' };
  if (node.type === 'TSImportType') return { typeOnly: true, how: 'type' };
  const how = node.type === 'ImportDeclaration' ? 'import' : 'export';
  const kind = how === 'import' ? 'importKind' : 'exportKind';
  const specifiers = (node.specifiers ?? []) as readonly Node[];
  const inline = specifiers.length > 0 && specifiers.every((one) => one[kind] === 'type');
  return { typeOnly: node[kind] === 'type' || inline, how };
}

const SKIPPED = new Set(['node_modules', '.git']);

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);
