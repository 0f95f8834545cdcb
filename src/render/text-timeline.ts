import type { TimelineEvent } from '../timeline/event.ts';
import type { Row, Span, Tone } from './layout.ts';
import { describeEvent } from './text-event.ts';
import { createFold, type Line } from './text-fold.ts';

type Note = Extract<TimelineEvent, { kind: 'note' }>;

/** The timeline in rows: time, direction, what. Messages and transfers are folded unless `verbose`. */
export function toTimelineRows(events: readonly TimelineEvent[], verbose: boolean): Row[] {
  const lines = toLines(events, verbose);
  const timeWidth = Math.max(7, ...lines.map((line) => line.t.toFixed(1).length + 1));
  if (interleaved(lines)) {
    const connWidth = Math.max(...lines.map((line) => line.conn.length)) + 2;
    return lines.map((line) => toRow(line, timeWidth, connWidth));
  }
  return lines.flatMap((line, index) => {
    const row = toRow(line, timeWidth, 0);
    const begins = index > 0 && lines[index - 1]?.conn !== line.conn;
    return begins ? [{ body: [{ text: `-- ${line.conn} --`, tone: 'faint' }] }, row] : [row];
  });
}

/** Two connections at a time are told apart on every line; one after the other, by a line between them. */
function interleaved(lines: readonly Line[]): boolean {
  const blocks = lines.filter((line, index) => lines[index - 1]?.conn !== line.conn);
  return blocks.length > new Set(blocks.map((line) => line.conn)).size;
}

function toLines(events: readonly TimelineEvent[], verbose: boolean): Line[] {
  const lines: Line[] = [];
  const calls = new Map<string, Extract<TimelineEvent, { kind: 'call' }>>();
  const fold = createFold();
  const differences: Note[] = [];
  for (const event of events) {
    if (event.kind === 'call') calls.set(callKey(event), event);
    // A run against our own embedded peer records that side too; it repeats what the local side shows.
    if (event.conn === 'peer' && !verbose) continue;
    const call = event.kind === 'return' ? calls.get(callKey(event)) : undefined;
    if (verbose) {
      const described = describeEvent(event, call, true);
      if (described !== undefined) lines.push({ t: event.t, conn: event.conn, ...described });
      continue;
    }
    if (fold.takes(event)) {
      lines.push(...fold.add(event, call));
      continue;
    }
    if (isToldAgain(event, events)) continue;
    if (event.kind === 'note' && event.code === 'profile-difference') {
      differences.push(event);
      continue;
    }
    const described = describeEvent(event, call, false);
    if (described !== undefined) lines.push(...fold.end(), { t: event.t, conn: event.conn, ...described });
  }
  return [...lines, ...fold.end(), ...differenceLine(differences)];
}

/** In one line what --verbose tells in its place: it matters to whoever compares with OpenSSL, and to nobody else. */
function differenceLine(notes: readonly Note[]): Line[] {
  const last = notes.at(-1);
  if (last === undefined) return [];
  const profile = /^profile (\S+)/u.exec(last.text)?.[1] ?? 'of the other kind';
  const numbers = [...new Set(notes.flatMap(({ text }) => /discrepancy (\d+)/u.exec(text)?.[1] ?? []))];
  const which =
    numbers.length === 0
      ? ''
      : ` (${numbers.length === 1 ? 'discrepancy' : 'discrepancies'} ${numbers.join(', ')})`;
  const places = notes.length === 1 ? 'one place' : `${notes.length} places`;
  const text = `note: profile ${profile} parts from this in ${places}${which}; -v shows where`;
  return [{ t: last.t, conn: last.conn, side: 'none', spans: [{ text, tone: 'faint' }] }];
}

/** What ends a handshake, or keeps a connection from coming about, comes twice: as it happened, and as the end it made. */
function isToldAgain(event: TimelineEvent, events: readonly TimelineEvent[]): boolean {
  if (event.kind !== 'fault' && event.kind !== 'transport.unreachable') return false;
  return events.some(
    (other) =>
      other.conn === event.conn &&
      (event.kind === 'fault'
        ? other.kind === 'handshake.failed' && other.detail === event.detail
        : other.kind === 'address.failed' && other.errno === event.errno),
  );
}

/** Each connection counts its calls for itself. */
function callKey(event: { conn: string; id: number }): string {
  return `${event.conn}/${event.id}`;
}

function toRow(line: Line, timeWidth: number, connWidth: number): Row {
  const lead: Span[] = [{ text: line.t.toFixed(1).padStart(timeWidth), tone: 'faint' }];
  if (connWidth > 0) lead.push({ text: `  ${line.conn.padEnd(connWidth - 2)}`, tone: 'faint' });
  lead.push({ text: `  ${ARROWS[line.side]} `, tone: TONES[line.side] });
  return { lead, body: line.spans };
}

const ARROWS = { local: '→', peer: '←', none: ' ' } as const;
const TONES: Readonly<Record<Line['side'], Tone>> = { local: 'local', peer: 'peer', none: 'plain' };
