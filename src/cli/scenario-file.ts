import { UsageError } from '../driver/usage-error.ts';
import { readText } from '../io/files.ts';

/** What a scenario file holds, JSON or YAML. Throws UsageError that names line and column of a syntax error. */
export async function readScenarioFile(path: string): Promise<unknown> {
  const text = readText(path);
  if (!/\.ya?ml$/iu.test(path)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // JSON is YAML too, and the YAML parser knows where it stumbled.
      if (/^\s*[{[]/u.test(text)) throw await syntaxError(path, text, 'JSON');
    }
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  if (document.errors.length > 0) throw await syntaxError(path, text, 'YAML');
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}

async function syntaxError(path: string, text: string, language: 'JSON' | 'YAML'): Promise<UsageError> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) {
    const { line, col } = lineCounter.linePos(strictJsonPosition(text));
    return new UsageError(
      'bad-file',
      `${path}:${line}:${col}: not JSON, though it would be YAML`,
      'name it .yaml',
    );
  }
  const { line, col } = lineCounter.linePos(error.pos[0]);
  return new UsageError('bad-file', `${path}:${line}:${col}: not ${language}: ${firstLine(error.message)}`);
}

/** Where JSON.parse gave up, as far as it says. */
function strictJsonPosition(text: string): number {
  try {
    JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/u.exec(error instanceof Error ? error.message : '')?.[1];
    if (at !== undefined) return Number(at);
  }
  return 0;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
