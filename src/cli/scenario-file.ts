import { UsageError } from '../driver/usage-error.ts';
import { readText } from '../io/files.ts';

/** What a scenario file holds, JSON or YAML. Throws UsageError that names line and column of a syntax error. */
export async function readScenarioFile(path: string): Promise<unknown> {
  const text = readText(path);
  const yaml = /\.ya?ml$/iu.test(path) || !/^\s*[{[]/u.test(text);
  return yaml ? fromYaml(path, text) : fromJson(path, text);
}

function fromJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const at = whereJsonStumbles(text);
    const before = text.slice(0, at).split('\n');
    const what = at >= text.length ? 'it ends too early' : `unexpected ${JSON.stringify(text[at])}`;
    const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
    throw new UsageError('bad-file', `${path}:${place}: not JSON: ${what}`);
  }
}

async function fromYaml(path: string, text: string): Promise<unknown> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) return document.toJS() as unknown;
  const { line, col } = lineCounter.linePos(error.pos[0]);
  throw new UsageError('bad-file', `${path}:${line}:${col}: not YAML: ${error.message}`);
}

/** The index of the character that can't be. JSON.parse does not always say it, but it tells an end that comes too early apart. */
function whereJsonStumbles(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const length = Math.floor((good + bad) / 2);
    if (stumbles(text.slice(0, length))) bad = length;
    else good = length;
  }
  return bad - 1;
}

/** Is there something wrong with it that more text could not mend? */
function stumbles(start: string): boolean {
  try {
    JSON.parse(start);
    return false;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/end of JSON input|unterminated/iu.test(message)) return false;
    const position = /position (\d+)/u.exec(message)?.[1];
    return position === undefined || Number(position) < start.length;
  }
}
