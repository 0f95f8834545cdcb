import { isNode, lineOf, type Node, type Source, walk } from './source.ts';

/**
 * What a pure file may not reach for although the language's own library has it: time, chance, the locale, the global
 * object, promises. (Node's and the browser's globals are compile errors there.)
 */
export function purityProblems(source: Source): string[] {
  const problems: string[] = [];
  walk(source.program, (node, parents) => {
    const parent = parents.at(-1);
    const problem = ambient(node, parent) ?? waiting(node);
    if (problem !== undefined) problems.push(`${source.path}:${lineOf(source, node.start)} ${problem}`);
  });
  return problems;
}

function ambient(node: Node, parent: Node | undefined): string | undefined {
  if (node.type === 'Identifier' && isReference(node, parent)) {
    const name = String(node.name);
    if (BANNED.has(name)) return name;
    if (name === 'Math' || name === 'Date') return clockOrChance(name, node, parent);
  }
  if (node.type === 'MemberExpression' && LOCALE.has(propertyOf(node))) return `.${propertyOf(node)}`;
  return undefined;
}

/** Math and Date are fine for what they compute from arguments; not for what they know by themselves. */
function clockOrChance(name: string, node: Node, parent: Node | undefined): string | undefined {
  if (parent?.type === 'NewExpression' && parent.callee === node) {
    return (parent.arguments as readonly Node[]).length === 0 ? 'new Date()' : undefined;
  }
  if (parent?.type === 'MemberExpression' && parent.object === node) {
    const property = propertyOf(parent);
    return property === '' || property === 'random' || property === 'now' ? `${name}.${property}` : undefined;
  }
  return `${name} as a value`;
}

function waiting(node: Node): string | undefined {
  if (node.async === true) return 'async';
  if (node.type === 'AwaitExpression') return 'await';
  if (node.type === 'ImportExpression') return 'import()';
  if (node.type === 'TSTypeReference' && isNode(node.typeName) && node.typeName.name === 'Promise') {
    return 'Promise';
  }
  return undefined;
}

/** A use of a variable: not a property's name, not a key. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return true;
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed === true;
  if (parent.type === 'Property') return parent.value === node || parent.computed === true;
  return !parent.type.startsWith('TS') || parent.type === 'TSNonNullExpression';
}

function propertyOf(member: Node): string {
  const { property } = member;
  if (!isNode(property)) return '';
  if (member.computed === true) return property.type === 'Literal' ? String(property.value) : '';
  return String(property.name);
}

const BANNED = new Set([
  'globalThis',
  'performance',
  'eval',
  'Function',
  'Promise',
  'Intl',
  'WeakRef',
  'FinalizationRegistry',
  'Atomics',
  'SharedArrayBuffer',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Buffer',
  'console',
]);

const LOCALE = new Set([
  'toLocaleString',
  'toLocaleDateString',
  'toLocaleTimeString',
  'toLocaleUpperCase',
  'toLocaleLowerCase',
  'localeCompare',
  'getTimezoneOffset',
]);
