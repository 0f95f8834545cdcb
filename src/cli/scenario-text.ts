import type { ScenarioRun } from '../index.ts';
import { fitRow, type Row, type Span } from '../render/layout.ts';
import type { PageOptions } from './output.ts';

type Observation = ScenarioRun['observed'][number];
type Wire = NonNullable<ScenarioRun['wire']>;

/** What a scenario came to: each call with what it gave, what the peer saw, and what differs from what was expected. */
export function scenarioLines(path: string, run: ScenarioRun, quiet: boolean, page: PageOptions): string[] {
  const rows: Row[] = [];
  const good = run.failures.length === 0;
  if (!quiet) {
    rows.push({
      body: [
        { text: run.id, tone: 'strong' },
        { text: `  ${run.protocol}, ${path}`, tone: 'faint' },
      ],
    });
    rows.push(...run.observed.map(observationRow));
    const seen = run.peer_observed.map((sight) => phrase(sight)).join(' · ');
    rows.push({
      lead: [{ text: '  peer saw  ', tone: 'faint' }],
      body: [{ text: seen === '' ? 'nothing' : seen }],
    });
    if (run.wire !== undefined) rows.push(wireRow(run.wire));
  }
  for (const { path: place, expected, actual } of run.failures) {
    rows.push({
      lead: [{ text: '  - ', tone: 'bad' }],
      body: [{ text: `${place}: expected ${value(expected)}` }],
    });
    rows.push({ lead: [{ text: '  + ', tone: 'good' }], body: [{ text: `${place}: got ${value(actual)}` }] });
  }
  if (!quiet || !good) {
    const verdict: Span = good ? { text: 'ok', tone: 'good' } : { text: 'differs', tone: 'bad' };
    const many = good ? '' : ` in ${run.failures.length} ${run.failures.length === 1 ? 'place' : 'places'}`;
    rows.push({ body: [verdict, { text: `: ${quiet ? path : run.id}${many}` }] });
  }
  return rows.flatMap((row) => fitRow(row, page));
}

function wireRow({ close_sent, close_sent_count, close_received, close_received_count }: Wire): Row {
  const sent = `sent ${closeText(close_sent, close_sent_count)}`;
  const received = `received ${closeText(close_received, close_received_count)}`;
  return { lead: [{ text: '  on the wire  ', tone: 'faint' }], body: [{ text: `${sent} · ${received}` }] };
}

/** The first CONNECTION_CLOSE, and how many there were. */
function closeText(close: Wire['close_sent'], count: Wire['close_sent_count']): string {
  if (close === null) return 'none';
  return `${close.frame} code ${close.error_code}, ${count} ${count === 1 ? 'time' : 'times'}`;
}

function observationRow(seen: Observation): Row {
  const {
    op,
    ret,
    error,
    errno,
    reason,
    shutdown,
    blocked,
    timing: _timing,
    reasons,
    bytes: _bytes,
    ...rest
  } = seen;
  const body: Span[] = [{ text: op.padEnd(10), tone: 'strong' }];
  if (blocked === true) body.push({ text: ' did not return', tone: 'warn' });
  if (ret !== undefined) body.push({ text: ` = ${ret}`, tone: 'strong' });
  if (error !== undefined && error !== 'SSL_ERROR_NONE') body.push({ text: `  ${error}` });
  if (errno !== undefined) body.push({ text: ` errno ${errno}` });
  if (typeof reason === 'string')
    body.push({ text: ` ${(reasons ?? [reason]).map((one) => `"${one}"`).join(', ')}` });
  if (shutdown !== undefined) body.push({ text: `  [${shutdown.join('|')}]` });
  const others = Object.entries(rest).filter(([key]) => key !== 'reason_lib');
  if (others.length > 0) body.push({ text: `  ${phrase(Object.fromEntries(others))}` });
  return { lead: [{ text: '  ' }], body };
}

/** "alert close_notify level 1" for { alert: 'close_notify', level: 1 }. */
function phrase(entry: object): string {
  return Object.entries(entry)
    .map(([key, one]) =>
      one === true ? key : `${key} ${typeof one === 'object' ? inner(one) : String(one)}`,
    )
    .join(' ');
}

/** An entry in an entry; what is not so need not be said. */
function inner(one: object | null): string {
  if (one === null || Array.isArray(one)) return value(one);
  return `(${phrase(Object.fromEntries(Object.entries(one).filter(([, part]) => part !== false)))})`;
}

function value(one: unknown): string {
  if (one === undefined) return 'nothing';
  return JSON.stringify(one, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner,
  );
}
