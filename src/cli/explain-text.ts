import type { Culprit, Severity } from '../catalog/causes/cause.ts';
import type { ExplainResult } from '../catalog/explain/explain-message.ts';
import type { Explanation } from '../catalog/explain/explanation.ts';
import { capPeerText } from '../render/escape.ts';
import { fitRow, type Row, type Span, type Tone } from '../render/layout.ts';
import type { PageOptions } from './output.ts';

/** What a message or a code can mean: the likeliest whole, then the codes in it, then what else it could be. */
export function explainLines(result: ExplainResult, page: PageOptions): string[] {
  const rows = result.matched ? matchedRows(result.candidates, page.verbose) : unmatchedRows(result);
  return rows.flatMap((row) => ('command' in row ? commandLines(row.command, page) : fitRow(row, page)));
}

/** A command is not broken: it is there to be copied. */
type Line = Row | { command: string };

function matchedRows(candidates: readonly Explanation[], verbose: boolean): Line[] {
  const [first, ...rest] = candidates;
  if (first === undefined) return [];
  if (verbose) return candidates.flatMap((one, at) => [...(at === 0 ? [] : [BLANK]), ...whole(one, true)]);
  const codes = first.space === 'message' ? rest.filter(({ space }) => space !== 'message') : [];
  const others = rest.filter((one) => !codes.includes(one));
  const ids = new Set(candidates.map(({ id }) => id));
  const saidAlready = codes.filter(({ entry }) => entry !== undefined && ids.has(entry));
  const inIt = codes.filter((code) => !saidAlready.includes(code));
  return [
    ...whole(first, false),
    ...saidAlready.map(({ source }) => row('code', source, 'faint')),
    ...inIt
      .slice(0, MOST_CODES)
      .flatMap((code) => [BLANK, heading(code), row('what', code.happened), row('fix', code.fix)]),
    ...(others.length === 0 ? [] : [BLANK, line('it can also be:', 'faint')]),
    ...others.slice(0, MOST_OTHERS).map(otherRow),
    ...(others.length > MOST_OTHERS
      ? [line(`  and ${others.length - MOST_OTHERS} more: --verbose shows them`, 'faint')]
      : []),
  ];
}

function unmatchedRows({ candidates, similarNames }: ExplainResult): Line[] {
  const rows = [line('nothing that is known here fits this text', 'warn')];
  if (similarNames.length > 0) rows.push(line(`did you mean ${similarNames.join(' or ')}?`));
  if (candidates.length > 0) rows.push(BLANK, line('the nearest:', 'faint'), ...candidates.map(otherRow));
  return rows;
}

/** Everything about one meaning. */
function whole(one: Explanation, verbose: boolean): Line[] {
  const { happened, who, severity, fix, confirm, refs, matched, code } = one;
  const mild: Tone = 'faint';
  const rows: Line[] = [
    heading(one),
    row('what', happened),
    row('whose', WHOSE[who]),
    { ...row('how bad', HOW_BAD[severity].text), body: badness(severity) },
    row('fix', fix),
    { command: confirm.command },
    row('', confirm.look),
    ...(confirm.diagnose === undefined
      ? []
      : [
          {
            ...row('grade', ''),
            body: [{ text: confirm.diagnose, tone: 'strong' as const, whole: true as const }],
          },
        ]),
  ];
  if (verbose && code !== undefined) rows.push(row('code', code, mild));
  if (verbose && matched !== '') rows.push(row('matched', capPeerText(matched), mild));
  const shown = verbose ? refs : refs.slice(0, MOST_REFS);
  if (shown.length > 0) rows.push(row('see', shown.join(', '), mild));
  return rows;
}

function commandLines(command: string, page: PageOptions): string[] {
  const body: Span[] = [{ text: command, tone: 'strong', whole: true }];
  if (LABEL + command.length <= page.width) return fitRow({ ...row('confirm', ''), body }, page);
  return [
    ...fitRow(row('confirm', ''), page),
    ...fitRow({ body, lead: [{ text: '    ' }] }, { ...page, width: 1000 }),
  ];
}

function otherRow({ source, title, happened }: Explanation): Row {
  return {
    lead: [{ text: '  ' }],
    body: [
      { text: `${source}: `, tone: 'faint' },
      { text: title, tone: 'strong' },
      { text: `  ${firstSentence(happened)}` },
    ],
    indent: 4,
  };
}

function heading({ source, title }: Explanation): Row {
  return {
    body: [
      { text: `${source}: `, tone: 'faint' },
      { text: title, tone: 'strong' },
    ],
    indent: 2,
  };
}

function row(label: string, text: string, tone: Tone = 'plain'): Row {
  return { lead: [{ text: `  ${label}`.padEnd(LABEL), tone: 'faint' }], body: [{ text, tone }] };
}

function badness(severity: Severity): Span[] {
  const { text, tone } = HOW_BAD[severity];
  const [name = '', ...rest] = text.split(':');
  return [{ text: name, tone }, { text: `:${rest.join(':')}` }];
}

function firstSentence(text: string): string {
  return /^.*?[.](?= |$)/.exec(text)?.[0] ?? text;
}

function line(text: string, tone: Tone = 'plain'): Row {
  return { body: [{ text, tone }], indent: 0 };
}

const BLANK: Row = { body: [{ text: '' }] };
const LABEL = 11;
const MOST_CODES = 2;
const MOST_OTHERS = 4;
const MOST_REFS = 4;
const WHOSE: Readonly<Record<Culprit, string>> = {
  peer: "the peer's: the other side of the connection",
  local: 'ours: the side that prints the message',
  either: "either side's; the command below tells",
  middlebox: 'of something in between: a proxy, a load balancer, a firewall',
};
const HOW_BAD: Readonly<Record<Severity, { text: string; tone: Tone }>> = {
  benign: { text: 'harmless: nothing is lost', tone: 'good' },
  'truncation-risk': {
    text: 'truncation possible: the data may have been cut, and nobody would notice',
    tone: 'bad',
  },
  'data-loss': { text: 'data can be lost: what was under way is incomplete or unanswered', tone: 'bad' },
  misconfiguration: {
    text: 'settings: the two sides do not fit together, or one waits for nothing',
    tone: 'warn',
  },
  bug: { text: 'a bug: a program breaks the rules or uses its library wrongly', tone: 'warn' },
};
