import type { QuicProbeAct } from '../../driver/diagnose/quic-plan.ts';
import { encodeH3Frame, H3_FRAME } from '../../wire/h3-frames.ts';
import { isReservedHttp3Code } from '../../wire/quic-errors.ts';
import { at } from '../close-facts.ts';
import { saysNoError } from '../quic-facts.ts';
import { EARLY_RULES, firstOf } from './quic-rules.ts';
import {
  answerOf,
  named,
  openedQuic,
  peerClosed,
  type QuicConn,
  type QuicProbe,
  type QuicProbeRule,
  ranOut,
} from './quic-told.ts';

export const ASK_QUIC: readonly QuicProbeAct[] = [
  { quic: 'request' },
  { quic: 'await', what: 'answer', limit: 'answer' },
];
/** DATA has no place on a control stream (RFC 9114 §7.2.1): the server has to close. */
const BREAK: QuicProbeAct = { quic: 'control', data: encodeH3Frame(H3_FRAME.DATA, Uint8Array.of(0)) };
/** As many as 1, 2, 4 and 8. */
const POKES = 15;
export const AWAIT_CLOSE: QuicProbeAct = { quic: 'await', what: 'close', limit: 'close' };

/** What the frame of the close says. */
const CODE_RULES: readonly QuicProbeRule[] = [
  ...EARLY_RULES,
  closes('close-notify-code', 'warn', 'RFC 9001 §4.8', 'it is 0x1c with code 0x100', ({ frameType, code }) =>
    frameType === 0x1c && code === H3_NO_ERROR
      ? 'the code 0x100 came in 0x1c, where it is the alert close_notify; H3_NO_ERROR belongs in 0x1d'
      : undefined,
  ),
  closes(
    'h3-code-zero',
    'warn',
    'RFC 9114 §8.1',
    'in HTTP/3 it is 0x1d with code 0',
    ({ frameType, code }, conn) =>
      frameType === 0x1d && code === 0n && overH3(conn)
        ? 'HTTP/3 was closed with code 0, which HTTP/3 does not know; no error is H3_NO_ERROR (0x100)'
        : undefined,
  ),
  closes('no-error-0x1c', 'info', 'RFC 9114 §5.2', 'in HTTP/3 it is 0x1c with NO_ERROR', (close, conn) =>
    close.frameType === 0x1c && close.code === 0n && overH3(conn)
      ? 'HTTP/3 was closed with NO_ERROR of the transport (0x1c), not with H3_NO_ERROR (0x1d)'
      : undefined,
  ),
  closes(
    'unknown-code',
    'warn',
    'RFC 9000 §20',
    'its code is in no registry',
    ({ code, codeName, layer }, conn) =>
      /^0x[0-9a-f]+$/u.test(codeName) && (layer === 'transport' || overH3(conn)) && !isReservedHttp3Code(code)
        ? `the code ${codeName} has no name in ${layer === 'transport' ? "QUIC's registry" : "HTTP/3's registries"}`
        : undefined,
  ),
  closes('not-utf8', 'warn', 'RFC 9000 §19.19', 'its reason is not UTF-8', ({ reasonHex }) =>
    reasonHex === undefined ? undefined : 'the reason of the CONNECTION_CLOSE is not UTF-8',
  ),
];

