import type { QuicConnectionPlan } from '../../driver/diagnose/quic-plan.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import { at, before, type Of } from '../close-facts.ts';
import { firstClose, type QuicCloseFacts, readQuicClose, saysNoError } from '../quic-facts.ts';
import type { ProbeOf, ProbeRule } from './probe.ts';

/** One question to a QUIC server. */
export type QuicProbe = ProbeOf<QuicConnectionPlan, QuicTold, 'v1'> & { protocol: 'quic' };
export type QuicProbeRule = ProbeRule<QuicTold, 'v1'>;

/** What one repetition of a probe told, connection by connection. */
export type QuicTold = { version: 'v1'; conns: readonly QuicConn[] };

/** One connection of it. */
export type QuicConn = QuicCloseFacts & {
  name: string;
  rtts: readonly Of<'rtt'>[];
  parameters: Of<'transport-parameters'> | undefined;
  taps: readonly Of<'transport.tapped'>[];
  resets: readonly Of<'stateless-reset'>[];
  /** Before the end: datagrams that nothing could be made of. */
  foreign: readonly Of<'dropped'>[];
};

export function readQuicTold(events: readonly TimelineEvent[]): QuicTold {
  const names = [...new Set(events.map((event) => event.conn))];
  return { version: 'v1', conns: names.map((name) => readConn(events, name)) };
}

/** The connections of that name, or all of them, whose handshake was completed. */
export function openedQuic(told: QuicTold, ...names: readonly string[]): QuicConn[] {
  return named(told, ...names).filter(({ completed }) => completed !== undefined);
}

export function named(told: QuicTold, ...names: readonly string[]): QuicConn[] {
  return told.conns.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Did the peer end it, by CONNECTION_CLOSE? */
export function peerClosed(conn: QuicConn): Of<'close'> | undefined {
  const first = firstClose(conn);
  return first?.by === 'peer' ? first : undefined;
}

/** The limit on waiting for that, if it ran out. */
export function ranOut({ limits }: QuicConn, what: string): Of<'limit'> | undefined {
  return limits.find(({ phase }) => phase === what);
}

/** When what the peer had on its way has come, and so has its first answer: one round trip after ours, and a little. */
export function settledAt({ rtt }: QuicConn, ours: TimelineEvent): number {
  return at(ours) + (rtt?.smoothedMs ?? 0) + (rtt?.variationMs ?? 0) * 4 + SLACK_MS;
}

/** Our CONNECTION_CLOSE, where it was the first. */
export function ourClose(conn: QuicConn): Of<'close'> | undefined {
  const first = firstClose(conn);
  return first?.by === 'local' ? first : undefined;
}

/** A stateless reset for a connection that nobody had closed. */
export function resetAlive(conn: QuicConn): Of<'stateless-reset'> | undefined {
  const [ours] = conn.ourCloses;
  return conn.resets.find((reset) => ours === undefined || before(reset, ours));
}

/** When FIN left on our control stream. */
export function controlEnded({ streams }: QuicConn): Of<'stream'> | undefined {
  return streams.find(({ by, what, stream }) => by === 'local' && what === 'fin' && stream === CONTROL);
}

/** Did the peer end it in answer to that? An error behind it is one; peace may have been on its way already. */
export function endedBecause(conn: QuicConn, ours: TimelineEvent | undefined): Of<'close'> | undefined {
  const close = peerClosed(conn);
  if (ours === undefined || close === undefined || before(close, ours)) return undefined;
  const isAnswer = !saysNoError(close) || at(close) - at(ours) >= (conn.rtt?.minimumMs ?? 0);
  return isAnswer ? close : undefined;
}

/** What of the answer came: not a byte, a part, or all of it. `reset`: the peer gave it up by RESET_STREAM. */
export function answerOf({ exchange, streamData, streams }: QuicConn): 'none' | 'part' | 'whole' | 'reset' {
  if (exchange.some(({ by, what }) => by === 'peer' && what === 'body')) return 'whole';
  if (streams.some(({ by, what, stream }) => by === 'peer' && what === 'reset' && stream === REQUEST)) {
    return 'reset';
  }
  const begun = streamData.some(({ by, stream, bytes }) => by === 'peer' && stream === REQUEST && bytes > 0);
  return begun ? 'part' : 'none';
}

function readConn(events: readonly TimelineEvent[], name: string): QuicConn {
  const mine = events.filter((event) => event.conn === name);
  const all = <K extends TimelineEvent['kind']>(kind: K): Of<K>[] =>
    mine.filter((event): event is Of<K> => event.kind === kind);
  return {
    ...readQuicClose(mine, name),
    name,
    rtts: all('rtt'),
    parameters: all('transport-parameters').find(({ by }) => by === 'peer'),
    taps: all('transport.tapped'),
    resets: all('stateless-reset').filter(({ by }) => by === 'peer'),
    foreign: all('dropped').filter(
      ({ packet = '1rtt', reason }) => packet === '1rtt' && NONSENSE.has(reason),
    ),
  };
}

/** The first of a client's, of both kinds. */
const REQUEST = 0;
const CONTROL = 2;
const NONSENSE: ReadonlySet<string> = new Set(['undecryptable', 'malformed']);
/** An acknowledgement may be held back (RFC 9000 §18.2, max_ack_delay), and so may a machine. */
const SLACK_MS = 25;
