import { type ExplainResult, explainMessage, INPUT_LIMIT } from '../../catalog/explain/explain-message.ts';
import { SPACES } from '../../catalog/explain/explanation.ts';
import { UsageError } from '../../driver/usage-error.ts';
import { VERSION } from '../../driver/version.ts';
import { escapeJson } from '../../render/escape.ts';
import { toJson } from '../../render/json.ts';
import type { Command, Context } from '../command.ts';
import { explainLines } from '../explain-text.ts';
import { textOptions, toOutputOptions } from '../output.ts';
import { choice, textOf } from '../values.ts';
import { warn } from '../voice.ts';
import { explainSpec } from './explain-spec.ts';

export const explainCommand: Command = { spec: explainSpec, run: runExplain };

/** Gives 0 when something fits, 1 when nothing does. */
async function runExplain({ terminal, raw, arguments: words }: Context): Promise<number> {
  const output = toOutputOptions(raw);
  const space = textOf(raw, 'space');
  const alpn = textOf(raw, 'alpn');
  const options = {
    ...(space === undefined ? {} : { space: choice('--space', space, SPACES) }),
    ...(alpn === undefined ? {} : { alpn }),
  };
  const input =
    words.join(' ') === '-'
      ? fromInput(terminal.readInput(MOST_BYTES))
      : { text: words.join(' '), cut: false };
  if (input.text.trim() === '') {
    throw new UsageError(
      'bad-argument',
      'there is nothing to explain',
      'give a message or a code, or - for standard input',
    );
  }
  const result = explainMessage(input.text, options);
  const cut = input.cut || result.cut;
  if (cut) warn(terminal, `only the first ${INPUT_LIMIT / 1024} KiB were read`);
  terminal.out(
    output.format === 'json'
      ? escapeJson(toJson(report({ ...result, cut }, input.text.length)))
      : `${explainLines(result, await textOptions(terminal, output)).join('\n')}\n`,
  );
  return result.matched ? 0 : 1;
}

function fromInput(bytes: Uint8Array): { text: string; cut: boolean } {
  return { text: new TextDecoder().decode(bytes.subarray(0, INPUT_LIMIT)), cut: bytes.length > INPUT_LIMIT };
}

/** Keys stand in this order; what was given is not repeated but for the parts that matched. */
function report({ matched, cut, candidates, similarNames }: ExplainResult, characters: number): object {
  const tool = { name: 'sslshut', version: VERSION };
  return {
    schema: 'sslshut/1',
    command: 'explain',
    tool,
    input: { characters, cut },
    matched,
    candidates,
    similarNames,
  };
}

const MOST_BYTES = INPUT_LIMIT + 1;
