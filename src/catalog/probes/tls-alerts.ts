import type { ConnectionPlan } from '../../driver/diagnose/plan.ts';
import { transportEnd, WARNING } from '../close-facts.ts';
import { first } from './first.ts';
import type { Hit, Probe } from './probe.ts';
import { ASK } from './tls-we-end.ts';
import { type Conn, endEvent, endOf, opened, type Told } from './told.ts';

/** What the unusual is held against. */
const PLAIN: ConnectionPlan = {
  name: 'plain',
  acts: [{ local: 'shutdown' }, { local: 'await', what: 'close', limit: 'close' }],
};

/** Checks of the alerts themselves: how they are formed, and what the peer makes of unusual ones. */
export const TLS_ALERT_PROBES: readonly Probe[] = [
  {
    id: 'tls-alert-level',
    protocol: 'tls',
    asks: 'Are the alerts at the end well formed?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'we-close',
        acts: [
          { local: 'shutdown' },
          { local: 'await', what: 'close', limit: 'close' },
          { local: 'await', what: 'end', limit: 'fin' },
        ],
      },
      {
        name: 'peer-closes',
        needs: 'answer',
        acts: [
          { local: 'request', last: true },
          { local: 'await', what: 'close', limit: 'answer' },
          { local: 'answer', after_ms: 0 },
          { local: 'await', what: 'end', limit: 'fin' },
        ],
      },
    ],
    passes: 'close_notify once, at level warning, protected, alone in its record',
    rules: [
      {
        id: 'unprotected',
        grade: 'fail',
        clause: 'RFC 9846 §6',
        says: 'an alert comes in the clear',
        when: (told) =>
          each(told, (conn) => {
            const alert = conn.peerAlerts.find((event) => !event.protected);
            return alert === undefined
              ? undefined
              : { text: `alert ${alert.descriptionName} came in the clear`, evidence: [alert] };
          }),
      },
      {
        id: 'malformed',
        grade: 'fail',
        clause: 'RFC 9846 §5.1, §5.2',
        must: ['1.3'],
        says: 'a record at the end cannot be read; split or joined alerts are a warning',
        when: (told) =>
          first(opened(told), 'fault', (conn) => ({
            ...(conn.fault?.rule === 'alert-length' ? { grade: 'warn' as const } : {}),
            text: `the record at the end is broken: ${conn.fault?.detail ?? ''}`,
            evidence: [conn.fault],
          })),
      },
      {
        id: 'fatal-level',
        effect: 'fatal-close-notify',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'close_notify comes at another level than warning',
        when: (told) =>
          each(told, ({ peerClose }) =>
            peerClose === undefined || peerClose.level === WARNING
              ? undefined
              : {
                  text: `close_notify came at level ${peerClose.level}: clients that go by the level report an error`,
                  evidence: [peerClose],
                },
          ),
      },
      {
        id: 'user-canceled-only',
        effect: 'user-canceled',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'user_canceled comes, and no close_notify after it',
        fix: 'send-close-notify',
        when: (told) =>
          each(told, (conn) =>
            conn.userCanceled === undefined ||
            conn.peerClose !== undefined ||
            transportEnd(conn) === undefined
              ? undefined
              : {
                  text: 'user_canceled came, and no close_notify after it',
                  evidence: [conn.userCanceled, transportEnd(conn)],
                },
          ),
      },
      {
        id: 'after-close-notify',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        says: 'an alert comes behind close_notify; a second close_notify is for information',
        when: (told) =>
          each(told, (conn) => {
            const { peerClose } = conn;
            const late = conn.peerAlerts.find(
              (alert) => peerClose !== undefined && alert.seq > peerClose.seq,
            );
            if (late === undefined) return undefined;
            return {
              ...(late.description === 0 ? { grade: 'info' as const } : {}),
              text: `alert ${late.descriptionName} came behind close_notify; receivers ignore it`,
              evidence: [peerClose, late],
            };
          }),
      },
    ],
  },
  {
    id: 'tls-user-canceled',
    protocol: 'tls',
    asks: 'Does user_canceled with close_notify behind it pass for an orderly close?',
    versions: ['1.3'],
    kind: 'safe',
    connections: [
      PLAIN,
      {
        name: 'canceled',
        acts: [
          { local: 'raw_alert', level: 1, description: 90 },
          { local: 'shutdown' },
          { local: 'await', what: 'close', limit: 'close' },
        ],
      },
    ],
    passes: 'the same end as for close_notify alone',
    rules: [
      {
        id: 'alert',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        says: 'an error alert comes back',
        when: (told) =>
          unlessPlain(told, ['canceled'], (conn) => ({
            text: `alert ${conn.errorAlert?.descriptionName ?? ''} came in answer to user_canceled; readers are to go on until close_notify`,
            evidence: [conn.ourClose, conn.errorAlert],
          })),
      },
    ],
  },
  {
    id: 'tls-keyupdate-close',
    protocol: 'tls',
    asks: 'Does a KeyUpdate directly before close_notify change how the connection ends?',
    versions: ['1.3'],
    kind: 'safe',
    connections: [
      PLAIN,
      {
        name: 'updated',
        acts: [
          { local: 'key_update' },
          { local: 'shutdown' },
          { local: 'await', what: 'close', limit: 'close' },
        ],
      },
    ],
    passes: 'the same end as without it',
    rules: [
      {
        id: 'differs',
        grade: 'fail',
        clause: 'RFC 9846 §4.7.3',
        says: 'with a KeyUpdate it ends by an alert or not at all, without one it does not',
        when: (told) => {
          const [plain] = opened(told, 'plain');
          const [updated] = opened(told, 'updated');
          if (plain === undefined || updated === undefined || BAD.includes(endOf(plain))) return undefined;
          if (!BAD.includes(endOf(updated))) return undefined;
          const what = updated.errorAlert?.descriptionName;
          return {
            text: `after a KeyUpdate close_notify was met by ${what === undefined ? 'silence' : `alert ${what}`}`,
            evidence: [endEvent(plain), ...updated.keyUpdates, updated.ourClose, endEvent(updated)],
          };
        },
      },
    ],
  },
  {
    id: 'tls-late-data',
    protocol: 'tls',
    asks: 'Is what comes behind a close_notify ignored, on both sides?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      PLAIN,
      {
        name: 'late-request',
        acts: [
          { local: 'shutdown' },
          { local: 'late_request' },
          { local: 'await', what: 'close', limit: 'close' },
          { local: 'await', what: 'end', limit: 'fin' },
        ],
      },
      {
        name: 'late-second-request',
        needs: 'keep-alive',
        acts: [
          ...ASK,
          { local: 'shutdown' },
          { local: 'late_request' },
          { local: 'await', what: 'close', limit: 'close' },
          { local: 'await', what: 'end', limit: 'fin' },
        ],
      },
      {
        name: 'their-late-data',
        needs: 'answer',
        acts: [
          { local: 'request', last: true },
          { local: 'await', what: 'close', limit: 'answer' },
          { local: 'await', what: 'end', limit: 'fin' },
        ],
      },
    ],
    passes: 'nothing was taken and nothing sent behind a close_notify',
    rules: [
      {
        id: 'sends',
        effect: 'late-data',
        grade: 'fail',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'the peer sends data behind its own close_notify',
        when: (told) =>
          each(told, (conn) => {
            const late = conn.peerData.filter((data) => data.afterClose);
            const bytes = late.reduce((sum, data) => sum + data.bytes, 0);
            return late.length === 0
              ? undefined
              : {
                  text: `${bytes} bytes of data came behind its own close_notify; every receiver drops them`,
                  evidence: [conn.peerClose, late[0]],
                };
          }),
      },
      {
        id: 'clear-text',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        says: 'bytes that are no TLS come behind its close_notify',
        when: (told) =>
          each(told, ({ notes, peerClose }) => {
            const note = notes.find(({ code }) => code === 'no-record');
            return note === undefined
              ? undefined
              : { text: `behind its close_notify ${note.text}`, evidence: [peerClose, note] };
          }),
      },
      {
        id: 'processed',
        grade: 'fail',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'a request behind our close_notify is answered',
        when: (told) =>
          each(told, (conn) => {
            const late = conn.ourData.find((data) => data.afterClose);
            const asked = conn.ourData.filter((data) => !data.afterClose).length;
            const taken = conn.answers.filter(({ status }) => !NO_REQUEST.includes(status));
            if (late === undefined || taken.length <= asked) return undefined;
            return {
              text: 'a request sent behind our close_notify was answered',
              evidence: [conn.ourClose, late, conn.answers.at(-1)],
            };
          }),
      },
      {
        id: 'alert',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'data behind our close_notify is met by an error alert',
        when: (told) =>
          unlessPlain(told, ['late-request', 'late-second-request'], (conn) => ({
            text: `alert ${conn.errorAlert?.descriptionName ?? ''} came for data behind our close_notify, which is to be ignored`,
            evidence: [conn.ourClose, conn.errorAlert],
          })),
      },
    ],
  },
];

/** An alert for what is unusual: not where an ordinary close_notify meets one too. */
function unlessPlain(told: Told, names: readonly string[], hit: (conn: Conn) => Hit): Hit | undefined {
  const [plain] = opened(told, PLAIN.name);
  if (plain === undefined || endOf(plain) === 'alert') return undefined;
  return first(opened(told, ...names), 'alert', hit);
}

function each(told: Told, hit: (conn: Conn) => Hit | undefined): Hit | undefined {
  for (const conn of opened(told)) {
    const found = hit(conn);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What some say to whoever leaves without a request: an answer to the end, not to what came behind it. */
const NO_REQUEST: readonly number[] = [400, 408];
const BAD: readonly string[] = ['alert', 'fault', 'open'];
