import type { Fact, TimelineEvent } from '../timeline/event.ts';
import { at, before, type Of } from './close-facts.ts';

/** What a timeline says of the end of one QUIC connection. */
export type QuicCloseFacts = {
  plan: Of<'plan'> | undefined;
  connected: Of<'transport.connected'> | undefined;
  unreachable: Of<'transport.unreachable'> | undefined;
  attempts: readonly Of<'address.attempt'>[];
  version: number;
  /** A Version Negotiation packet without a version of ours. */
  refused: Of<'quic-version'> | undefined;
  completed: Of<'handshake.completed'> | undefined;
  failed: Of<'handshake.failed'> | undefined;
  lastMessage: Of<'handshake.message'> | undefined;
  interrupted: Of<'interrupted'> | undefined;
  phase: string | undefined;
  limits: readonly Of<'limit'>[];
  fault: Of<'fault'> | undefined;
  ourCloses: readonly Of<'close'>[];
  peerCloses: readonly Of<'close'>[];
  statelessReset: Of<'stateless-reset'> | undefined;
  idleTimeout: Of<'idle-timeout'> | undefined;
  /** When closing or draining began, and when it was over. */
  closing: Of<'connection-state'> | undefined;
  draining: Of<'connection-state'> | undefined;
  terminated: Of<'connection-state'> | undefined;
  heard: readonly Of<'heard'>[];
  /** The peer's packets that came after its CONNECTION_CLOSE, were numbered after it, and held something else. */
  afterPeerClose: readonly Of<'packet'>[];
  packets: readonly Of<'packet'>[];
  streamData: readonly Of<'stream-data'>[];
  /** Streams that ended with FIN, a RESET_STREAM, or were given up. */
  streams: readonly Of<'stream'>[];
  flush: Of<'flush'> | undefined;
  rtt: Of<'rtt'> | undefined;
  tokens: readonly Of<'token'>[];
  /** max_idle_timeout of both ends and what follows from them (RFC 9000 §10.1), ms; 0 from an end: it sets no limit. */
  idle: { localMs: number; peerMs?: number; effectiveMs?: number };
  exchange: readonly Of<'exchange'>[];
  notes: readonly Of<'note'>[];
};

export function isQuic(events: readonly TimelineEvent[]): boolean {
  return events.some((event) => event.kind === 'plan' && event.quic === true);
}

/** Gathers them. Events of other connections are passed over. */
export function readQuicClose(events: readonly TimelineEvent[], conn = 'local'): QuicCloseFacts {
  const mine = events.filter((event) => event.conn === conn);
  const all = <K extends Fact['kind']>(kind: K): Of<K>[] =>
    mine.filter((event): event is Of<K> => event.kind === kind);
  const completed = all('handshake.completed')[0];
  const closes = all('close');
  const states = all('connection-state');
  const versions = all('quic-version');
  const packets = all('packet');
  const peerCloses = closes.filter((close) => close.by === 'peer');
  const reached = (state: string): Of<'connection-state'> | undefined =>
    states.find(({ to }) => to === state);
  return {
    plan: all('plan')[0] ?? events.find((event): event is Of<'plan'> => event.kind === 'plan'),
    connected: all('transport.connected')[0],
    unreachable: all('transport.unreachable')[0],
    attempts: all('address.attempt'),
    version: versions.findLast(({ what }) => what !== 'refused')?.version ?? 1,
    refused: versions.find(({ what }) => what === 'refused'),
    completed,
    failed: all('handshake.failed')[0],
    lastMessage: all('handshake.message').findLast(({ by }) => by === 'peer'),
    interrupted: all('interrupted')[0],
    phase: all('phase').at(-1)?.name,
    limits: all('limit'),
    fault: all('fault').find(({ blame }) => blame === 'peer'),
    ourCloses: closes.filter((close) => close.by === 'local'),
    peerCloses,
    statelessReset: all('stateless-reset').find(({ by }) => by === 'peer'),
    idleTimeout: all('idle-timeout')[0],
    closing: reached('closing'),
    draining: reached('draining'),
    terminated: reached('terminated'),
    heard: all('heard'),
    afterPeerClose: packets.filter((packet) => followsClose(packet, peerCloses)),
    packets,
    streamData: all('stream-data'),
    streams: all('stream'),
    flush: all('flush').at(-1),
    rtt: all('rtt').at(-1),
    tokens: all('token'),
    idle: idleOf(all('transport-parameters')),
    exchange: all('exchange'),
    notes: all('note'),
  };
}

/** Who ended the connection: the side whose CONNECTION_CLOSE was there first. */
export function firstClose({ ourCloses, peerCloses }: QuicCloseFacts): Of<'close'> | undefined {
  const [ours] = ourCloses;
  const [theirs] = peerCloses;
  if (ours === undefined || theirs === undefined) return ours ?? theirs;
  return before(ours, theirs) ? ours : theirs;
}

/** The smaller of the two, or the only one that is not 0. */
function idleOf(parameters: readonly Of<'transport-parameters'>[]): QuicCloseFacts['idle'] {
  const [localMs = 0, peerMs] = (['local', 'peer'] as const).map((who) => {
    const own = parameters.find(({ by }) => by === who)?.parameters;
    return own === undefined ? undefined : Number(own.max_idle_timeout ?? 0);
  });
  if (peerMs === undefined) return { localMs };
  const limits = [localMs, peerMs].filter((ms) => ms > 0);
  return { localMs, peerMs, ...(limits.length === 0 ? {} : { effectiveMs: Math.min(...limits) }) };
}

/** Packets overtake each other; what was numbered before the close was sent before it. */
function followsClose(packet: Of<'packet'>, closes: readonly Of<'close'>[]): boolean {
  if (packet.by !== 'peer' || packet.frames.some(({ name }) => name === 'connection_close')) return false;
  const number = packet.number;
  if (number === undefined) return false;
  return closes.some((close) => close.space === SPACES[packet.type] && close.packet < number);
}

/**
 * The close that says what that side meant: of those in several packet number spaces the one in the highest, for in Initial and
 * Handshake packets an application's code is hidden (RFC 9000 §10.2.3).
 */
export function mainClose(closes: readonly Of<'close'>[]): Of<'close'> | undefined {
  const [first] = closes;
  const rank = (close: Of<'close'>): number => LOWEST_FIRST.indexOf(close.space);
  return closes.reduce((best, close) => (best && rank(close) > rank(best) ? close : best), first);
}

/** NO_ERROR of the transport (RFC 9000 §20.1), code 0, or what the application protocol calls so (H3_NO_ERROR, DOQ_NO_ERROR). */
export function saysNoError(close: Of<'close'> | undefined): boolean {
  if (close === undefined) return false;
  return close.code === 0n || close.codeName.endsWith('NO_ERROR');
}

/** ms between neighbours, by arrival. */
export function spacings(events: readonly TimelineEvent[]): number[] {
  return events.slice(1).map((event, index) => at(event) - at(events[index] ?? event));
}

const SPACES: Readonly<Record<string, string>> = {
  initial: 'initial',
  handshake: 'handshake',
  '0rtt': 'application',
  '1rtt': 'application',
};

const LOWEST_FIRST: readonly string[] = ['initial', 'handshake', 'application'];
