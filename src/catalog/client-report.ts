import type { Fact, Millis, TimelineEvent } from '../timeline/event.ts';
import type { ClientFacts, ClientReport } from './client-facts.ts';

/** What the client did, from the server's timeline of one connection ("local" is the server). */
export function describeClient(events: readonly TimelineEvent[]): ClientReport {
  const acts = inOrder(events);
  const completed = find(events, 'handshake.completed');
  const facts = factsOf(events, acts, completed);
  return {
    text: `client ${completed === undefined ? failure(events, acts) : story(acts, facts, events)}`,
    facts,
  };
}

type Kind = 'close_notify' | 'FIN' | 'reset' | 'alert';
/** Something either side did to close. */
type Act = {
  by: 'client' | 'server';
  kind: Kind;
  at: Millis;
  name: string;
  level: number;
  description: number;
};

function inOrder(events: readonly TimelineEvent[]): Act[] {
  const acts = events.flatMap((event): (Act & { seq: number })[] => {
    const kind = kindOf(event);
    if (kind === undefined) return [];
    const alert = event.kind === 'alert' ? event : undefined;
    return [
      {
        by: 'by' in event && event.by === 'local' ? 'server' : 'client',
        kind,
        at: event.arrived ?? event.t,
        name: alert?.descriptionName ?? kind,
        level: alert?.level ?? 0,
        description: alert?.description ?? 0,
        seq: event.seq,
      },
    ];
  });
  // A transport tells of a FIN before the core has looked at the records in front of it.
  const place = (act: Act & { seq: number }): number =>
    act.by === 'client' && (act.kind === 'FIN' || act.kind === 'reset')
      ? Math.max(
          ...acts.filter((each) => each.by === 'client' && each.at === act.at).map((each) => each.seq),
        ) + 0.5
      : act.seq;
  return acts.sort((a, b) => a.at - b.at || place(a) - place(b));
}

function kindOf(event: TimelineEvent): Kind | undefined {
  switch (event.kind) {
    case 'alert':
      if (event.description === CLOSE_NOTIFY) return 'close_notify';
      return 'alert';
    case 'transport.fin':
      return 'FIN';
    case 'transport.reset':
      return 'reset';
    default:
      return undefined;
  }
}

function factsOf(
  events: readonly TimelineEvent[],
  acts: readonly Act[],
  completed: Of<'handshake.completed'> | undefined,
): ClientFacts {
  const mine = acts.filter((act) => act.by === 'client');
  const notify = mine.find((act) => act.kind === 'close_notify');
  const ours = acts.find((act) => act.by === 'server' && act.kind === 'close_notify');
  const end = mine.find((act) => act.kind === 'FIN' || act.kind === 'reset');
  const alert = mine.find((act) => act.kind === 'alert' && act.description !== USER_CANCELED);
  const unseen = blind(events) || acts.some((act) => act.by === 'server' && act.kind === 'reset');
  const [first] = acts;
  const data = events.filter((event): event is Of<'data'> => event.kind === 'data' && event.by === 'peer');
  return {
    handshake: completed === undefined ? 'failed' : completed.resumed ? 'resumed' : 'completed',
    closedFirst: first?.by ?? 'nobody',
    closeNotify: relation(notify, ours),
    ...since(acts, notify, 'closeNotifyMs'),
    end: overDatagrams(events)
      ? 'none'
      : end === undefined
        ? unseen
          ? 'unseen'
          : 'open'
        : end.kind === 'FIN'
          ? 'fin'
          : 'reset',
    ...since(acts, end, 'endMs'),
    ...(alert === undefined
      ? {}
      : { alert: { level: alert.level, description: alert.description, name: alert.name } }),
    bytes: data.reduce((sum, event) => sum + event.bytes, 0),
  };
}

function relation(notify: Act | undefined, ours: Act | undefined): ClientFacts['closeNotify'] {
  if (notify === undefined) return 'none';
  if (ours === undefined) return 'alone';
  return notify.at < ours.at ? 'before' : 'after';
}

function since<K extends string>(acts: readonly Act[], act: Act | undefined, key: K): { [P in K]?: Millis } {
  const anchor = act === undefined ? undefined : anchorOf(acts, act);
  const value: { [P in K]?: Millis } = {};
  if (act !== undefined && anchor !== undefined) value[key] = act.at - anchor.at;
  return value;
}

/** The last closing act of the server before it. */
function anchorOf(acts: readonly Act[], act: Act): Act | undefined {
  return acts.slice(0, acts.indexOf(act)).findLast((each) => each.by === 'server');
}

