import { before } from '../close-facts.ts';
import type { Hit, Probe } from './probe.ts';
import { ASK } from './tls-we-end.ts';
import { answerState, type Conn, endEvent, endOf, lost, missing, opened, type Told } from './told.ts';

/** Checks in which one direction is over and the other is not, or in which much comes at once. */
export const TLS_DIRECTION_PROBES: readonly Probe[] = [
  {
    id: 'tls-half-close',
    protocol: 'tls',
    asks: 'Does the answer still come when our close_notify follows the request at once?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'half-closed',
        needs: 'answer',
        acts: [
          { local: 'burst', parts: ['last-request', 'close_notify'] },
          { local: 'await', what: 'close', limit: 'answer' },
        ],
      },
      {
        name: 'half-closed-fin',
        needs: 'answer',
        acts: [
          { local: 'burst', parts: ['last-request', 'close_notify'] },
          { local: 'fin' },
          { local: 'await', what: 'close', limit: 'answer' },
        ],
      },
    ],
    passes: 'the whole answer, then the end',
    rules: [
      {
        id: 'cut',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        says: 'TLS 1.3: the answer is cut or missing; a failure where it has no length of its own. TLS 1.2 allows it',
        fix: 'finish-answer',
        when: (told) => halfClosed(told, 'half-closed'),
      },
      {
        id: 'cut-with-fin',
        grade: 'info',
        clause: 'RFC 9112 §9.6',
        says: 'the answer is cut or missing when our FIN comes too, which some take for a cancel',
        when: (told) => halfClosed(told, 'half-closed-fin'),
      },
    ],
  },
  {
    id: 'tls-close-order',
    protocol: 'tls',
    asks: 'Are three requests and a close_notify in one write answered three times?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'pipelined',
        needs: 'keep-alive',
        acts: [
          { local: 'burst', parts: ['request', 'request', 'last-request', 'close_notify'] },
          { local: 'await', what: 'close', limit: 'answer' },
        ],
      },
      {
        name: 'open',
        needs: 'keep-alive',
        acts: [
          { local: 'burst', parts: ['request', 'request', 'last-request'] },
          { local: 'await', what: 'answer', limit: 'answer' },
        ],
      },
    ],
    passes: 'as many answers as without close_notify',
    rules: [
      {
        id: 'fewer',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        says: 'TLS 1.3: fewer answers than without close_notify. TLS 1.2 allows it',
        fix: 'finish-answer',
        when: (told) => {
          const [conn] = opened(told, 'pipelined');
          const [open] = opened(told, 'open');
          if (conn === undefined || open === undefined) return undefined;
          const whole = wholeAnswers(conn);
          // Where pipelined requests are not answered anyhow, close_notify is not to blame.
          if (whole >= wholeAnswers(open)) return undefined;
          return {
            ...(told.version === '1.2' ? { grade: 'info' as const } : {}),
            text: `${whole} of 3 requests were answered when close_notify came with them, ${wholeAnswers(open)} without it`,
            evidence: [conn.ourClose, ...conn.answers, endEvent(conn)],
          };
        },
      },
    ],
  },
  {
    id: 'tls-keepalive-race',
    protocol: 'tls',
    asks: 'Is a second request on a connection that stays open answered?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [0, 500].map((ms) => ({
      name: ms === 0 ? 'at-once' : `after-${ms}`,
      needs: 'keep-alive' as const,
      acts: [...ASK, ...(ms === 0 ? [] : [{ local: 'sleep' as const, ms }]), ...ASK],
    })),
    passes: 'every request was answered',
    rules: [
      {
        id: 'lost-to-rst',
        grade: 'fail',
        clause: 'RFC 9112 §9.3.1',
        says: 'the second request is met by RST',
        effect: 'reset',
        fix: 'read-before-close',
        when: (told) => unanswered(told, (conn) => endOf(conn) === 'rst', 'RST'),
      },
      {
        id: 'lost',
        grade: 'warn',
        clause: 'RFC 9112 §9.3.1',
        says: 'the second request is met by the end of the connection, or by nothing',
        when: (told) => unanswered(told, (conn) => endOf(conn) !== 'rst', 'the end of the connection'),
      },
    ],
  },
  {
    id: 'tls-early-response',
    protocol: 'tls',
    asks: 'Can the answer be read that a server gives before it has read the whole upload?',
    versions: ['1.2', '1.3'],
    kind: 'intrusive',
    connections: [
      {
        name: 'upload',
        needs: 'answer',
        acts: [
          { local: 'upload', bytes: 1_048_576, piece: 4_096, every_ms: 50, on_ms: 1_000 },
          { local: 'await', what: 'close', limit: 'answer' },
        ],
      },
    ],
    passes: 'no answer was lost',
    rules: [
      {
        id: 'lost',
        effect: 'reset-upload',
        grade: 'fail',
        clause: 'RFC 9112 §9.6',
        says: 'RST destroys the answer',
        fix: 'read-before-close',
        when: (told) =>
          uploaded(told, (conn) =>
            conn.peerReset === undefined || answerState(conn) === 'whole' || waited(conn)
              ? undefined
              : {
                  text: `the upload was met by RST: ${lost(conn)} is lost`,
                  evidence: [conn.ourData.at(-1), conn.answers.at(-1), conn.peerReset],
                },
          ),
      },
      {
        id: 'reset-later',
        effect: 'reset-upload',
        grade: 'warn',
        clause: 'RFC 9112 §9.6',
        says: 'the answer is whole, RST follows while we still send',
        fix: 'read-before-close',
        when: (told) =>
          uploaded(told, (conn) =>
            conn.peerReset === undefined || answerState(conn) !== 'whole'
              ? undefined
              : {
                  text: 'the answer was whole, and RST came while the upload went on: slower readers lose it',
                  evidence: [conn.answers.at(-1), conn.peerReset],
                },
          ),
      },
    ],
  },
];

