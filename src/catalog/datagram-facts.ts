import type { TimelineEvent } from '../timeline/event.ts';
import { at, before, type CloseFacts, type Of, readClose } from './close-facts.ts';
import type { Measured } from './measure.ts';

/** What a timeline says of the end of a DTLS association. */
export type DatagramCloseFacts = CloseFacts & {
  /** Our close_notify alerts and the peer's, all of them. */
  ourCloses: readonly Of<'alert'>[];
  peerCloses: readonly Of<'alert'>[];
  /** ICMP told that nobody listens at the peer's port. */
  gone: Of<'transport.unreachable'> | undefined;
  /** Data of ours below SSL_write, after our close_notify: does anybody answer? */
  probe: Of<'data'> | undefined;
  /** Data of the peer's that shows the association working after our close. */
  aliveBy: Of<'data'> | undefined;
  /** Data of the peer's with a number after that of its own close_notify, or that came when it had sent it. */
  afterPeerClose: readonly Of<'data'>[];
  /** Alerts in the clear after the handshake. */
  forged: readonly Of<'dropped'>[];
  undecryptable: readonly Of<'dropped'>[];
};

/** Gathers them. Events of other connections are passed over. */
export function readDatagramClose(events: readonly TimelineEvent[], conn = 'local'): DatagramCloseFacts {
  const facts = readClose(events, conn);
  const mine = events.filter((event) => event.conn === conn);
  const closes = mine.filter(
    (event): event is Of<'alert'> => event.kind === 'alert' && event.description === CLOSE_NOTIFY,
  );
  const done = facts.completed;
  const dropped = mine.filter(
    (event): event is Of<'dropped'> => event.kind === 'dropped' && done !== undefined && event.seq > done.seq,
  );
  const probe = facts.ourData.find((data) => data.afterClose);
  return {
    ...facts,
    ourCloses: closes.filter((alert) => alert.by === 'local'),
    peerCloses: closes.filter((alert) => alert.by === 'peer'),
    gone: facts.unreachable,
    probe,
    aliveBy: aliveBy(facts, probe),
    afterPeerClose: facts.peerData.filter((data) => data.afterClose),
    forged: dropped.filter((record) => record.reason === 'unprotected' && record.type === ALERT_RECORD),
    undecryptable: dropped.filter((record) => record.reason === 'undecryptable'),
  };
}

export function isDatagrams(events: readonly TimelineEvent[]): boolean {
  return events.some((event) => event.kind === 'plan' && event.datagrams === true);
}

/**
 * An answer to what we asked after our close; or, without any close_notify of the peer's, data that still comes when ours has
 * had time to arrive.
 */
function aliveBy(facts: CloseFacts, probe: Of<'data'> | undefined): Of<'data'> | undefined {
  const { ourClose, peerClose, peerData, plan } = facts;
  if (probe !== undefined) {
    const answer = peerData.find((data) => before(probe, data));
    if (answer !== undefined) return answer;
  }
  if (ourClose === undefined || peerClose !== undefined) return undefined;
  const settled = at(ourClose) + (plan?.lateMs ?? LATE_MS);
  return peerData.find((data) => at(data) > settled);
}

/** The facts of an outcome that only datagrams have. */
export function datagramMeasures(facts: DatagramCloseFacts): Partial<Measured> {
  const sent = facts.ourCloses.length;
  const late = facts.afterPeerClose.reduce((sum, data) => sum + data.bytes, 0);
  return {
    ...(sent > 0 ? { closeNotifySent: sent } : {}),
    ...(late > 0 ? { bytesAfterPeerClose: late } : {}),
    ...(facts.forged.length > 0 ? { forgedAlerts: facts.forged.length } : {}),
    ...(facts.undecryptable.length > 0 ? { undecryptable: facts.undecryptable.length } : {}),
  };
}

const CLOSE_NOTIFY = 0;
const ALERT_RECORD = 21;
const LATE_MS = 1000;
