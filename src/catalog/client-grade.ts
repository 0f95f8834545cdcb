import type { Millis, TimelineEvent } from '../timeline/event.ts';
import type { Grade } from '../timeline/outcome.ts';
import type { BehaviourEntry } from './behaviour.ts';
import { clauseOf } from './behaviours/clauses.ts';
import type { ClientFacts } from './client-facts.ts';

export const CLIENT_VERDICTS = [
  'answered-correctly',
  'closed-correctly',
  'noticed',
  'accepted-part',
  'accepted-unproven',
  'accepted-nothing',
  'took-for-end',
  'hung',
  'reset',
  'no-close-notify',
  'ended',
  'took-whole',
  'refused-whole',
  'not-seen',
  'not-graded',
] as const;
export type ClientVerdict = (typeof CLIENT_VERDICTS)[number];

/** How well a client took it. `rule`, `clause`: what the verdict rests on, where there is such a thing. */
export type ClientGrade = {
  grade: Grade;
  verdict: ClientVerdict;
  text: string;
  rule?: string;
  clause?: string;
};

/** How a client's program ended. `code` is null when a signal ended it, or the time limit. */
export type Execution = { code: number | null; timedOut: boolean; ms: Millis };

/** One connection of a client. */
export type ClientRecord = { facts: ClientFacts; events: readonly TimelineEvent[] };

/** What the wire alone shows of one client. What it told its user is not on it: that takes `gradeRun`. */
export function gradeClient(behaviour: BehaviourEntry, client: ClientRecord): ClientGrade {
  const entry = asServed(behaviour, [client]);
  const { facts, events } = client;
  const waited = waitedFor(events, facts);
  if (waited >= HUNG_MS) return hung(facts, waited);
  if (facts.handshake === 'failed') return gradeStart(entry, facts);
  if (facts.quic !== undefined) return gradeQuic(entry, client);
  if (facts.alert !== undefined) return gradeAlert(entry, facts);
  if (asked(entry, client) && entry.gives !== undefined) return gradeTruncated(entry, client);
  return gradeClose(client);
}

/** What a client's program made of a behaviour: its exit code, and where that says nothing, the worst that the wire shows. */
export function gradeRun(
  behaviour: BehaviourEntry,
  clients: readonly ClientRecord[],
  run: Execution,
): ClientGrade {
  const entry = asServed(behaviour, clients);
  const seconds = (run.ms / 1_000).toFixed(1);
  if (run.timedOut) {
    return { ...ruled('fail', 'hung', NEED_NOT_WAIT), text: `hung ${seconds} s, until it was stopped` };
  }
  if (clients.length === 0) {
    return { grade: 'info', verdict: 'not-graded', text: `never connected (${ending(run)})` };
  }
  const grades = clients.map((client) => gradeClient(entry, client));
  const wire = grades.reduce((worst, grade) => (WEIGHT[grade.grade] > WEIGHT[worst.grade] ? grade : worst));
  // What a server that does not read was asked for, nobody knows but the client.
  const blind = clients.some(({ facts }) => facts.end === 'unseen' && facts.bytes === 0);
  const short =
    clients.some((client) => asked(entry, client) || client.facts.handshake === 'failed') ||
    (entry.gives === 'nothing' && blind && run.code !== 0);
  if (entry.gives !== undefined && short) return withoutHttp(entry, gradeExit(entry.gives, run, wire));
  if (run.code !== 0) return gradeError(entry, clients, run);
  if (wire.verdict !== 'not-seen') return wire;
  return { grade: 'pass', verdict: 'took-whole', text: 'took the whole answer (exit code 0)' };
}

/** The program reports an error, and got all that it asked for, if anything. */
function gradeError(entry: BehaviourEntry, clients: readonly ClientRecord[], run: Execution): ClientGrade {
  if (clients.every(({ facts }) => facts.handshake === 'failed')) {
    return { grade: 'info', verdict: 'not-graded', text: `did not finish the handshake (${ending(run)})` };
  }
  const given = clients.some(({ facts, events }) => facts.bytes > 0 && events.some(isAnswer));
  if (!given) {
    return entry.breaks.length === 0
      ? { grade: 'info', verdict: 'ended', text: `reported an error (${ending(run)})` }
      : { grade: 'pass', verdict: 'noticed', text: `noticed (${ending(run)})` };
  }
  return {
    ...ruled(entry.breaks.length === 0 ? 'warn' : 'info', 'refused-whole', 'http1-9.8-complete-by-length'),
    text: `reported an error over a whole answer (${ending(run)})`,
  };
}

/** In HTTP/2 every answer says where it ends: nothing is unproven. */
function asServed(entry: BehaviourEntry, clients: readonly ClientRecord[]): BehaviourEntry {
  const { gives, ...whole } = entry;
  const h2 = ({ events }: ClientRecord): boolean =>
    events.some((event) => event.kind === 'handshake.completed' && event.alpn === 'h2');
  return gives === 'unproven' && clients.some(h2) ? whole : entry;
}

