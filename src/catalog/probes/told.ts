import type { TimelineEvent } from '../../timeline/event.ts';
import { before, type CloseFacts, type Of, readClose, transportEnd } from '../close-facts.ts';

/** What one repetition of a probe told, connection by connection. */
export type Told = { version: '1.2' | '1.3'; conns: readonly Conn[] };

/** One connection of it. */
export type Conn = CloseFacts & {
  name: string;
  answers: readonly Of<'answer'>[];
  tickets: readonly Of<'ticket'>[];
  keyUpdates: readonly Of<'key-update'>[];
  sessions: readonly Of<'session'>[];
  duplicates: readonly Of<'alert'>[];
};

/** How the peer ended its direction: the first thing that did. `open`: it did not, within the limits. */
export type End = 'close-notify' | 'fin' | 'rst' | 'mid-record' | 'alert' | 'fault' | 'open';

export function readTold(events: readonly TimelineEvent[], version: Told['version']): Told {
  const names = [...new Set(events.map((event) => event.conn))];
  return { version, conns: names.map((name) => readConn(events, name)) };
}

/** The connections of that name, or all of them, that came to be. */
export function opened(told: Told, ...names: readonly string[]): Conn[] {
  return told.conns.filter(
    ({ name, completed }) => completed !== undefined && (names.length === 0 || names.includes(name)),
  );
}

export function endOf(conn: Conn): End {
  const { peerClose, fault, errorAlert, eof } = conn;
  const end = transportEnd(conn);
  if (peerClose !== undefined && (fault === undefined || before(peerClose, fault))) return 'close-notify';
  if (fault !== undefined) return 'fault';
  if (errorAlert !== undefined) return 'alert';
  if ((eof?.partialRecord ?? 0) > 0) return 'mid-record';
  if (end === undefined) return 'open';
  return end.kind === 'transport.fin' ? 'fin' : 'rst';
}

/** The event behind it. */
export function endEvent(conn: Conn): TimelineEvent | undefined {
  switch (endOf(conn)) {
    case 'close-notify':
      return conn.peerClose;
    case 'fault':
      return conn.fault;
    case 'alert':
      return conn.errorAlert;
    case 'fin':
    case 'rst':
      return transportEnd(conn);
    case 'mid-record':
      return conn.eof;
    case 'open':
      return conn.limits.at(-1);
  }
}

/** What became of the last answer: could bytes be missing without the message saying so? */
export type AnswerState = 'whole' | 'cut' | 'to-end' | 'none';

export function answerState({ answers }: Conn): AnswerState {
  const last = answers.at(-1);
  if (last === undefined) return 'none';
  if (last.complete) return 'whole';
  return last.framing === 'close' ? 'to-end' : 'cut';
}

/** "40 bytes short of the 312 that were announced" */
export function missing({ answers }: Conn): string {
  const last = answers.at(-1);
  if (last?.expected === undefined) return 'cut inside a chunk';
  return `${last.expected - last.bytes} bytes short of the ${last.expected} announced`;
}

/** How many bytes may be lost, in words. */
export function lost({ answers }: Conn): string {
  const last = answers.at(-1);
  if (last === undefined) return 'the whole answer';
  if (last.expected !== undefined) return `up to ${last.expected - last.bytes} bytes of the answer`;
  return 'an unknown part of the answer';
}

/** Did the peer end before we had anything to do with it? */
export function endedBeforeOurs(conn: Conn): boolean {
  const end = endEvent(conn);
  const ours = conn.ourClose ?? conn.ourFin ?? conn.ourReset;
  return endOf(conn) !== 'open' && end !== undefined && (ours === undefined || before(end, ours));
}

/** Why there is nothing to judge: no connection came to be. */
export function closedAfterMs(conn: Conn, end: TimelineEvent | undefined): number | undefined {
  const ours = conn.ourClose ?? conn.ourFin;
  if (ours === undefined || end === undefined || before(end, ours)) return undefined;
  return (end.arrived ?? end.t) - (ours.arrived ?? ours.t);
}

function readConn(events: readonly TimelineEvent[], name: string): Conn {
  const mine = events.filter((event) => event.conn === name);
  const facts = readClose(mine, name);
  const all = <K extends TimelineEvent['kind']>(kind: K): Of<K>[] =>
    mine.filter((event): event is Of<K> => event.kind === kind);
  return {
    ...facts,
    name,
    answers: all('answer'),
    tickets: all('ticket'),
    keyUpdates: all('key-update'),
    sessions: all('session'),
    duplicates: facts.peerAlerts.filter((alert) => alert.description === 0 && alert !== facts.peerClose),
  };
}
