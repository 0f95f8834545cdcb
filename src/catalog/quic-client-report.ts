import type { Fact, Millis, TimelineEvent } from '../timeline/event.ts';
import type { CloseNote } from '../timeline/outcome.ts';
import type { ClientReport, QuicClientFacts } from './client-facts.ts';
import { at, before, type Of } from './close-facts.ts';
import { closeText } from './quic-text.ts';

/** What the client did, from the server's timeline of one connection ("local" is the server). */
export function describeQuicClient(events: readonly TimelineEvent[]): ClientReport {
  const seen = read(events);
  const { completed, ours, theirs } = seen;
  const answerMs = sinceOurClose(seen);
  const [first] = [...ours, ...theirs].sort((a, b) => (before(a, b) ? -1 : 1));
  const text = completed === undefined ? unfinished(seen) : story(seen, first, answerMs);
  return {
    text: `client ${text}`,
    facts: {
      handshake: completed === undefined ? 'failed' : completed.resumed ? 'resumed' : 'completed',
      closedFirst: first === undefined ? 'nobody' : first.by === 'peer' ? 'client' : 'server',
      closeNotify: 'none',
      end: 'none',
      ...(answerMs === undefined ? {} : { endMs: answerMs }),
      bytes: seen.bytes,
      quic: {
        closes: theirs.map(toNote),
        ended: seen.ended,
        datagramsAfterOurClose: seen.stragglers,
        resets: seen.resets,
        ...(seen.fault === undefined ? {} : { fault: seen.fault.rule }),
      },
    },
  };
}

type Seen = {
  completed: Of<'handshake.completed'> | undefined;
  failed: Of<'handshake.failed'> | undefined;
  fault: Of<'fault'> | undefined;
  idle: Of<'idle-timeout'> | undefined;
  ours: readonly Of<'close'>[];
  theirs: readonly Of<'close'>[];
  ended: QuicClientFacts['ended'];
  stragglers: number;
  resets: number;
  bytes: number;
  heardAnything: boolean;
};

function read(events: readonly TimelineEvent[]): Seen {
  const all = <K extends Fact['kind']>(kind: K): Of<K>[] =>
    events.filter((event): event is Of<K> => event.kind === kind);
  const closes = all('close');
  const theirs = closes.filter(({ by }) => by === 'peer');
  const ours = closes.filter(({ by }) => by === 'local');
  const data = all('stream-data').filter(({ by }) => by === 'peer');
  const [known] = all('connection-state').flatMap(({ to, t, ptoMs = 0 }) =>
    to === 'closing' ? [t + ptoMs] : [],
  );
  const late = (event: TimelineEvent): boolean => known !== undefined && at(event) > known;
  return {
    completed: all('handshake.completed')[0],
    failed: all('handshake.failed')[0],
    fault: all('fault').find(({ blame }) => blame === 'peer'),
    idle: all('idle-timeout')[0],
    ...{ ours, theirs, ended: ending(events, closes.length > 0) },
    stragglers: Math.max(0, all('heard').filter(late).length - theirs.filter(late).length),
    resets: all('stream').filter(({ by, what }) => by === 'peer' && what === 'reset').length,
    bytes: data.reduce((sum, { bytes }) => sum + bytes, 0),
    heardAnything: all('handshake.message').some(({ by }) => by === 'peer'),
  };
}

function ending(events: readonly TimelineEvent[], closed: boolean): QuicClientFacts['ended'] {
  if (events.some((event) => event.kind === 'transport.tapped' && event.rule === 'forget'))
    return 'forgotten';
  if (events.some((event) => event.kind === 'idle-timeout')) return 'idle-timeout';
  if (events.some((event) => event.kind === 'stateless-reset')) return 'stateless-reset';
  return closed ? 'closed' : 'cut';
}

function story(seen: Seen, first: Of<'close'> | undefined, answerMs: Millis | undefined): string {
  const { ended, theirs, ours, idle, fault, stragglers } = seen;
  const [close] = theirs;
  const still = stragglers > 0 ? `, and still sent ${count(stragglers, 'datagram')}` : '';
  if (fault !== undefined) return `broke a rule (${fault.rule}): we closed with ${short(ours[0])}${still}`;
  if (first?.by === 'peer') return `closed first: ${closeText(first)}`;
  if (first !== undefined) {
    return close === undefined
      ? `went silent after our close (${short(first)})${still}`
      : `answered our close (${short(first)}) after ${span(answerMs ?? 0)}: ${closeText(close)}${still}`;
  }
  if (ended === 'idle-timeout') return `went silent: nothing came for ${span(idle?.silentMs ?? 0)}`;
  if (ended === 'forgotten') return 'could not be watched: we forgot the connection';
  return ended === 'stateless-reset' ? 'was sent a stateless reset' : 'was still connected';
}

function unfinished({ theirs, failed, fault, ours, ended, heardAnything }: Seen): string {
  const what = 'did not finish the handshake';
  const [close] = theirs;
  if (close !== undefined) {
    const answered = ours[0] !== undefined && before(ours[0], close);
    return `${what}: ${answered ? `after our close (${short(ours[0])}) ` : ''}it sent ${closeText(close)}`;
  }
  if (fault !== undefined) return `${what}: ${fault.rule}`;
  if (ours.length > 0) return `${what}: we closed (${short(ours[0])})`;
  if (failed?.blame === 'peer') return `${what}: ${failed.rule}`;
  if (ended === 'idle-timeout') return `${what}: it went silent`;
  return heardAnything ? `${what} in time` : 'said nothing that could be understood';
}

/** "0x1d H3_NO_ERROR" */
function short(close: Of<'close'> | undefined): string {
  return close === undefined ? 'nothing' : `0x${close.frameType.toString(16)} ${close.codeName}`;
}

function sinceOurClose({ ours, theirs }: Seen): Millis | undefined {
  const [our] = ours;
  const [their] = theirs;
  if (our === undefined || their === undefined || !before(our, their)) return undefined;
  return at(their) - at(our);
}

function toNote({ frameType, code, codeName, reason, space, packet, errorFrame }: Of<'close'>): CloseNote {
  const frame = errorFrame === undefined ? {} : { errorFrame };
  return { frameType, code, codeName, reason, space, packet, ...frame };
}

function span(ms: Millis): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 1 ? 'less than 1 ms' : `${Math.round(ms)} ms`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
