import type { ConnectionPlan, ProbeAct } from '../../driver/diagnose/plan.ts';
import { before } from '../close-facts.ts';
import { first } from './first.ts';
import type { Hit, Probe, ProbeRule } from './probe.ts';
import { type Conn, closedAfterMs, endEvent, endOf, opened, type Told } from './told.ts';

const AWAIT_REPLY: readonly ProbeAct[] = [
  { local: 'await', what: 'close', limit: 'close' },
  { local: 'await', what: 'end', limit: 'fin' },
];
export const ASK: readonly ProbeAct[] = [
  { local: 'request' },
  { local: 'await', what: 'answer', limit: 'answer' },
];

/** The same end twice: right after the handshake, and after an exchange where the connection stays. */
function bothWays(acts: readonly ProbeAct[], rest: Partial<ConnectionPlan> = {}): ConnectionPlan[] {
  return [
    { name: 'bare', acts, ...rest },
    { name: 'asked', needs: 'keep-alive', acts: [...ASK, ...acts], ...rest },
  ];
}

/** What comes back for a close_notify of ours. */
const REPLY_RULES: readonly ProbeRule[] = [
  {
    id: 'alert',
    effect: 'error-alert',
    grade: 'fail',
    clause: 'RFC 9846 §6.1',
    says: 'close_notify is answered with an error alert',
    when: (told) =>
      first(opened(told), 'alert', (conn) => ({
        text: `alert ${conn.errorAlert?.descriptionName ?? ''} came in answer to our close_notify`,
        evidence: [conn.ourClose, conn.errorAlert],
      })),
  },
  {
    id: 'fault',
    grade: 'fail',
    clause: 'RFC 9846 §5.2',
    says: 'what comes back is not TLS',
    when: (told) =>
      first(opened(told), 'fault', (conn) => ({
        ...(conn.fault?.rule === 'alert-length' ? { grade: 'warn' as const } : {}),
        text: `what came back for our close_notify is no record of TLS: ${conn.fault?.detail ?? ''}`,
        evidence: [conn.ourClose, conn.fault],
      })),
  },
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
        text: `the connection ended inside a record after our close_notify: ${conn.eof?.partialRecord ?? 0} bytes of it had come`,
        evidence: [conn.ourClose, conn.eof],
      })),
  },
  bareReply('fin-only', 'fin', 'FIN'),
  bareReply('rst-only', 'rst', 'RST'),
  {
    id: 'silence',
    effect: 'held',
    grade: 'warn',
    clause: 'RFC 5246 §7.2.1',
    must: ['1.2'],
    says: 'nothing comes back within the limit',
    fix: 'answer-close-notify',
    when: (told) =>
      first(opened(told), 'open', (conn) => {
        const limit = conn.limits.find(({ phase }) => phase === 'close');
        if (limit === undefined) return undefined;
        return {
          text: `no close_notify and no FIN within ${limit.ms} ms of our close_notify`,
          evidence: [conn.ourClose, limit],
        };
      }),
  },
];

/** What is worth knowing of an answer that is right. */
const REPLY_NOTES: readonly ProbeRule[] = [
  {
    id: 'goes-on',
    grade: 'info',
    clause: 'RFC 5246 §7.2.1',
    says: 'TLS 1.2: data comes after our close_notify, which TLS 1.3 allows',
    when: (told) => {
      const conn = told.version === '1.2' ? opened(told).find((each) => late(each) !== undefined) : undefined;
      if (conn === undefined) return undefined;
      return {
        text: 'the peer went on sending data after our close_notify, as TLS 1.3 allows and TLS 1.2 does not',
        evidence: [conn.ourClose, late(conn)],
      };
    },
  },
];

function late({ ourClose, peerData }: Conn): Conn['peerData'][number] | undefined {
  return peerData.find((data) => ourClose !== undefined && before(ourClose, data) && !data.afterClose);
}

