import { firstOf } from './quic-rules.ts';
import { openedQuic, type QuicConn, type QuicProbe } from './quic-told.ts';
import { reasonOf } from './quic-we-end.ts';

const RECONNECTS = 20;

/** Checks that repeat themselves, or that wait for state to be forgotten. */
export const QUIC_STATE_PROBES: readonly QuicProbe[] = [
  {
    id: 'quic-stateless-reset',
    protocol: 'quic',
    asks: 'What comes for a packet of a connection that is long over?',
    versions: ['v1'],
    kind: 'intrusive',
    connections: [
      {
        name: 'old',
        acts: [
          { quic: 'keep-packet' },
          { quic: 'close' },
          { quic: 'await', what: 'end', limit: 'end' },
          { quic: 'sleep', ms: 5_000 },
          { quic: 'late-packet' },
          { quic: 'sleep', ms: 1_000 },
        ],
      },
    ],
    passes: 'one stateless reset, smaller than the packet, with the token that was announced',
    rules: [
      {
        id: 'wrong-token',
        grade: 'fail',
        clause: 'RFC 9000 §10.3',
        must: ['v1'],
        says: 'what comes does not end in a token of this connection',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const answers = answersToLate(conn);
            if (answers.length === 0 || conn.resets.length > 0) return undefined;
            return {
              text: 'what came does not end in a stateless reset token of this connection',
              evidence: answers,
            };
          }),
      },
      {
        id: 'too-large',
        grade: 'fail',
        clause: 'RFC 9000 §10.3.3',
        must: ['v1'],
        says: 'it is not smaller than the packet that caused it',
        when: (told) =>
          firstOf(openedQuic(told), ({ resets: [reset], taps }) => {
            const late = taps.find(({ rule }) => rule === 'late-packet');
            if (reset === undefined || late === undefined || reset.bytes < late.bytes) return undefined;
            return {
              text: `a stateless reset of ${reset.bytes} bytes came for a packet of ${late.bytes}`,
              evidence: [late, reset],
            };
          }),
      },
      {
        id: 'several',
        grade: 'fail',
        clause: 'RFC 9000 §10.3',
        says: 'more than one comes for one packet',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const answers = answersToLate(conn);
            return answers.length < 2
              ? undefined
              : { text: `${answers.length} datagrams came for one packet`, evidence: answers };
          }),
      },
      {
        id: 'none',
        grade: 'info',
        silent: true,
        clause: 'RFC 9000 §10.3',
        says: 'nothing comes',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const late = conn.taps.find(({ rule }) => rule === 'late-packet');
            if (late === undefined || answersToLate(conn).length > 0) return undefined;
            return {
              text: 'nothing came for a packet of a connection long over: clients wait for their idle timeout',
              evidence: [late],
            };
          }),
      },
    ],
  },
  {
    id: 'quic-rapid-close',
    protocol: 'quic',
    asks: 'Does it take twenty connections that are closed at once, one after the other?',
    versions: ['v1'],
    kind: 'intrusive',
    connections: Array.from({ length: RECONNECTS }, (_, index) => ({
      name: `rapid-${index + 1}`,
      acts: [{ quic: 'close' } as const],
    })),
    passes: 'every one of them',
    rules: [
      {
        id: 'exhausted',
        grade: 'fail',
        silent: true,
        clause: 'RFC 9000 §10.2',
        says: 'from one of them on none is taken, though the first was',
        when: (told) => {
          const last = told.conns.findLastIndex(({ completed }) => completed !== undefined);
          const missed = told.conns.slice(last + 1);
          if (last === -1 || missed.length < 2) return undefined;
          return {
            text: `of ${told.conns.length} connections in a row those after number ${last + 1} were not taken`,
            evidence: missed.map(reasonOf),
          };
        },
      },
      {
        id: 'refused',
        grade: 'warn',
        clause: 'RFC 9000 §10.2',
        says: 'some are not taken',
        when: (told) => {
          const missed = told.conns.filter(({ completed }) => completed === undefined);
          if (missed.length === 0 || missed.length === told.conns.length) return undefined;
          return {
            text: `${missed.length} of ${told.conns.length} connections in a row were not taken`,
            evidence: missed.map(reasonOf),
          };
        },
      },
    ],
  },
];

function answersToLate({ heard, taps }: QuicConn): QuicConn['heard'] {
  const late = taps.find(({ rule }) => rule === 'late-packet');
  return late === undefined ? [] : heard.filter(({ seq }) => seq > late.seq);
}
