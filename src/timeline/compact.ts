import type { Emit, Fact, Millis } from './event.ts';

/**
 * Keeps the timeline of one connection bounded, whatever its peer does. The first `most` facts pass. Then what can come
 * without end is left out: records, packets, messages, repeated alerts, and calls that only went on; data is added up. What
 * happened to the connection is told to the end; of what a peer can make happen again and again, `FEW` times.
 */
export function compact(emit: Emit, most: number): Emit {
  let left = most;
  let later: Emit | undefined;
  return (fact, arrived) => {
    if (left > 0) {
      left -= 1;
      emit(fact, arrived);
      return;
    }
    later ??= summarize(emit, most);
    later(fact, arrived);
  };
}

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

type Summary = {
  readonly emit: Emit;
  noted: boolean;
  data: Of<'data'> | undefined;
  dataArrived: Millis | undefined;
  call: Of<'call'> | undefined;
  alert: Of<'alert'> | undefined;
  alertsLeft: number;
  /** By stream and side. */
  readonly streams: Map<string, Of<'stream-data'>>;
  rtt: Of<'rtt'> | undefined;
  /** How many facts of a kind were told. */
  readonly told: Map<Fact['kind'], number>;
  /** Closing or draining: packets count again. */
  closing: boolean;
};

function summarize(emit: Emit, alertsLeft: number): Emit {
  const summary: Summary = {
    ...{ emit, noted: false, alertsLeft, streams: new Map(), told: new Map(), closing: false },
    ...{ data: undefined, dataArrived: undefined, call: undefined, alert: undefined, rtt: undefined },
  };
  return (fact, arrived) => take(summary, fact, arrived);
}

function take(summary: Summary, fact: Fact, arrived: Millis | undefined): void {
  if (!summary.noted) {
    summary.noted = true;
    summary.emit(NOTE);
  }
  if (BULK.has(fact.kind) || (fact.kind === 'packet' && !summary.closing)) return;
  if (isTooOften(summary, fact)) return;
  switch (fact.kind) {
    case 'data':
      addData(summary, fact, arrived);
      return;
    case 'stream-data':
      addStreamData(summary, fact);
      return;
    case 'rtt':
      summary.rtt = fact;
      return;
    case 'call':
      flush(summary);
      summary.call = fact;
      return;
    case 'return':
      if (wentOn(fact) && summary.call?.id === fact.id) summary.call = undefined;
      else keep(summary, fact, arrived);
      return;
    case 'alert':
      if (isNews(summary, fact)) keep(summary, fact, arrived);
      return;
    default:
      keep(summary, fact, arrived);
  }
}

function addData(summary: Summary, fact: Of<'data'>, arrived: Millis | undefined): void {
  const { data } = summary;
  if (data !== undefined && data.by === fact.by && data.afterClose === fact.afterClose) {
    summary.data = { ...data, bytes: data.bytes + fact.bytes };
  } else {
    flushData(summary);
    summary.data = fact;
    summary.dataArrived = arrived;
  }
  if ((summary.data?.bytes ?? 0) >= MOST_DATA) flushData(summary);
}

function addStreamData(summary: Summary, fact: Of<'stream-data'>): void {
  const key = `${fact.by} ${fact.stream}`;
  const bytes = (summary.streams.get(key)?.bytes ?? 0) + fact.bytes;
  summary.streams.set(key, { ...fact, bytes });
  if (bytes >= MOST_DATA || summary.streams.size > MOST_STREAMS) flushStreams(summary);
}

function flushStreams(summary: Summary): void {
  for (const data of summary.streams.values()) summary.emit(data);
  summary.streams.clear();
}

function isTooOften({ told }: Summary, { kind }: Fact): boolean {
  if (!OFTEN.has(kind)) return false;
  const times = (told.get(kind) ?? 0) + 1;
  told.set(kind, times);
  return times > FEW;
}

function keep(summary: Summary, fact: Fact, arrived: Millis | undefined): void {
  flushData(summary);
  flushStreams(summary);
  if (summary.rtt !== undefined) summary.emit(summary.rtt);
  summary.rtt = undefined;
  summary.closing ||= fact.kind === 'connection-state';
  flush(summary);
  summary.emit(fact, arrived);
}

function flushData(summary: Summary): void {
  const { data, dataArrived } = summary;
  summary.data = undefined;
  if (data !== undefined) summary.emit(data, dataArrived);
}

/** A call whose end is not known yet, and must come before what is told now. */
function flush(summary: Summary): void {
  const { call } = summary;
  summary.call = undefined;
  if (call !== undefined) summary.emit(call);
}

/** It read something, or is to be repeated. */
function wentOn({ fn, ret, error, blocked }: Of<'return'>): boolean {
  if (blocked === true) return false;
  return (
    (fn === 'SSL_read' && ret > 0) || error === 'SSL_ERROR_WANT_READ' || error === 'SSL_ERROR_WANT_WRITE'
  );
}

function isNews(summary: Summary, fact: Of<'alert'>): boolean {
  const before = summary.alert;
  summary.alert = fact;
  if (before?.by === fact.by && before.description === fact.description) return false;
  summary.alertsLeft -= 1;
  return summary.alertsLeft >= 0 || fact.description === CLOSE_NOTIFY;
}

const BULK: ReadonlySet<Fact['kind']> = new Set([
  'record',
  'handshake.message',
  'ticket',
  'key-update',
  'change-cipher-spec',
  'transport.bytes',
  'transport.blocked',
  'packet-lost',
]);
/** What a peer can bring about as often as it likes, and what is worth knowing all the same. */
const OFTEN: ReadonlySet<Fact['kind']> = new Set([
  'packet',
  'dropped',
  'flight',
  'retransmission',
  'ack',
  'probe',
  'token',
  'stream',
  'close',
  'stateless-reset',
  'heard',
  'keep-alive',
  'quic-key-update',
  'path',
  'connection-id',
  'exchange',
]);
const FEW = 1000;
const NOTE: Fact = {
  kind: 'note',
  code: 'timeline-cap',
  text: 'from here on records, packets, messages and calls that only went on are left out, and data is added up',
};
const MOST_DATA = 2 ** 20;
const MOST_STREAMS = 64;
const CLOSE_NOTIFY = 0;
