import type { Fact, Millis, TimelineEvent } from '../timeline/event.ts';

export type Of<K extends Fact['kind']> = Extract<TimelineEvent, { kind: K }>;

/** What a timeline says of one TLS connection's end: the acts that count, each the event that proves it. */
export type CloseFacts = {
  plan: Of<'plan'> | undefined;
  version: string | undefined;
  connected: Of<'transport.connected'> | undefined;
  unreachable: Of<'transport.unreachable'> | undefined;
  attempts: readonly Of<'address.attempt'>[];
  completed: Of<'handshake.completed'> | undefined;
  handshakeFailed: Of<'handshake.failed'> | undefined;
  /** The last handshake message of the peer's before the handshake was over. */
  lastMessage: Of<'handshake.message'> | undefined;
  interrupted: Of<'interrupted'> | undefined;
  /** What was being done last. */
  phase: string | undefined;
  limits: readonly Of<'limit'>[];
  /** Our close_notify and the peer's first. */
  ourClose: Of<'alert'> | undefined;
  peerClose: Of<'alert'> | undefined;
  ourFin: Of<'transport.fin'> | undefined;
  ourReset: Of<'transport.reset'> | undefined;
  peerFin: Of<'transport.fin'> | undefined;
  /** A RST in place of a FIN. */
  peerReset: Of<'transport.reset'> | undefined;
  resetAfterFin: Of<'transport.reset-after-fin'> | undefined;
  eof: Of<'eof'> | undefined;
  /** The peer's first error alert after the handshake and before its close_notify. */
  errorAlert: Of<'alert'> | undefined;
  userCanceled: Of<'alert'> | undefined;
  /** All of the peer's alerts after the handshake. */
  peerAlerts: readonly Of<'alert'>[];
  /** The first rule that the peer broke after the handshake. */
  fault: Of<'fault'> | undefined;
  peerData: readonly Of<'data'>[];
  ourData: readonly Of<'data'>[];
  notes: readonly Of<'note'>[];
  /** How far the answer of an exchange came (--exchange). */
  answer: Of<'exchange'> | undefined;
};

/** Gathers them. Events of other connections are passed over. */
export function readClose(events: readonly TimelineEvent[], conn = 'local'): CloseFacts {
  const mine = events.filter((event) => event.conn === conn);
  const all = <K extends Fact['kind']>(kind: K): Of<K>[] =>
    mine.filter((event): event is Of<K> => event.kind === kind);
  const completed = all('handshake.completed')[0];
  const established = (event: TimelineEvent): boolean => completed !== undefined && event.seq > completed.seq;
  const alerts = all('alert').filter(established);
  const peerClose = alerts.find((alert) => alert.by === 'peer' && alert.description === CLOSE_NOTIFY);
  const fins = all('transport.fin');
  const peerFin = fins.find((fin) => fin.by === 'peer');
  const resets = all('transport.reset');
  const data = all('data');
  return {
    // One plan for all connections of a run.
    plan: all('plan')[0] ?? events.find((event): event is Of<'plan'> => event.kind === 'plan'),
    version: completed?.version,
    connected: all('transport.connected')[0],
    attempts: all('address.attempt'),
    unreachable: all('transport.unreachable')[0],
    completed,
    handshakeFailed: all('handshake.failed')[0],
    lastMessage: all('handshake.message').findLast(
      (message) => message.by === 'peer' && !established(message),
    ),
    interrupted: all('interrupted')[0],
    phase: all('phase').at(-1)?.name,
    limits: all('limit'),
    ourClose: alerts.find((alert) => alert.by === 'local' && alert.description === CLOSE_NOTIFY),
    peerClose,
    ourFin: fins.find((fin) => fin.by === 'local'),
    ourReset: resets.find((reset) => reset.by === 'local'),
    peerFin,
    peerReset: resets.find(
      (reset) => reset.by === 'peer' && (peerFin === undefined || reset.seq < peerFin.seq),
    ),
    resetAfterFin: all('transport.reset-after-fin').at(-1),
    eof: all('eof')[0],
    errorAlert: alerts.find(
      (alert) => alert.by === 'peer' && isError(alert, completed?.version) && !follows(alert, peerClose),
    ),
    peerAlerts: alerts.filter((alert) => alert.by === 'peer'),
    userCanceled: alerts.find((alert) => alert.by === 'peer' && alert.description === USER_CANCELED),
    fault: all('fault').find(
      (fault) => fault.blame === 'peer' && established(fault) && !follows(fault, peerClose),
    ),
    peerData: data.filter((event) => event.by === 'peer'),
    ourData: data.filter((event) => event.by === 'local'),
    notes: all('note'),
    answer: all('exchange').findLast((fact) => fact.what === 'end'),
  };
}

/** When it reached us: the arrival of the bytes behind it, not the moment they were looked at. */
export function at(event: { t: Millis; arrived?: Millis }): Millis {
  return event.arrived ?? event.t;
}

/** Was the one there before the other? Bytes that waited unread count from their arrival. */
export function before(one: TimelineEvent, other: TimelineEvent): boolean {
  return at(one) === at(other) ? one.seq < other.seq : at(one) < at(other);
}

/** The peer's FIN or RST, whichever came. */
export function transportEnd(facts: CloseFacts): Of<'transport.fin'> | Of<'transport.reset'> | undefined {
  return facts.peerReset ?? facts.peerFin;
}

/** Our close_notify was to go out, and the transport took no more bytes before the limit came. */
export function unsent({ plan, ourClose, limits }: CloseFacts): boolean {
  if (ourClose !== undefined || !limits.some((limit) => limit.phase === 'close')) return false;
  return plan?.mode === 'full' || plan?.mode === 'half-close' || plan?.mode === 'rapid';
}

export function isTls13(version: string | undefined): boolean {
  return version === 'TLSv1.3' || version === 'DTLSv1.3';
}

function follows(event: TimelineEvent, other: TimelineEvent | undefined): boolean {
  return other !== undefined && event.seq > other.seq;
}

/** TLS 1.3: all but close_notify and user_canceled (RFC 9846 §6). TLS 1.2: by the level (RFC 5246 §7.2). */
function isError(alert: Of<'alert'>, version: string | undefined): boolean {
  if (alert.description === CLOSE_NOTIFY) return false;
  if (isTls13(version)) return alert.description !== USER_CANCELED;
  return alert.level !== WARNING;
}

const CLOSE_NOTIFY = 0;
const USER_CANCELED = 90;
export const WARNING = 1;