function gradeExit(
  gives: NonNullable<BehaviourEntry['gives']>,
  run: Execution,
  wire: ClientGrade,
): ClientGrade {
  if (run.code !== 0) {
    if (wire.verdict === 'hung') return wire;
    return { ...ruled('pass', 'noticed', NOTICING[gives]), text: `noticed (${ending(run)})` };
  }
  switch (gives) {
    case 'part':
      return {
        ...ruled('fail', 'accepted-part', NOTICING.part),
        text: 'accepted a truncated answer silently (exit code 0)',
      };
    case 'unproven':
      return {
        ...ruled('fail', 'accepted-unproven', NOTICING.unproven),
        text: 'accepted an answer that may be truncated silently (exit code 0)',
      };
    case 'nothing':
      return {
        ...ruled('fail', 'accepted-nothing', NOTICING.nothing),
        text: 'reported success without an answer (exit code 0)',
      };
  }
}

function gradeStart(entry: BehaviourEntry, facts: ClientFacts): ClientGrade {
  if (entry.gives !== 'nothing') {
    const text = 'did not finish the handshake, so there was nothing to grade';
    return { grade: 'info', verdict: 'not-graded', text };
  }
  if (facts.alert !== undefined) {
    return {
      ...ruled('pass', 'noticed', 'tls13-6.2-send-alert-on-error'),
      text: `noticed: ${facts.alert.name}`,
    };
  }
  return { grade: 'pass', verdict: 'ended', text: 'gave up the handshake' };
}

function gradeAlert(entry: BehaviourEntry, { alert }: ClientFacts): ClientGrade {
  const name = alert?.name ?? '';
  if (entry.gives === undefined && entry.breaks.length === 0) {
    return { grade: 'info', verdict: 'refused-whole', text: `objected with ${name}, to nothing forbidden` };
  }
  return { ...ruled('pass', 'noticed', 'tls13-6.2-send-alert-on-error'), text: `noticed: ${name}` };
}

/** An answer was cut short, and no alert says that the client saw it. */
function gradeTruncated(entry: BehaviourEntry, { facts, events }: ClientRecord): ClientGrade {
  const ours = events.some(
    (event) => event.kind === 'alert' && event.by === 'local' && event.description === 0,
  );
  if (entry.gives !== 'nothing' && !ours && facts.closeNotify === 'alone' && facts.end === 'fin') {
    return {
      ...ruled('warn', 'took-for-end', 'tls13-6.1-bare-fin-may-be-truncation'),
      text: 'closed in good order, as if the end without close_notify were one',
    };
  }
  if (facts.end === 'unseen') return unseen();
  return {
    grade: 'info',
    verdict: 'ended',
    text: 'ended; whether it noticed does not show on the wire (its exit code tells: --exec)',
  };
}

function gradeClose({ facts, events }: ClientRecord): ClientGrade {
  const { closeNotify, end, closedFirst } = facts;
  if (end === 'reset') {
    return closeNotify === 'none'
      ? {
          ...ruled('warn', 'reset', closing(facts, events)),
          text: 'reset the connection, without close_notify',
        }
      : {
          ...ruled('info', 'reset', 'tcp-3.6.1-rst-on-unread-data'),
          text: 'reset the connection after its close_notify',
        };
  }
  if (closeNotify !== 'none') {
    const verdict = closedFirst === 'client' ? 'closed-correctly' : 'answered-correctly';
    const text = closedFirst === 'client' ? 'closed in good order' : 'answered correctly';
    return { ...ruled('pass', verdict, closing(facts, events)), text };
  }
  if (end === 'unseen') return unseen();
  if (end === 'open')
    return { grade: 'info', verdict: 'not-seen', text: 'kept the connection open for as long as we watched' };
  if (end === 'none') {
    return {
      ...ruled('info', 'no-close-notify', 'dtls13-5.10-do-not-rely-on-alerts'),
      text: 'left without close_notify',
    };
  }
  const failed = events.some(
    (event) => event.kind === 'alert' && event.by === 'local' && event.level === 2 && event.description !== 0,
  );
  if (failed)
    return { ...ruled('pass', 'ended', 'tls13-6.2-close-on-fatal'), text: 'closed after our fatal alert' };
  const bare =
    closedFirst === 'server' && !events.some((event) => event.kind === 'alert' && event.by === 'local');
  return {
    ...ruled(bare ? 'info' : 'warn', 'no-close-notify', closing(facts, events)),
    text: bare ? 'closed without close_notify, as we did' : 'closed without close_notify',
  };
}

