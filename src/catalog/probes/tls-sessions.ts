import type { ProbeAct } from '../../driver/diagnose/plan.ts';
import { transportEnd } from '../close-facts.ts';
import { first } from './first.ts';
import type { Probe } from './probe.ts';
import { ASK } from './tls-we-end.ts';
import { answerState, endEvent, endedBeforeOurs, endOf, lost, opened } from './told.ts';

/** A full close, one without waiting, and two without close_notify. */
const CLOSES: readonly (readonly [name: string, ...acts: ProbeAct[]])[] = [
  ['full', { local: 'shutdown' }],
  ['fast', { local: 'shutdown' }, { local: 'fin' }],
  ['fin', { local: 'fin' }],
  ['rst', { local: 'rst' }],
];
const CLOSE_WORDS: Readonly<Record<string, string>> = {
  'resume-fast': 'a fast close',
  'resume-fin': 'a bare FIN',
  'resume-rst': 'RST',
};
/** If it is open still: does it live? */
const LAST: readonly ProbeAct[] = [{ local: 'shutdown' }, { local: 'await', what: 'close', limit: 'close' }];

/** Checks of what stands around a connection: its handshake, its tickets, the next connection, idleness. */
export const TLS_SESSION_PROBES: readonly Probe[] = [
  {
    id: 'tls-tickets',
    protocol: 'tls',
    asks: 'Do session tickets that we do not read at once harm the connection?',
    versions: ['1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'unread',
        acts: [
          { local: 'stop_reading' },
          { local: 'sleep', ms: 300 },
          { local: 'resume_reading' },
          { local: 'shutdown' },
          { local: 'await', what: 'close', limit: 'close' },
        ],
      },
      {
        name: 'unread-asked',
        needs: 'answer',
        acts: [
          { local: 'stop_reading' },
          { local: 'sleep', ms: 300 },
          { local: 'request', last: true },
          { local: 'resume_reading' },
          { local: 'await', what: 'close', limit: 'answer' },
        ],
      },
    ],
    passes: 'a few tickets, and the answer whole',
    rules: [
      {
        id: 'many',
        grade: 'warn',
        clause: 'RFC 9846 §4.7.1',
        says: 'more than 4 tickets, or more than 16 KB of them',
        fix: 'fewer-tickets',
        when: (told) => {
          const conn = opened(told).find(({ tickets }) => tickets.length > 4 || bytesOf(tickets) > 16_384);
          if (conn === undefined) return undefined;
          return {
            text: `${conn.tickets.length} tickets came on one connection, ${bytesOf(conn.tickets)} bytes: clients that close without reading them answer with RST`,
            evidence: [conn.tickets[0], conn.tickets.at(-1)],
          };
        },
      },
      {
        id: 'reset',
        grade: 'fail',
        clause: 'RFC 9846 §4.7.1',
        says: 'the connection is reset although nothing but reading was late',
        when: (told) =>
          first(opened(told, 'unread-asked'), 'rst', (conn) =>
            answerState(conn) !== 'none'
              ? undefined
              : { text: `reset before the answer: ${lost(conn)} is lost`, evidence: [conn.peerReset] },
          ),
      },
    ],
  },
  {
    id: 'tls-resume-unclean',
    protocol: 'tls',
    asks: 'Can a session be resumed, however its connection ended?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      ...CLOSES.map(([name, ...acts]) => ({
        name,
        acts: [
          { local: 'sleep', ms: 200 } as const,
          ...acts,
          { local: 'await', what: 'close', limit: 'close' } as const,
        ].filter((act) => name === 'full' || act.local !== 'await'),
      })),
      ...CLOSES.map(([name]) => ({
        name: `resume-${name}`,
        resume: name,
        acts: [{ local: 'shutdown' } as const],
      })),
    ],
    passes: 'resumed after every close',
    rules: [
      {
        id: 'clean-refused',
        grade: 'warn',
        clause: 'RFC 5246 §7.2.1; RFC 9846 §2.2',
        says: 'the session of a clean close is refused, others are not',
        when: (told) => {
          const [full, ...others] = opened(told).filter(({ name }) => name.startsWith('resume-'));
          if (full === undefined || full.completed?.resumed === true) return undefined;
          if (!others.some(({ completed }) => completed?.resumed === true)) return undefined;
          return { text: 'a session was refused after a clean close', evidence: [full.completed] };
        },
      },
      {
        id: 'unclean-refused',
        grade: 'info',
        clause: 'RFC 5246 §7.2.1',
        says: 'the session of a connection that ended without close_notify is refused',
        when: (told) => {
          const [full, ...others] = opened(told).filter(({ name }) => name.startsWith('resume-'));
          const refused = others.filter(({ completed }) => completed?.resumed === false);
          if (full?.completed?.resumed !== true || refused.length === 0) return undefined;
          return {
            text: `not resumed after ${refused.map(({ name }) => CLOSE_WORDS[name] ?? name).join(', ')}; resumed after a full close`,
            evidence: [full.completed, refused[0]?.completed],
          };
        },
      },
      {
        id: 'none',
        grade: 'inconclusive',
        clause: 'RFC 9846 §2.2',
        says: 'no session is given, or none is taken back',
        when: (told) => {
          const again = opened(told).filter(({ name }) => name.startsWith('resume-'));
          if (again.some(({ completed }) => completed?.resumed === true)) return undefined;
          const text =
            again.length === 0 ? 'the peer gives no session to resume' : 'the peer resumes no session';
          return { text, evidence: [again[0]?.completed ?? opened(told)[0]?.sessions[0]] };
        },
      },
    ],
  },
  {
    id: 'tls-hs-close',
    protocol: 'tls',
    asks: 'Is a connection released that we end during the handshake?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'fin',
        shaking: true,
        acts: [{ local: 'fin' }, { local: 'await', what: 'end', limit: 'close' }],
      },
      {
        name: 'close-notify',
        shaking: true,
        acts: [
          { local: 'raw_alert', level: 1, description: 0 },
          { local: 'fin' },
          { local: 'await', what: 'end', limit: 'close' },
        ],
      },
    ],
    passes: 'the peer ends the connection too',
    rules: [
      {
        id: 'held',
        grade: 'warn',
        clause: 'RFC 9846 §6.2',
        says: 'it is still open at the limit',
        fix: 'release-socket',
        when: (told) => {
          const held = told.conns.filter(
            (conn) => conn.ourFin !== undefined && conn.limits.some(({ phase }) => phase === 'close'),
          );
          const [conn] = held;
          if (conn === undefined) return undefined;
          return {
            text: `still open ${conn.limits.at(-1)?.ms ?? 0} ms after we ended it during the handshake (${held.map(({ name }) => name).join(', ')})`,
            evidence: [conn.ourFin, conn.limits.at(-1)],
          };
        },
      },
    ],
  },
  {
    id: 'tls-idle-close',
    protocol: 'tls',
    asks: 'How does the peer end a connection on which nothing happens?',
    versions: ['1.2', '1.3'],
    kind: 'slow',
    connections: [
      { name: 'fresh', acts: LAST },
      { name: 'idle', acts: [{ local: 'await', what: 'close', limit: 'idle' }, ...LAST] },
      {
        name: 'idle-asked',
        needs: 'keep-alive',
        acts: [...ASK, { local: 'await', what: 'close', limit: 'idle' }, ...LAST],
      },
    ],
    passes: 'close_notify and FIN, or no end within the limit and an answer to our close_notify',
    rules: [
      {
        id: 'fin-only',
        effect: 'bare-fin',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'FIN alone ends it',
        fix: 'send-close-notify',
        when: (told) =>
          first(opened(told), 'fin', (conn) =>
            !endedBeforeOurs(conn)
              ? undefined
              : { text: 'the idle connection was ended by FIN alone', evidence: [conn.peerFin] },
          ),
      },
      {
        id: 'rst',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'RST ends it',
        fix: 'send-close-notify',
        when: (told) =>
          first(opened(told), 'rst', (conn) =>
            !endedBeforeOurs(conn)
              ? undefined
              : { text: 'the idle connection was reset', evidence: [conn.peerReset] },
          ),
      },
      {
        id: 'dead',
        grade: 'fail',
        clause: 'RFC 9112 §9.3',
        says: 'nothing ends it, and our close_notify is met by silence or RST, which a fresh connection does not show',
        when: (told) => {
          const [fresh] = opened(told, 'fresh');
          const dead = opened(told, 'idle', 'idle-asked').find(
            (conn) =>
              fresh !== undefined &&
              endOf(fresh) !== endOf(conn) &&
              conn.ourClose !== undefined &&
              !endedBeforeOurs(conn) &&
              (endOf(conn) === 'rst' || endOf(conn) === 'open'),
          );
          if (dead === undefined) return undefined;
          return {
            text: `the idle connection died without a word: our close_notify was met by ${endOf(dead) === 'rst' ? 'RST' : 'silence'}`,
            evidence: [dead.ourClose, endEvent(dead), transportEnd(dead)],
          };
        },
      },
    ],
  },
];

function bytesOf(tickets: readonly { bytes: number }[]): number {
  return tickets.reduce((sum, { bytes }) => sum + bytes, 0);
}
