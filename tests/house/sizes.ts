import { lineOf, type Node, type Source, walk } from './source.ts';

export const FILE_LINES = 400;
/** A function's own lines: those of functions inside it are counted for themselves. */
export const FUNCTION_LINES = 60;
/** A function with everything inside it (a factory of closures). */
const FACTORY_LINES = 200;

export type Size = { what: string; lines: number };

export function fileSizes(sources: readonly Source[]): Size[] {
  return sources
    .map(({ path, text }) => ({ what: path, lines: text.trimEnd().split('\n').length }))
    .sort((a, b) => b.lines - a.lines);
}

export function sizeProblems(source: Source): string[] {
  const problems: string[] = [];
  const [file] = fileSizes([source]);
  if (file !== undefined && file.lines > FILE_LINES) problems.push(`${source.path}: ${file.lines} lines`);
  for (const { node, own, whole } of functionSizes(source)) {
    const where = `${source.path}:${lineOf(source, node.start)} ${nameOf(node)}`;
    if (own > FUNCTION_LINES) problems.push(`${where}: ${own} lines of its own`);
    else if (whole > FACTORY_LINES) problems.push(`${where}: ${whole} lines in all`);
  }
  return problems;
}

function functionSizes(source: Source): { node: Node; own: number; whole: number }[] {
  const sizes = new Map<Node, { node: Node; own: number; whole: number }>();
  walk(source.program, (node, parents) => {
    if (!FUNCTIONS.has(node.type)) return;
    const whole = lineOf(source, node.end) - lineOf(source, node.start) + 1;
    sizes.set(node, { node, own: whole, whole });
    const outer = parents.findLast((parent) => FUNCTIONS.has(parent.type));
    const outerSize = outer === undefined ? undefined : sizes.get(outer);
    // The line that holds the inner function's head stays the outer one's.
    if (outerSize !== undefined) outerSize.own -= whole - 1;
  });
  return [...sizes.values()];
}

function nameOf(node: Node): string {
  const { id } = node as unknown as { id?: { name?: string } | null };
  return id?.name ?? '(function)';
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