function gradeQuic(entry: BehaviourEntry, { facts }: ClientRecord): ClientGrade {
  const { closes = [], ended, datagramsAfterOurClose = 0, fault } = facts.quic ?? {};
  if (fault !== undefined) {
    return { grade: 'fail', verdict: 'ended', text: `broke a rule of QUIC: ${fault}` };
  }
  if (datagramsAfterOurClose > FEW_DATAGRAMS) {
    return {
      ...ruled('warn', 'ended', 'quic-10.2.2-draining-sends-nothing'),
      text: `went on sending after our close: ${datagramsAfterOurClose} datagrams`,
    };
  }
  if (closes.length > 0) {
    const verdict = facts.closedFirst === 'client' ? 'closed-correctly' : 'answered-correctly';
    const text = facts.closedFirst === 'client' ? 'closed with CONNECTION_CLOSE' : 'answered our close';
    return { grade: 'pass', verdict, text };
  }
  if (facts.closedFirst === 'server')
    return { grade: 'pass', verdict: 'ended', text: 'drained without a word' };
  if (entry.gives === undefined && ended === 'idle-timeout') {
    return {
      ...ruled('info', 'ended', 'quic-10.1-abandon-early-needs-close'),
      text: 'left without CONNECTION_CLOSE',
    };
  }
  return { grade: 'info', verdict: 'not-seen', text: 'ended without a word of its own' };
}

function unseen(): ClientGrade {
  return { grade: 'info', verdict: 'not-seen', text: 'could not be watched to its end' };
}

function hung(facts: ClientFacts, waited: Millis): ClientGrade {
  const more = facts.end === 'open' ? ' or more' : '';
  return { ...ruled('warn', 'hung', NEED_NOT_WAIT), text: `hung ${(waited / 1_000).toFixed(1)} s${more}` };
}

/** How long the client kept the connection after the last thing that we, or it, had to say. Without handshake, from our last message. */
function waitedFor(events: readonly TimelineEvent[], facts: ClientFacts): Millis {
  if (facts.quic !== undefined || facts.end === 'none' || facts.end === 'unseen') return 0;
  const last = events.findLast((event) => SAYINGS.has(event.kind) && !isEnd(event));
  const end = events.find(isEnd) ?? events.at(-1);
  const saidOurs = events.some((event) => OURS.has(event.kind) && 'by' in event && event.by === 'local');
  // A connection on which nobody has said anything is idle, and may be.
  if (!saidOurs && facts.handshake !== 'failed') return 0;
  if (last === undefined || end === undefined) return 0;
  return (end.arrived ?? end.t) - (last.arrived ?? last.t);
}

function isEnd(event: TimelineEvent): boolean {
  return (event.kind === 'transport.fin' || event.kind === 'transport.reset') && event.by === 'peer';
}

/** Did the client ask for something, and does the behaviour give what it gives on being asked? */
function asked(entry: BehaviourEntry, { facts, events }: ClientRecord): boolean {
  if (facts.quic !== undefined) return events.some(isRequest);
  if (facts.bytes === 0) return false;
  return entry.gives === 'nothing' || events.some(isAnswer);
}

/** On a bidirectional stream of the client's (RFC 9000 §2.1). */
function isRequest(event: TimelineEvent): boolean {
  return event.kind === 'stream-data' && event.by === 'peer' && event.stream % 4 === 0;
}

function isAnswer(event: TimelineEvent): boolean {
  return (event.kind === 'data' || event.kind === 'stream-data') && event.by === 'local';
}

/** The rules about answers are HTTP/1.1's and TLS's. */
function withoutHttp(entry: BehaviourEntry, { rule, clause, ...grade }: ClientGrade): ClientGrade {
  const cited = entry.id.startsWith('tls/') && rule !== undefined && clause !== undefined;
  return cited ? { ...grade, rule, clause } : grade;
}

function closing(facts: ClientFacts, events: readonly TimelineEvent[]): string {
  if (facts.end === 'none') return 'dtls12-inherits-close-notify';
  const http = events.some((event) => event.kind === 'data' && event.by === 'local');
  if (http) return 'http1-9.8-client-sends-close-notify';
  const version = events.find((event) => event.kind === 'handshake.completed')?.version;
  return version === 'TLSv1.2'
    ? 'tls12-7.2.1-close-notify-before-write-close'
    : 'tls13-6.1-close-notify-before-write-close';
}

function ending({ code }: Execution): string {
  return code === null ? 'ended by a signal' : `exit code ${code}`;
}

function ruled(grade: Grade, verdict: ClientVerdict, rule: string): Omit<ClientGrade, 'text'> {
  const clause = clauseOf(rule);
  return { grade, verdict, rule, ...(clause === undefined ? {} : { clause }) };
}

const WEIGHT: Readonly<Record<Grade, number>> = { pass: 0, info: 1, warn: 2, fail: 3 };
/** No document names any; a client that takes longer than that keeps somebody waiting. */
const HUNG_MS = 10_000;
/** One CONNECTION_CLOSE, and what was on its way. */
const FEW_DATAGRAMS = 3;
const NEED_NOT_WAIT = 'http1-9.8-client-may-not-wait';
const NOTICING = {
  part: 'http1-8-record-incomplete',
  unproven: 'http1-9.8-close-delimited-needs-alert',
  nothing: 'tls13-6-error-alert-reported',
} as const;
const SAYINGS: ReadonlySet<TimelineEvent['kind']> = new Set([
  'data',
  'alert',
  'handshake.message',
  'handshake.completed',
  'transport.tapped',
  'transport.fin',
  'transport.connected',
]);
const OURS: ReadonlySet<TimelineEvent['kind']> = new Set([
  'data',
  'alert',
  'transport.tapped',
  'transport.fin',
]);
