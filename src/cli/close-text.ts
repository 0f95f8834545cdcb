import type { TlsCloseResult } from '../index.ts';
import { fitRow, plainStyle, type Row } from '../render/layout.ts';
import { type TextOptions, toText } from '../render/text.ts';
import { verdictTone } from '../render/verdict-text.ts';
import { OUTCOME_CLASSES } from '../timeline/outcome.ts';

/** A result for the terminal: its timeline, or, of several runs, a line for each, the worst one whole, and the count. */
export function closeLines(result: TlsCloseResult, options: TextOptions, quiet: boolean): string[] {
  const { runs } = result;
  const fitAll = (rows: readonly Row[]): string[] =>
    rows.flatMap((row) => fitRow(row, { style: plainStyle, ...options }));
  // One line, whatever its length: it is made for grep and logs.
  const oneLine = (row: Row): string[] =>
    fitRow(row, { style: plainStyle, ...options, width: Number.MAX_SAFE_INTEGER });
  if (runs.length <= 1) return quiet ? oneLine(headline(result)) : toText(result.events, options);
  if (quiet) return oneLine(distribution(result));
  const digits = String(runs.length).length;
  const each = runs.map((run, index): Row => {
    const row = headline(run);
    return { ...row, lead: [{ text: `${String(index + 1).padStart(digits)}  `, tone: 'faint' }] };
  });
  const worst = runs.findIndex((run) => run.events === result.events);
  const sections = [fitAll(each)];
  if (result.exitCode !== 0) {
    const title: Row = { body: [{ text: `run ${worst + 1}, the worst:`, tone: 'strong' }] };
    sections.push([...fitAll([title]), '', ...toText(result.events, options)]);
  }
  sections.push(fitAll([distribution(result)]));
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function headline(run: Pick<TlsCloseResult, 'outcome'>): Row {
  const { class: name, summary, exitCode } = run.outcome;
  return { body: [{ text: name, tone: verdictTone(name, exitCode) }, { text: `: ${summary}` }] };
}

/** "17 clean, 3 reset": the commonest first. */
function distribution(result: TlsCloseResult): Row {
  const counted = OUTCOME_CLASSES.map((name) => ({ name, times: result.distribution[name] ?? 0 }))
    .filter(({ times }) => times > 0)
    .sort((a, b) => b.times - a.times);
  return {
    body: counted.flatMap(({ name, times }, index) => [
      { text: `${index === 0 ? '' : ', '}${times} ` },
      { text: name, tone: verdictTone(name) },
    ]),
  };
}