/** Checks in which we are the first to close. */
export const TLS_WE_END_PROBES: readonly Probe[] = [
  {
    id: 'tls-close-reply',
    protocol: 'tls',
    asks: 'Is our close_notify answered with one?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: bothWays([{ local: 'shutdown' }, ...AWAIT_REPLY]),
    passes: 'close_notify came back',
    rules: [...REPLY_RULES, ...REPLY_NOTES],
  },
  {
    id: 'tls-close-latency',
    protocol: 'tls',
    asks: 'How long does the peer keep us waiting after our close_notify?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: bothWays([{ local: 'shutdown' }, ...AWAIT_REPLY]),
    passes: 'an end of any kind within a second',
    rules: [
      {
        id: 'held',
        effect: 'held',
        grade: 'warn',
        clause: 'practice; no RFC of TLS names a time',
        says: 'the connection is not released within the limit',
        fix: 'release-socket',
        when: (told) => {
          const conn = opened(told).find(
            ({ peerFin, peerReset, ourClose }) =>
              ourClose !== undefined && peerFin === undefined && peerReset === undefined,
          );
          if (conn === undefined) return undefined;
          const limit = conn.limits.at(-1);
          return {
            text: `no FIN within ${limit?.ms ?? 0} ms ${conn.peerClose === undefined ? 'of our close_notify: whoever waits hangs' : 'of the closing exchange: whoever waits for FIN hangs'}`,
            evidence: [conn.ourClose, conn.peerClose, limit],
          };
        },
      },
      {
        id: 'late',
        grade: 'warn',
        clause: 'practice; no RFC of TLS names a time',
        says: 'the answer takes more than a second',
        when: (told) => {
          const conn = opened(told).find((each) => (closedAfterMs(each, endEvent(each)) ?? 0) > LATE_MS);
          if (conn === undefined || endOf(conn) === 'open') return undefined;
          return {
            text: `the answer to our close_notify took more than ${LATE_MS} ms`,
            evidence: [conn.ourClose, endEvent(conn)],
          };
        },
      },
    ],
  },
  {
    id: 'tls-fin-only',
    protocol: 'tls',
    asks: 'What becomes of a connection that we end with FIN, without close_notify?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: bothWays([{ local: 'fin' }, { local: 'await', what: 'end', limit: 'close' }]),
    passes: 'close_notify or an alert, then FIN',
    rules: [
      {
        id: 'held',
        effect: 'held',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        says: 'the connection is still open at the limit',
        fix: 'release-socket',
        when: (told) => {
          const conn = opened(told).find(
            ({ peerFin, peerReset, ourFin }) =>
              ourFin !== undefined && peerFin === undefined && peerReset === undefined,
          );
          if (conn === undefined) return undefined;
          return {
            text: `still open ${conn.limits.at(-1)?.ms ?? 0} ms after our FIN`,
            evidence: [conn.ourFin, conn.limits.at(-1)],
          };
        },
      },
      {
        id: 'rst',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'our FIN is answered with RST alone',
        fix: 'read-before-close',
        when: (told) =>
          first(opened(told), 'rst', (conn) => ({
            text: 'our FIN was answered with RST alone',
            evidence: [conn.ourFin, conn.peerReset],
          })),
      },
      {
        id: 'fin',
        grade: 'info',
        clause: 'RFC 9846 §6.1',
        says: 'our FIN is answered with FIN alone',
        when: (told) =>
          first(opened(told), 'fin', (conn) => ({
            text: 'our FIN was answered with FIN alone: neither side said that it was over',
            evidence: [conn.ourFin, conn.peerFin],
          })),
      },
    ],
  },
  {
    id: 'tls-tcp-release',
    protocol: 'tls',
    asks: 'After close_notify both ways, does the peer end TCP when we do not?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: bothWays([{ local: 'shutdown' }, ...AWAIT_REPLY]),
    passes: 'FIN within the limit',
    rules: [
      {
        id: 'held',
        effect: 'held',
        grade: 'warn',
        clause: 'RFC 9112 §9.6',
        says: 'no FIN within the limit of the closing exchange',
        fix: 'release-socket',
        when: (told) =>
          first(opened(told), 'close-notify', (conn) =>
            conn.peerFin !== undefined || conn.peerReset !== undefined
              ? undefined
              : {
                  text: `no FIN within ${conn.limits.at(-1)?.ms ?? 0} ms of both close_notify: a descriptor is kept at the peer`,
                  evidence: [conn.ourClose, conn.peerClose, conn.limits.at(-1)],
                },
          ),
      },
      {
        id: 'rst',
        grade: 'info',
        clause: 'RFC 9293 §3.10.4',
        says: 'RST comes after both close_notify',
        when: (told) =>
          first(opened(told), 'close-notify', (conn) =>
            conn.peerReset === undefined
              ? undefined
              : {
                  text: 'RST came in place of FIN, after close_notify: nothing is lost',
                  evidence: [conn.peerClose, conn.peerReset],
                },
          ),
      },
    ],
  },
  {
    id: 'tls-split-alert',
    protocol: 'tls',
    asks: 'Is a close_notify that comes byte by byte understood like any other?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      { name: 'whole', acts: [{ local: 'shutdown' }, { local: 'await', what: 'close', limit: 'close' }] },
      {
        name: 'split',
        acts: [
          { local: 'trickle', every_ms: 5 },
          { local: 'await', what: 'close', limit: 'close' },
        ],
      },
      {
        name: 'glued',
        needs: 'keep-alive',
        acts: [
          { local: 'burst', parts: ['request', 'close_notify'] },
          { local: 'await', what: 'close', limit: 'close' },
        ],
      },
    ],
    passes: 'the same end, whole or in pieces',
    rules: [
      {
        id: 'differs',
        grade: 'fail',
        clause: 'RFC 9846 §5.1',
        says: 'in pieces it is met by an alert or by silence, whole it is not',
        when: differs,
      },
    ],
  },
];