/** Checks in which the peer is the first to close. */
export const QUIC_PEER_END_PROBES: readonly QuicProbe[] = [
  {
    id: 'quic-peer-close-code',
    protocol: 'quic',
    asks: 'When the server closes, are the frame type, the code and the reason right?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      { name: 'waits', needs: 'answer', acts: [...ASK_QUIC, AWAIT_CLOSE] },
      { name: 'breaks', needs: 'h3', acts: [...ASK_QUIC, BREAK, AWAIT_CLOSE] },
    ],
    passes: 'every CONNECTION_CLOSE has a type and a code that fit',
    rules: [
      ...CODE_RULES,
      {
        id: 'no-reaction',
        grade: 'warn',
        silent: true,
        clause: 'RFC 9114 §7.2.1, §8',
        must: ['v1'],
        says: 'DATA on the control stream is not met by a CONNECTION_CLOSE within the limit',
        when: (told) =>
          firstOf(openedQuic(told, 'breaks'), (conn) => {
            const limit = ranOut(conn, 'close');
            const end = limit ?? conn.resets[0];
            if (end === undefined || conn.peerCloses.length > 0 || answerOf(conn) !== 'whole')
              return undefined;
            return {
              text: `no CONNECTION_CLOSE came for a DATA frame on our control stream, ${limit === undefined ? 'but a stateless reset' : `not within ${limit.ms} ms`}`,
              evidence: [end],
            };
          }),
      },
      {
        id: 'other-code',
        grade: 'info',
        clause: 'RFC 9114 §7.2.1',
        says: 'DATA on the control stream is met by another error than H3_FRAME_UNEXPECTED',
        when: (told) =>
          firstOf(openedQuic(told, 'breaks'), (conn) => {
            const close = peerClosed(conn);
            if (
              close === undefined ||
              saysNoError(close) ||
              EXPECTED.has(close.code) ||
              answerOf(conn) !== 'whole'
            )
              return undefined;
            return { text: `DATA on our control stream was met by ${close.codeName}`, evidence: [close] };
          }),
      },
      {
        id: 'cut-answer',
        grade: 'fail',
        clause: 'RFC 9114 §4.1, §5.2',
        says: 'it comes before the answer is whole, and says that there was no error; a RESET_STREAM before it is a warning',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const close = peerClosed(conn);
            const answer = answerOf(conn);
            if (close === undefined || !saysNoError(close) || answer === 'whole' || answer === 'none')
              return undefined;
            return answer === 'part'
              ? {
                  text: 'the server closed without error when only a part of its answer had come',
                  evidence: [close],
                }
              : {
                  grade: 'warn',
                  text: 'the server reset its answer, and closed without error',
                  evidence: [close],
                };
          }),
      },
      {
        id: 'unanswered',
        grade: 'warn',
        clause: 'RFC 9114 §5.2',
        says: 'it comes before anything of the answer, and no GOAWAY says that the request was not looked at',
        when: (told) =>
          firstOf(openedQuic(told, 'waits'), (conn) => {
            const close = peerClosed(conn);
            if (close === undefined || answerOf(conn) !== 'none' || goawayOf(conn) !== undefined)
              return undefined;
            return {
              text: 'the server closed without an answer: whether the request was acted on, nobody can know',
              evidence: [close],
            };
          }),
      },
      {
        id: 'goaway-code',
        grade: 'warn',
        clause: 'RFC 9114 §5.2',
        says: 'the close behind a GOAWAY is not H3_NO_ERROR',
        when: (told) =>
          firstOf(openedQuic(told, 'waits'), (conn) => {
            const goaway = goawayOf(conn);
            const close = peerClosed(conn);
            if (goaway === undefined || close === undefined || saysNoError(close)) return undefined;
            return { text: `GOAWAY came, and then ${close.codeName}`, evidence: [goaway, close] };
          }),
      },
    ],
  },
  {
    id: 'quic-closing-resend',
    protocol: 'quic',
    asks: 'Is CONNECTION_CLOSE repeated, and not too often, for packets that come after it?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      {
        name: 'pokes',
        needs: 'h3',
        mute: true,
        acts: [
          ...ASK_QUIC,
          BREAK,
          AWAIT_CLOSE,
          { quic: 'poke', count: POKES, every_ms: 2 },
          { quic: 'sleep', ptos: 3, ms: 50 },
        ],
      },
    ],
    passes: 'CONNECTION_CLOSE came again, for some of the packets',
    rules: [
      {
        id: 'not-closed',
        grade: 'inconclusive',
        clause: 'RFC 9000 §10.2.1',
        says: 'the server did not close',
        when: (told) =>
          firstOf(openedQuic(told), (conn) =>
            conn.peerCloses.length > 0
              ? undefined
              : {
                  text: 'the server did not close: nothing could be asked',
                  evidence: [conn.limits.at(-1)],
                  who: 'network',
                },
          ),
      },
      {
        id: 'never-repeated',
        grade: 'warn',
        silent: true,
        clause: 'RFC 9000 §10.2.1',
        must: ['v1'],
        says: 'packets after it are met by silence',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const pokes = pokesOf(conn);
            if (
              conn.peerCloses.length === 0 ||
              repeats(conn) > 0 ||
              pokes.length === 0 ||
              conn.resets.length > 0
            )
              return undefined;
            return {
              text: `CONNECTION_CLOSE came once, and not again for ${pokes.length} packets: whoever loses that one waits for the idle timeout`,
              evidence: [conn.peerCloses[0], pokes[0], pokes.at(-1)],
            };
          }),
      },
      {
        id: 'every-packet',
        grade: 'warn',
        clause: 'RFC 9000 §10.2.1',
        says: 'it comes again for every packet, or more often',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const copies = repeats(conn);
            const pokes = pokesOf(conn);
            if (pokes.length === 0 || copies < pokes.length || peerClosed(conn) === undefined)
              return undefined;
            return {
              text: `CONNECTION_CLOSE came ${copies} times more for ${pokes.length} packets; it is to be limited`,
              evidence: [...conn.peerCloses, ...conn.heard].slice(0, MOST_SHOWN),
            };
          }),
      },
      {
        id: 'amplified',
        grade: 'fail',
        clause: 'RFC 9000 §10.2.1',
        must: ['v1'],
        says: 'the answers have more than three times the bytes of the packets',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const sent = pokesOf(conn).reduce((sum, { bytes }) => sum + bytes, 0);
            const came = conn.heard.reduce((sum, { bytes }) => sum + bytes, 0);
            if (sent === 0 || came <= 3 * sent) return undefined;
            return { text: `${came} bytes came back for ${sent}`, evidence: conn.heard };
          }),
      },
      {
        id: 'sends-on',
        grade: 'fail',
        clause: 'RFC 9000 §10.2.1',
        must: ['v1'],
        says: 'packets numbered after its CONNECTION_CLOSE hold something else',
        when: (told) =>
          firstOf(openedQuic(told), (conn) =>
            conn.afterPeerClose.length === 0
              ? undefined
              : {
                  text: 'packets came that were sent after the CONNECTION_CLOSE and hold something else',
                  evidence: [conn.peerCloses[0], ...conn.afterPeerClose],
                },
          ),
      },
      {
        id: 'reset',
        grade: 'warn',
        clause: 'RFC 9000 §10.2',
        says: 'packets after it are met by a stateless reset',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const close = peerClosed(conn);
            const reset = conn.resets.find((one) => close !== undefined && at(one) >= at(close));
            return (
              reset && {
                text: 'a stateless reset came after the CONNECTION_CLOSE, within three PTO of it',
                evidence: [close, reset],
              }
            );
          }),
      },
    ],
  },
];

