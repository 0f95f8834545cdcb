import type { ProbeAct } from '../../driver/diagnose/plan.ts';
import { first } from './first.ts';
import type { Probe, ProbeRule } from './probe.ts';
import { answerState, type Conn, endOf, lost, missing, opened } from './told.ts';

const TO_THE_END: readonly ProbeAct[] = [
  { local: 'request', last: true },
  { local: 'await', what: 'close', limit: 'answer' },
];

/** Rules for an answer after which the peer closes; research and practice in one table (RFC 9846 §6.1, RFC 9112 §8, §9.6). */
const PEER_CLOSE_RULES: readonly ProbeRule[] = [
  {
    id: 'mid-record',
    effect: 'bare-fin',
    grade: 'fail',
    clause: 'RFC 9846 §6.1',
    must: ['1.3'],
    says: 'the connection ends inside a record',
    fix: 'send-close-notify',
    when: (told) =>
      first(opened(told), 'mid-record', (conn) => ({
        text: `the connection ended inside a record: ${conn.eof?.partialRecord ?? 0} bytes of it had come`,
        evidence: [conn.peerData.at(-1), conn.peerFin ?? conn.peerReset, conn.eof],
      })),
  },
  {
    id: 'cut',
    grade: 'fail',
    clause: 'RFC 9112 §8',
    says: 'close_notify comes before the answer is whole',
    when: (told) =>
      first(opened(told), 'close-notify', (conn) =>
        answerState(conn) !== 'cut'
          ? undefined
          : {
              text: `close_notify came before the answer was whole: ${missing(conn)}`,
              evidence: [conn.answers.at(-1), conn.peerClose],
            },
      ),
  },
  {
    id: 'rst',
    effect: 'reset',
    grade: 'warn',
    clause: 'RFC 9846 §6.1',
    must: ['1.3'],
    says: 'RST comes instead of close_notify; a failure where the answer is not known to be whole',
    fix: 'read-before-close',
    when: (told) =>
      first(opened(told), 'rst', (conn) => ({
        ...(answerState(conn) === 'whole' ? {} : { grade: 'fail' as const }),
        text:
          answerState(conn) === 'whole'
            ? 'RST came without close_notify; the answer was whole by its own framing'
            : `RST came without close_notify: ${lost(conn)} may be lost`,
        evidence: [conn.peerData.at(-1), conn.answers.at(-1), conn.peerReset],
      })),
  },
  {
    id: 'fin-only',
    effect: 'bare-fin',
    grade: 'warn',
    clause: 'RFC 9846 §6.1',
    must: ['1.3'],
    says: 'FIN comes without close_notify; a failure where the answer is not known to be whole',
    fix: 'send-close-notify',
    when: (told) =>
      first(opened(told), 'fin', (conn) => ({
        ...(answerState(conn) === 'whole' ? {} : { grade: 'fail' as const }),
        text: `FIN came without close_notify; ${FIN_TEXT[answerState(conn)]}`,
        evidence: [conn.peerData.at(-1), conn.answers.at(-1), conn.peerFin],
      })),
  },
  {
    id: 'alert',
    effect: 'error-alert',
    grade: 'warn',
    clause: 'RFC 9846 §6.1',
    says: 'an error alert ends the answer; a failure where it is not known to be whole',
    when: (told) =>
      first(opened(told), 'alert', (conn) => ({
        ...(answerState(conn) === 'whole' ? {} : { grade: 'fail' as const }),
        text: `alert ${conn.errorAlert?.descriptionName ?? ''} came in place of close_notify${answerState(conn) === 'whole' ? '; the answer was whole' : `: ${lost(conn)} may be missing`}`,
        evidence: [conn.answers.at(-1), conn.errorAlert],
      })),
  },
  {
    id: 'fault',
    grade: 'fail',
    clause: 'RFC 9846 §5.2',
    says: 'the record in place of close_notify is not one of TLS',
    when: (told) =>
      first(opened(told), 'fault', (conn) => ({
        ...(conn.fault?.rule === 'alert-length' && answerState(conn) === 'whole'
          ? { grade: 'warn' as const }
          : {}),
        text: `no close_notify could be read: ${conn.fault?.detail ?? ''}`,
        evidence: [conn.answers.at(-1), conn.fault],
      })),
  },
  {
    id: 'open',
    effect: 'held',
    grade: 'warn',
    clause: 'RFC 9112 §9.6',
    says: 'the connection is not closed within the limit, although that was asked for',
    fix: 'send-close-notify',
    when: (told) =>
      first(opened(told), 'open', (conn) => ({
        text: `not closed within ${conn.limits.at(-1)?.ms ?? 0} ms of a request with Connection: close`,
        evidence: [conn.answers.at(-1), conn.limits.at(-1)],
      })),
  },
];