function differs(told: Told): Hit | undefined {
  const [whole] = opened(told, 'whole');
  if (whole === undefined || SAME[endOf(whole)] === 'bad') return undefined;
  const other = opened(told, 'split', 'glued').find((conn) => SAME[endOf(conn)] === 'bad');
  if (other === undefined) return undefined;
  return {
    text: `the close_notify that came ${other.name === 'split' ? 'byte by byte' : 'glued to a request'} was met by ${endOf(other) === 'open' ? 'silence' : `alert ${other.errorAlert?.descriptionName ?? ''}`}`,
    evidence: [whole.ourClose, endEvent(whole), other.ourClose, endEvent(other)],
  };
}

function bareReply(id: string, end: 'fin' | 'rst', what: string): ProbeRule {
  return {
    id,
    grade: 'warn',
    clause: 'RFC 9846 §6.1; RFC 5246 §7.2.1',
    must: ['1.2', '1.3'],
    says: `close_notify is answered with ${what} alone`,
    effect: end === 'fin' ? 'no-answer' : 'reset',
    fix: end === 'fin' ? 'answer-close-notify' : 'read-before-close',
    when: (told) =>
      first(opened(told), end, (conn) => {
        const event = endEvent(conn);
        if (conn.ourClose === undefined || event === undefined) return undefined;
        return {
          text: before(event, conn.ourClose)
            ? `${what} came without close_notify, before we closed`
            : `our close_notify was answered with ${what} alone`,
          evidence: [conn.ourClose, event],
        };
      }),
  };
}

/** What a difference counts from. */
const SAME: Readonly<Record<ReturnType<typeof endOf>, 'good' | 'bad'>> = {
  'close-notify': 'good',
  fin: 'good',
  rst: 'good',
  'mid-record': 'good',
  alert: 'bad',
  fault: 'bad',
  open: 'bad',
};
const LATE_MS = 1_000;
