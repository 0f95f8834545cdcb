import type { TimelineEvent, Who } from '../timeline/event.ts';
import { messageName } from '../wire/handshake.ts';
import type { Span } from './layout.ts';
import { describeReturn } from './text-event.ts';
import { count, duration } from './verdict-text.ts';

export type Line = { t: number; conn: string; side: Who | 'none'; spans: readonly Span[] };
type CallEvent = Extract<TimelineEvent, { kind: 'call' }>;
type ReturnEvent = Extract<TimelineEvent, { kind: 'return' }>;
type MessageEvent = Extract<TimelineEvent, { kind: 'handshake.message' }>;
type StreamDataEvent = Extract<TimelineEvent, { kind: 'stream-data' }>;

type Group =
  | { kind: 'messages'; first: MessageEvent; names: string[] }
  | {
      kind: 'transfer';
      first: TimelineEvent;
      by: Who;
      afterClose: boolean;
      /** QUIC: whose data it is, and whether its end came too. */
      stream: number | undefined;
      fin: boolean;
      data: { bytes: number; t: number }[];
      calls: { event: ReturnEvent; call: CallEvent | undefined }[];
    };

export type Fold = {
  /** Is it one of the events that are gathered: a handshake message, data, a read or write that moved some? */
  takes(event: TimelineEvent): boolean;
  /** Gathers it; gives the lines of the group that it ended, if any. */
  add(event: TimelineEvent, call: CallEvent | undefined): Line[];
  end(): Line[];
};

/** Gathers neighbouring messages of one side, and the records and calls of one transfer, into a line each. */
export function createFold(): Fold {
  let group: Group | undefined;
  const end = (): Line[] => {
    const lines = group === undefined ? [] : toLines(group);
    group = undefined;
    return lines;
  };
  return {
    takes: (event) =>
      event.kind === 'handshake.message' ||
      event.kind === 'data' ||
      isShownStreamData(event) ||
      isTransferCall(event),
    end,
    add(event, call) {
      if (group !== undefined && joins(group, event)) {
        extend(group, event, call);
        return [];
      }
      const lines = end();
      group = open(event, call);
      return lines;
    },
  };
}

function isTransferCall(event: TimelineEvent): event is TimelineEvent & ReturnEvent {
  return event.kind === 'return' && event.ret > 0 && event.fn in TRANSFER_BY;
}

/** Control streams of HTTP/3 are unidirectional: what they say is told as such. */
function isShownStreamData(event: TimelineEvent): event is StreamDataEvent {
  return event.kind === 'stream-data' && event.stream % 4 < 2;
}

function joins(group: Group, event: TimelineEvent): boolean {
  if (group.first.conn !== event.conn) return false;
  if (group.kind === 'messages') return event.kind === 'handshake.message' && event.by === group.first.by;
  if (event.kind === 'data') return event.by === group.by && event.afterClose === group.afterClose;
  if (event.kind === 'stream-data')
    return event.by === group.by && (group.data.length === 0 || event.stream === group.stream);
  return (
    isTransferCall(event) && TRANSFER_BY[event.fn] === group.by && sameCall(group.calls.at(-1)?.event, event)
  );
}

function sameCall(last: ReturnEvent | undefined, event: ReturnEvent): boolean {
  return last === undefined || (last.fn === event.fn && last.shutdown.join() === event.shutdown.join());
}

function extend(group: Group, event: TimelineEvent, call: CallEvent | undefined): void {
  if (group.kind === 'messages') {
    if (event.kind === 'handshake.message') group.names.push(messageName(event.name));
  } else if (event.kind === 'data') {
    group.data.push(event);
  } else if (event.kind === 'stream-data') {
    group.data.push(event);
    group.stream = event.stream;
    group.fin ||= event.fin;
  } else if (event.kind === 'return') {
    group.calls.push({ event, call });
  }
}

function open(event: TimelineEvent, call: CallEvent | undefined): Group | undefined {
  if (event.kind === 'handshake.message')
    return { kind: 'messages', first: event, names: [messageName(event.name)] };
  const transfer = { kind: 'transfer', first: event, stream: undefined, fin: false } as const;
  if (event.kind === 'data') {
    return { ...transfer, by: event.by, afterClose: event.afterClose, data: [event], calls: [] };
  }
  if (event.kind === 'stream-data') {
    const { by, stream, fin } = event;
    return { ...transfer, by, afterClose: false, stream, fin, data: [event], calls: [] };
  }
  if (!isTransferCall(event)) return undefined;
  const by = TRANSFER_BY[event.fn] ?? 'local';
  return { ...transfer, by, afterClose: false, data: [], calls: [{ event, call }] };
}

function toLines(group: Group): Line[] {
  const { t, conn } = group.first;
  if (group.kind === 'messages') {
    return [{ t, conn, side: group.first.by, spans: [{ text: listed(group.names) }] }];
  }
  const lines: Line[] = [];
  if (group.data.length > 0) lines.push({ t, conn, side: group.by, spans: dataSpans(group) });
  const [only, ...others] = group.calls;
  if (only !== undefined && others.length === 0) {
    lines.push({ t: only.event.t, conn, side: 'none', spans: describeReturn(only.event, only.call, false) });
  } else if (only !== undefined) {
    const total = group.calls.reduce((sum, { event }) => sum + event.ret, 0);
    const flags = only.event.shutdown.length === 0 ? '' : `  [${only.event.shutdown.join('|')}]`;
    const text = `${only.event.fn}() × ${group.calls.length}, ${count(total, 'byte')} in all${flags}`;
    lines.push({ t: only.event.t, conn, side: 'none', spans: [{ text }] });
  }
  return lines;
}

function dataSpans(group: Extract<Group, { kind: 'transfer' }>): Span[] {
  const total = group.data.reduce((sum, { bytes }) => sum + bytes, 0);
  const took = (group.data.at(-1)?.t ?? 0) - group.first.t;
  const span = took >= 1 ? ` over ${duration(took)}` : '';
  if (group.stream !== undefined) {
    const pieces = group.data.length > 1 ? ` in ${group.data.length} pieces${span}` : '';
    return [{ text: `stream ${group.stream}: ${count(total, 'byte')}${pieces}${group.fin ? ', FIN' : ''}` }];
  }
  const records = group.data.length > 1 ? ` in ${group.data.length} records${span}` : '';
  const spans: Span[] = [{ text: `data ${count(total, 'byte')}${records}` }];
  if (group.afterClose) {
    spans.push({ text: `  after ${group.by === 'local' ? 'our' : 'its'} own close_notify`, tone: 'bad' });
  }
  return spans;
}

/** "NewSessionTicket × 2" instead of the name twice. */
function listed(names: readonly string[]): string {
  const runs: { name: string; times: number }[] = [];
  for (const name of names) {
    const last = runs.at(-1);
    if (last?.name === name) last.times++;
    else runs.push({ name, times: 1 });
  }
  return runs.map(({ name, times }) => (times === 1 ? name : `${name} × ${times}`)).join(', ');
}

/** Whose data a call moves. */
const TRANSFER_BY: Readonly<Record<string, Who>> = { SSL_read: 'peer', SSL_write: 'local' };