/** Checks in which the peer is the first to end. */
export const TLS_PEER_END_PROBES: readonly Probe[] = [
  {
    id: 'tls-peer-close',
    protocol: 'tls',
    asks: 'Does an answer with which the connection ends end with close_notify?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'peer-close',
        needs: 'answer',
        acts: [
          ...TO_THE_END,
          { local: 'answer', after_ms: 0 },
          { local: 'await', what: 'end', limit: 'fin' },
        ],
      },
    ],
    passes: 'close_notify before the end, and the answer whole',
    rules: PEER_CLOSE_RULES,
  },
  {
    id: 'tls-peer-close-transport',
    protocol: 'tls',
    asks: 'Does the TCP connection of such an answer end with FIN, whenever our close_notify comes?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      ...[0, 10, 100].map((after_ms) => ({
        name: `answered-after-${after_ms}`,
        needs: 'answer' as const,
        acts: [
          ...TO_THE_END,
          { local: 'answer', after_ms } as const,
          { local: 'await', what: 'end', limit: 'fin' } as const,
        ],
        linger_ms: 150,
      })),
      {
        name: 'withheld',
        needs: 'answer',
        acts: [...TO_THE_END, { local: 'await', what: 'end', limit: 'fin' }],
      },
      {
        name: 'unread',
        needs: 'answer',
        acts: [
          { local: 'request', last: true },
          { local: 'stop_reading' },
          { local: 'sleep', ms: 300 },
          { local: 'resume_reading' },
          { local: 'await', what: 'close', limit: 'answer' },
        ],
      },
    ],
    passes: 'FIN in every case',
    rules: [
      {
        id: 'rst-loses',
        effect: 'reset',
        grade: 'fail',
        clause: 'RFC 9112 §9.6',
        says: 'RST comes while the answer is not whole',
        fix: 'read-before-close',
        when: (told) =>
          first(opened(told), 'rst', (conn) =>
            answerState(conn) === 'whole'
              ? undefined
              : {
                  text: `dangerous: RST came before the end of the answer (${conn.name}); ${lost(conn)} may be lost`,
                  evidence: [conn.peerData.at(-1), conn.answers.at(-1), conn.peerReset],
                },
          ),
      },
      {
        id: 'rst-without-close-notify',
        effect: 'reset',
        grade: 'warn',
        clause: 'RFC 9112 §9.6',
        must: ['1.3'],
        says: 'RST comes without close_notify, after a whole answer',
        fix: 'read-before-close',
        when: (told) =>
          first(opened(told), 'rst', (conn) =>
            answerState(conn) !== 'whole'
              ? undefined
              : {
                  text: `RST came without close_notify (${conn.name}); the answer had been read, so nothing is lost this time`,
                  evidence: [conn.answers.at(-1), conn.peerReset],
                },
          ),
      },
      {
        id: 'rst-benign',
        grade: 'info',
        clause: 'RFC 9293 §3.10.4',
        says: 'RST comes after close_notify and the whole answer',
        when: (told) => benignReset(opened(told)),
      },
      {
        id: 'held-open',
        effect: 'held',
        grade: 'warn',
        clause: 'RFC 9112 §9.6',
        says: 'no FIN within the limit of the closing exchange',
        fix: 'release-socket',
        when: (told) => {
          const held = opened(told).filter(
            (conn) => conn.ourClose !== undefined && endOf(conn) === 'close-notify' && noEnd(conn),
          );
          const [conn] = held;
          if (conn === undefined) return undefined;
          return {
            text: `no FIN within ${conn.limits.at(-1)?.ms ?? 0} ms of both close_notify (${names(held)})`,
            evidence: [conn.peerClose, conn.ourClose, conn.limits.at(-1)],
          };
        },
      },
    ],
  },
];

/** The socket was closed before our answer came, or reset whatever we did: where nothing was lost, both are harmless. */
function benignReset(conns: readonly Conn[]): ReturnType<ProbeRule['when']> {
  const reset = conns.filter((conn) => endOf(conn) === 'close-notify' && resetEvent(conn) !== undefined);
  const [conn] = reset;
  if (conn === undefined) return undefined;
  const unprovoked = reset.some(({ ourClose }) => ourClose === undefined);
  return {
    text: unprovoked
      ? `benign: RST in place of FIN, unprovoked (${names(reset)}); close_notify and the whole answer had come`
      : `benign: the socket was closed before our close_notify came (${names(reset)}); nothing is lost`,
    evidence: [conn.peerClose, conn.ourClose, resetEvent(conn)],
  };
}

function resetEvent({ peerReset, resetAfterFin }: Conn): Conn['resetAfterFin'] | Conn['peerReset'] {
  return peerReset ?? (resetAfterFin?.observed === 'yes' ? resetAfterFin : undefined);
}

function noEnd({ peerFin, peerReset }: Conn): boolean {
  return peerFin === undefined && peerReset === undefined;
}

function names(conns: readonly Conn[]): string {
  return conns.map(({ name }) => name).join(', ');
}

const FIN_TEXT = {
  whole: 'the answer was whole by its own framing, so strict clients alone complain',
  cut: 'the answer is not whole',
  'to-end': 'the end of the connection is all that ends this answer: whoever cuts it is not noticed',
  none: 'no answer had come',
} as const;