/** A rule on each close of the peer's, whether the handshake was over or not. */
function closes(
  id: string,
  grade: 'info' | 'warn',
  clause: string,
  says: string,
  text: (close: QuicConn['peerCloses'][number], conn: QuicConn) => string | undefined,
): QuicProbeRule {
  return {
    ...{ id, grade, clause, says },
    when: (told) =>
      firstOf(named(told), (conn) => {
        for (const close of conn.peerCloses) {
          const found = text(close, conn);
          if (found !== undefined) return { text: found, evidence: [close] };
        }
        return undefined;
      }),
  };
}

function overH3({ completed }: QuicConn): boolean {
  return /^h3(?:-|$)/u.test(completed?.alpn ?? '');
}

export function goawayOf({ exchange }: QuicConn): QuicConn['exchange'][number] | undefined {
  return exchange.find(({ by, what }) => by === 'peer' && what === 'goaway');
}

/** Copies, and datagrams that came behind it: one that repeats the same packet tells nothing new. */
function repeats(conn: QuicConn): number {
  const [first] = pokesOf(conn);
  const after = conn.heard.filter(({ seq }) => first !== undefined && seq > first.seq);
  return Math.max(conn.peerCloses.length - 1, after.length);
}

function pokesOf({ taps }: QuicConn): QuicConn['taps'] {
  return taps.filter(({ rule }) => rule === 'poke');
}

const H3_NO_ERROR = 0x100n;
/** H3_FRAME_UNEXPECTED, and what stands for any error: H3_GENERAL_PROTOCOL_ERROR, H3_INTERNAL_ERROR (§8.1). */
const EXPECTED: ReadonlySet<bigint> = new Set([0x105n, 0x101n, 0x102n]);
/** Events that prove one thing many times over. */
const MOST_SHOWN = 5;
