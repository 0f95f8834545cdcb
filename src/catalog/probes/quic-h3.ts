import type { QuicProbeAct } from '../../driver/diagnose/quic-plan.ts';
import { encodeH3Frame, H3_FRAME } from '../../wire/h3-frames.ts';
import { saysNoError } from '../quic-facts.ts';
import { ASK_QUIC, AWAIT_CLOSE, goawayOf } from './quic-peer-ends.ts';
import { closedInPeace, firstOf } from './quic-rules.ts';
import {
  answerOf,
  controlEnded,
  endedBecause,
  openedQuic,
  peerClosed,
  type QuicProbe,
  ranOut,
} from './quic-told.ts';

/** No push is wanted from push 0 on (§5.2): nothing changes for a server that pushes nothing. */
const GOAWAY: QuicProbeAct = { quic: 'control', data: encodeH3Frame(H3_FRAME.GOAWAY, Uint8Array.of(0)) };

/** Checks of what HTTP/3 adds to the end of a connection. */
export const H3_PROBES: readonly QuicProbe[] = [
  {
    id: 'h3-goaway',
    protocol: 'quic',
    asks: 'Does GOAWAY come before a planned close, with identifiers that never grow?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      { name: 'waits', needs: 'h3', acts: [...ASK_QUIC, AWAIT_CLOSE] },
      {
        name: 'tells',
        needs: 'h3',
        acts: [
          ...ASK_QUIC,
          GOAWAY,
          { quic: 'ping' },
          { quic: 'await', what: 'reply', limit: 'close' },
          { quic: 'close' },
        ],
      },
    ],
    passes: 'GOAWAY first, where the server closed; ours was taken',
    rules: [
      {
        id: 'grows',
        grade: 'fail',
        clause: 'RFC 9114 §5.2, §7.2.6',
        must: ['v1'],
        says: 'an identifier grows, or is none of a request',
        when: (told) =>
          firstOf(openedQuic(told), ({ exchange }) => {
            const wrong = exchange.find(
              ({ what, detail }) => what === 'error' && detail.includes('GOAWAY with'),
            );
            return wrong && { text: `a GOAWAY was wrong: ${wrong.detail}`, evidence: [wrong] };
          }),
      },
      {
        id: 'missing',
        grade: 'warn',
        clause: 'RFC 9114 §5.2',
        says: 'the server closes in peace, and without GOAWAY',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const close = peerClosed(conn);
            if (close === undefined || !closedInPeace(conn) || goawayOf(conn) !== undefined) return undefined;
            return {
              text: 'the server closed without GOAWAY: a client cannot tell which requests were looked at',
              evidence: [close],
            };
          }),
      },
      {
        id: 'refused',
        grade: 'warn',
        clause: 'RFC 9114 §7.2.6',
        says: "the client's GOAWAY is answered with an error",
        when: (told) =>
          firstOf(openedQuic(told, 'tells'), (conn) => {
            const close = peerClosed(conn);
            if (close === undefined || saysNoError(close) || answerOf(conn) !== 'whole') return undefined;
            return { text: `our GOAWAY was met by ${close.codeName}`, evidence: [close] };
          }),
      },
    ],
  },
  {
    id: 'h3-critical-stream',
    protocol: 'quic',
    asks: 'Is the end of a control stream met by H3_CLOSED_CRITICAL_STREAM?',
    versions: ['v1'],
    kind: 'intrusive',
    connections: [{ name: 'ends', needs: 'h3', acts: [...ASK_QUIC, { quic: 'end-control' }, AWAIT_CLOSE] }],
    passes: 'CONNECTION_CLOSE with H3_CLOSED_CRITICAL_STREAM, or another error',
    rules: [
      {
        id: 'no-reaction',
        grade: 'fail',
        silent: true,
        clause: 'RFC 9114 §6.2.1',
        must: ['v1'],
        says: 'no CONNECTION_CLOSE comes within the limit',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const limit = ranOut(conn, 'close');
            const end = limit ?? conn.resets[0];
            if (controlEnded(conn) === undefined || end === undefined || conn.peerCloses.length > 0)
              return undefined;
            return {
              text: `no CONNECTION_CLOSE came for the end of our control stream, ${limit === undefined ? 'but a stateless reset' : `not within ${limit.ms} ms`}`,
              evidence: [controlEnded(conn), end],
            };
          }),
      },
      {
        id: 'not-asked',
        grade: 'inconclusive',
        clause: 'RFC 9114 §6.2.1',
        says: 'the server ended the connection before the control stream could end',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const end = conn.peerCloses[0] ?? conn.resets[0];
            const asked = controlEnded(conn);
            const isAnswer =
              asked !== undefined &&
              (endedBecause(conn, asked) !== undefined || conn.peerCloses.length === 0);
            if (end === undefined || isAnswer) return undefined;
            return {
              text: 'the server ended the connection before we could end our control stream',
              evidence: [end],
            };
          }),
      },
      {
        id: 'no-error',
        grade: 'warn',
        clause: 'RFC 9114 §6.2.1, §8',
        must: ['v1'],
        says: 'the close says that there was no error',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const close = endedBecause(conn, controlEnded(conn));
            return close !== undefined && saysNoError(close)
              ? { text: `the end of our control stream was met by ${close.codeName}`, evidence: [close] }
              : undefined;
          }),
      },
      {
        id: 'other-code',
        grade: 'info',
        clause: 'RFC 9114 §6.2.1, §8',
        says: 'it is another error',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const close = endedBecause(conn, controlEnded(conn));
            if (close === undefined || saysNoError(close) || CRITICAL.has(close.code)) return undefined;
            return { text: `the end of our control stream was met by ${close.codeName}`, evidence: [close] };
          }),
      },
    ],
  },
];

/** H3_CLOSED_CRITICAL_STREAM, or any error. */
const CRITICAL: ReadonlySet<bigint> = new Set([0x104n, 0x101n, 0x102n]);
