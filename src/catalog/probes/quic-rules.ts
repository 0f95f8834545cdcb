import { at } from '../close-facts.ts';
import { saysNoError } from '../quic-facts.ts';
import type { Hit } from './probe.ts';
import {
  openedQuic,
  ourClose,
  type QuicConn,
  type QuicProbeRule,
  resetAlive,
  settledAt,
} from './quic-told.ts';

/** What the peer may not say too early, whoever closes (RFC 9000 §10.2.3). */
export const EARLY_RULES: readonly QuicProbeRule[] = [
  {
    id: 'early-0x1d',
    grade: 'fail',
    clause: 'RFC 9000 §10.2.3, §12.5',
    must: ['v1'],
    says: 'CONNECTION_CLOSE of type 0x1d comes in an Initial or Handshake packet',
    when: ({ conns }) =>
      firstOf(conns, ({ fault, peerCloses }) => {
        const close = peerCloses.find(
          ({ frameType, space }) => frameType === 0x1d && space !== 'application',
        );
        const refused = fault?.rule === 'frame-out-of-place' && fault.detail.includes('0x1d');
        if (close === undefined && !refused) return undefined;
        return {
          text: 'the application closed (0x1d) in a packet of the handshake, which anybody on the path can read',
          evidence: [close ?? fault],
        };
      }),
  },
  {
    id: 'leaked-reason',
    grade: 'fail',
    clause: 'RFC 9000 §10.2.3',
    must: ['v1'],
    says: "APPLICATION_ERROR in a packet of the handshake carries the application's reason",
    when: ({ conns }) =>
      firstOf(conns, ({ peerCloses }) => {
        const close = peerCloses.find(
          ({ frameType, code, space, reasonBytes }) =>
            frameType === 0x1c && code === APPLICATION_ERROR && space !== 'application' && reasonBytes > 0,
        );
        return (
          close && {
            text: 'APPLICATION_ERROR came with a reason, in a packet of the handshake',
            evidence: [close],
          }
        );
      }),
  },
];

/** What a server may still send once we have closed. */
export const DRAIN_RULES: readonly QuicProbeRule[] = [
  {
    id: 'ping-pong',
    grade: 'fail',
    clause: 'RFC 9000 §10.2.2',
    must: ['v1'],
    says: 'our CONNECTION_CLOSE is answered by more of them than one',
    when: (told) =>
      firstOf(openedQuic(told), (conn) => {
        const ours = ourClose(conn);
        const answers = conn.peerCloses.filter(({ space }) => space === conn.peerCloses.at(-1)?.space);
        const [first] = answers;
        if (ours === undefined || first === undefined) return undefined;
        // Too soon for an answer: both closed at the same moment, and each repeats its own to what was on its way.
        const crossed = at(first) - at(ours) < (conn.rtt?.minimumMs ?? 0);
        if (answers.length <= (crossed ? MOST_CROSSING : MOST_ANSWERS)) return undefined;
        return {
          text: `${answers.length} CONNECTION_CLOSE came in answer to ours; one is allowed`,
          evidence: [ours, ...answers],
        };
      }),
  },
  {
    id: 'undrained',
    grade: 'warn',
    silent: true,
    clause: 'RFC 9000 §10.2.2',
    must: ['v1'],
    says: 'packets that are no CONNECTION_CLOSE come later than a round trip after ours',
    when: (told) =>
      firstOf(openedQuic(told), (conn) => {
        const ours = ourClose(conn);
        if (ours === undefined || conn.resets.length > 0) return undefined;
        const late = conn.heard.filter(
          (heard) => at(heard) > settledAt(conn, ours) && !isRefused(heard) && !holdsClose(conn, at(heard)),
        );
        if (late.length === 0) return undefined;
        return {
          text: `${late.length} datagrams came more than a round trip after our CONNECTION_CLOSE; it may have been lost`,
          evidence: [ours, ...late],
        };
      }),
  },
  {
    id: 'bad-reset',
    grade: 'fail',
    clause: 'RFC 9000 §10.3',
    must: ['v1'],
    says: 'what comes can neither be opened nor ends in a token of the peer',
    when: (told) =>
      firstOf(openedQuic(told), (conn) => {
        const bad = conn.heard.filter(isRefused);
        const dropped = conn.foreign;
        if (conn.resets.length > 0 || bad.length + dropped.length === 0) return undefined;
        return {
          text: 'datagrams came that can neither be opened nor end in a stateless reset token of this connection',
          evidence: [...dropped, ...bad],
        };
      }),
  },
  {
    id: 'reset-alive',
    grade: 'fail',
    clause: 'RFC 9000 §10.3',
    must: ['v1'],
    says: 'a stateless reset ends a connection that nobody has closed',
    when: (told) =>
      firstOf(openedQuic(told), (conn) => {
        const reset = resetAlive(conn);
        return (
          reset && {
            text: 'a stateless reset came for a connection in use: its state was lost',
            evidence: [reset],
          }
        );
      }),
  },
  {
    id: 'reset-draining',
    grade: 'warn',
    clause: 'RFC 9000 §10.2',
    says: 'a stateless reset comes in answer to our CONNECTION_CLOSE, within three PTO',
    when: (told) =>
      firstOf(openedQuic(told), (conn) => {
        const ours = ourClose(conn);
        const reset = conn.resets.find(
          (one) => ours !== undefined && at(one) > at(ours) && at(one) <= at(conn.terminated ?? one),
        );
        if (reset === undefined || conn.taps.some(({ rule }) => rule === 'late-packet')) return undefined;
        return {
          text: 'our CONNECTION_CLOSE was answered with a stateless reset: no draining state is kept',
          evidence: [ours, reset],
        };
      }),
  },
];

/** The first connection for which there is something to say. */
export function firstOf(
  conns: readonly QuicConn[],
  hit: (conn: QuicConn) => Hit | undefined,
): Hit | undefined {
  for (const conn of conns) {
    const found = hit(conn);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The peer closed, and not for an error. */
export function closedInPeace({ peerCloses }: QuicConn): boolean {
  return peerCloses.length > 0 && saysNoError(peerCloses.at(-1));
}

function isRefused({ packets }: QuicConn['heard'][number]): boolean {
  return packets.length > 0 && packets.every((name) => NONSENSE.test(name));
}

function holdsClose({ peerCloses }: QuicConn, when: number): boolean {
  return peerCloses.some((close) => at(close) === when);
}

const NONSENSE = /^(?:1rtt|unknown) \((?:undecryptable|malformed)\)$/u;
const APPLICATION_ERROR = 0x0cn;
/** One that crossed ours, and one in answer. */
const MOST_ANSWERS = 2;
/** More than one for each packet that we can have had on its way. */
const MOST_CROSSING = 8;
