import { importsOf, lineOf, type Source, walk } from './source.ts';

/** Ways around the compiler and things left for later: none of them stays in the tree. */
export function mannersProblems(source: Source): string[] {
  const problems: string[] = [];
  const add = (start: number, what: string): void => {
    problems.push(`${source.path}:${lineOf(source, start)} ${what}`);
  };
  for (const { value, start } of source.comments) {
    const words = COMMENT.exec(value);
    if (words !== null) add(start, `comment says ${words[0]}`);
  }
  walk(source.program, (node) => {
    if (node.type === 'TSAnyKeyword') add(node.start, 'any');
    if (node.type === 'TSNonNullExpression' && source.path.startsWith('src/')) add(node.start, 'non-null !');
    if (node.type === 'DebuggerStatement') add(node.start, 'debugger');
    const skipped = skippedTest(node as never);
    if (skipped !== undefined) add(node.start, skipped);
  });
  for (const { specifier, start } of importsOf(source)) {
    if (source.path.startsWith('src/') && /(^|\/)tests\//.test(specifier)) add(start, 'imports a test');
  }
  return problems;
}

type Call = {
  type: string;
  callee?: { type: string; object?: { name?: string }; property?: { name?: string } };
  arguments?: readonly { type: string; value?: unknown }[];
};

/** it.skip, it.todo, it.only and their like; `context.skip('why')` is how a test says that it cannot run here. */
function skippedTest(node: Call): string | undefined {
  const { callee } = node;
  if (callee?.type !== 'MemberExpression') return undefined;
  const [subject, verb] = [callee.object?.name ?? '', callee.property?.name ?? ''];
  if (/^(it|test|describe|suite)$/.test(subject) && /^(skip|todo|only|fails|skipIf)$/.test(verb)) {
    return `${subject}.${verb}`;
  }
  const isContext = /^(context|ctx|task)$/.test(subject) && verb === 'skip';
  return isContext && (node.arguments ?? []).length === 0 ? 'a skip without a reason' : undefined;
}

// Taken apart, so that this file passes its own check.
const COMMENT = new RegExp(
  ['@ts-(ignore|expect-error|nocheck)', 'TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|'),
);