function wholeAnswers({ answers }: Conn): number {
  return answers.filter(({ complete }) => complete).length;
}

function halfClosed(told: Told, name: string): Hit | undefined {
  const [conn] = opened(told, name);
  if (conn === undefined) return undefined;
  const state = answerState(conn);
  // Without a length of its own, only close_notify says that it is whole.
  const whole = state === 'whole' || (state === 'to-end' && endOf(conn) === 'close-notify');
  if (whole || (conn.ourClose !== undefined && endedBefore(conn))) return undefined;
  const text =
    state === 'none'
      ? 'no answer came'
      : state === 'cut'
        ? `the answer was ${missing(conn)}`
        : `the answer ended without close_notify: ${lost(conn)} may be missing`;
  return {
    ...(told.version === '1.2' ? { grade: 'info' as const } : {}),
    ...(told.version === '1.3' && name === 'half-closed' && state === 'to-end'
      ? { grade: 'fail' as const }
      : {}),
    text: `${text} after a request with close_notify behind it`,
    evidence: [conn.ourClose, conn.answers.at(-1), endEvent(conn)],
  };
}

/** It was over before our request could have been read. */
function endedBefore(conn: Conn): boolean {
  const end = endEvent(conn);
  return end !== undefined && conn.ourClose !== undefined && before(end, conn.ourClose);
}

/** The server wanted the whole upload before it answers: nothing can be said. */
function waited({ notes }: Conn): boolean {
  return notes.some(({ code }) => code === 'no-early-answer');
}

function unanswered(told: Told, met: (conn: Conn) => boolean, by: string): Hit | undefined {
  const conn = opened(told).find((each) => wholeAnswers(each) === 1 && met(each));
  if (conn === undefined) return undefined;
  return {
    text: `the second request on a connection that was to stay open was met by ${endOf(conn) === 'open' ? 'silence' : by}`,
    evidence: [conn.answers[0], conn.ourData.at(-1), endEvent(conn)],
  };
}

function uploaded(told: Told, hit: (conn: Conn) => Hit | undefined): Hit | undefined {
  const [conn] = opened(told, 'upload');
  return conn === undefined ? undefined : hit(conn);
}