/** One sentence without its subject: "answered our close_notify after 2 ms, then FIN". */
function story(acts: readonly Act[], facts: ClientFacts, events: readonly TimelineEvent[]): string {
  const mine = acts.filter((act) => act.by === 'client');
  const names = mine.map(bare);
  const parts = mine.flatMap((act, index) => {
    const times = runOf(names, index);
    return times === 0 ? [] : [`${phrase(acts, mine, act, index)}${times > 1 ? ` (${times} times)` : ''}`];
  });
  if (facts.end === 'open') parts.push(keptOpen(acts, mine, events));
  if (parts.length > 0) return parts.join(', ');
  if (facts.end === 'none') return 'left without close_notify';
  return `could not be watched: we ${blind(events) ? 'read nothing' : 'reset the connection first'}`;
}

/** How many of the same follow each other from here on; 0 inside such a run. */
function runOf(names: readonly string[], from: number): number {
  if (names[from - 1] === names[from]) return 0;
  let end = from + 1;
  while (end < names.length && names[end] === names[from]) end++;
  return end - from;
}

function overDatagrams(events: readonly TimelineEvent[]): boolean {
  return find(events, 'transport.connected')?.udp === true;
}

/** Had the server stopped reading, by its own will? */
function blind(events: readonly TimelineEvent[]): boolean {
  const last = events.findLast((event) => event.kind === 'transport.tapped' && READING.has(event.rule));
  return last?.kind === 'transport.tapped' && last.rule === 'stop_reading';
}

function phrase(acts: readonly Act[], mine: readonly Act[], act: Act, index: number): string {
  const anchor = anchorOf(acts, act);
  const what = words(mine, act);
  if (index > 0) {
    const before = mine[index - 1];
    const gap = act.at - (before?.at ?? act.at);
    return `then ${bare(act)}${gap >= NOTABLE ? ` ${duration(gap)} later` : ''}`;
  }
  if (anchor === undefined) return `closed first: ${what}`;
  const after = duration(act.at - anchor.at);
  if (act.kind === 'close_notify' && anchor.kind === 'close_notify') {
    return `answered our close_notify after ${after}`;
  }
  // Our FIN follows our close_notify at once; the answer is to both.
  const closed = acts
    .slice(0, acts.indexOf(act))
    .some((each) => each.by === 'server' && each.kind === 'close_notify');
  if (act.kind === 'close_notify' && anchor.kind === 'FIN' && closed) {
    return `answered our close_notify after ${after}`;
  }
  const verb = act.kind === 'reset' ? 'reset the connection' : `sent ${what}`;
  return `${verb} ${after} after our ${anchor.kind === 'alert' ? anchor.name : anchor.kind}`;
}

function words(mine: readonly Act[], act: Act): string {
  const told = mine.some((each) => each.kind === 'close_notify' || each.kind === 'alert');
  if (act.kind === 'FIN') return told ? 'FIN' : 'FIN without close_notify';
  return bare(act);
}

function bare(act: Act): string {
  switch (act.kind) {
    case 'FIN':
    case 'close_notify':
      return act.kind;
    case 'reset':
      return 'RST';
    case 'alert':
      return `alert ${act.name}(${act.description})`;
  }
}

function keptOpen(acts: readonly Act[], mine: readonly Act[], events: readonly TimelineEvent[]): string {
  const until = events.at(-1)?.t ?? 0;
  const from = acts.at(-1)?.at ?? find(events, 'handshake.completed')?.t ?? until;
  return `${mine.length === 0 ? '' : 'and '}kept the connection open for ${duration(until - from)}`;
}

function failure(events: readonly TimelineEvent[], acts: readonly Act[]): string {
  const what = 'did not finish the handshake';
  const alert = acts.find((act) => act.by === 'client' && act.kind === 'alert');
  if (alert !== undefined) return `${what}: it sent ${bare(alert)}`;
  const failed = find(events, 'handshake.failed');
  if (failed?.blame === 'peer') return `${what}: ${failed.rule}`;
  if (acts.some((act) => act.by === 'server' && act.kind === 'reset'))
    return `${what}: we reset the connection`;
  const ended = acts.find((act) => act.by === 'client');
  const said = events.some((event) => event.kind === 'handshake.message' && event.by === 'peer');
  if (ended !== undefined)
    return said ? `${what}: it ended with ${bare(ended)}` : `said nothing but ${bare(ended)}`;
  return said ? `${what} in time` : 'said nothing';
}

function duration(ms: Millis): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 1 ? 'less than 1 ms' : `${Math.round(ms)} ms`;
}

function find<K extends Fact['kind']>(events: readonly TimelineEvent[], kind: K): Of<K> | undefined {
  return events.find((event): event is Of<K> => event.kind === kind);
}

type Of<K extends Fact['kind']> = Extract<TimelineEvent, { kind: K }>;

const CLOSE_NOTIFY = 0;
const USER_CANCELED = 90;
const READING: ReadonlySet<string> = new Set(['stop_reading', 'resume_reading']);
/** A gap that is worth a word. */
const NOTABLE = 10;
