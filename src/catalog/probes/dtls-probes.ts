import type { DatagramProbeAct } from '../../driver/diagnose/datagram-plan.ts';
import { at, WARNING } from '../close-facts.ts';
import {
  type DtlsConn,
  type DtlsProbe,
  type DtlsProbeRule,
  echoOf,
  firstDtls,
  openedDtls,
} from './dtls-told.ts';

const ASKED_BYTES = 40;
const LATE_BYTES = 50;
const AGAIN_BYTES = 60;

const ASK: readonly DatagramProbeAct[] = [
  { dtls: 'send', bytes: ASKED_BYTES },
  { dtls: 'await', what: 'data', limit: 'data' },
];
/** Three times, at 0, 1 and 3 s, until something comes back. */
const CLOSE: readonly DatagramProbeAct[] = [
  { dtls: 'close', again: [1_000, 2_000] },
  { dtls: 'await', what: 'close', limit: 'close' },
];

const REFUSED: Pick<DtlsProbeRule, 'id' | 'grade' | 'clause' | 'silent'> = {
  id: 'refused',
  grade: 'fail',
  clause: 'RFC 6347 §4.2.8; RFC 9147 §5.11',
  silent: true,
};

/** Every check of DTLS, the ones that say most first. */
export const DTLS_PROBES: readonly DtlsProbe[] = [
  {
    id: 'dtls-close-reply',
    protocol: 'dtls',
    asks: 'Is our close_notify answered with one, and with nothing else?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      { name: 'bare', acts: [...CLOSE, { dtls: 'sleep', ms: 500 }] },
      { name: 'asked', needs: 'echo', acts: [...ASK, ...CLOSE, { dtls: 'sleep', ms: 500 }] },
    ],
    passes: 'one close_notify came back',
    rules: [
      {
        id: 'alert',
        grade: 'fail',
        clause: 'RFC 6347 §4.2.7; RFC 9846 §6.1',
        says: 'close_notify is answered with an error alert',
        when: (told) =>
          firstDtls(openedDtls(told), ({ errorAlert, ourClose }) =>
            errorAlert === undefined || ourClose === undefined
              ? undefined
              : {
                  text: `alert ${errorAlert.descriptionName} came in answer to our close_notify`,
                  evidence: [ourClose, errorAlert],
                },
          ),
      },
      {
        id: 'silence',
        grade: 'warn',
        clause: 'RFC 6347 §4.2.7; RFC 9147 §5.10',
        must: ['1.2'],
        says: 'three close_notify are met by silence; one that got lost is not counted',
        fix: 'answer-close-notify',
        when: (told) =>
          firstDtls(openedDtls(told), (conn) => {
            const limit = conn.limits.find(({ phase }) => phase === 'close');
            const { ourCloses, peerClose, errorAlert, gone } = conn;
            if (
              limit === undefined ||
              peerClose !== undefined ||
              errorAlert !== undefined ||
              gone !== undefined
            )
              return undefined;
            return {
              text: `${ourCloses.length} close_notify of ours had no answer within ${limit.ms} ms`,
              evidence: [...ourCloses, limit],
            };
          }),
      },
      {
        id: 'unprotected',
        grade: 'fail',
        clause: 'RFC 6347 §4.1; RFC 9147 §4.2.1',
        says: 'an alert comes in the clear, which nobody may believe',
        when: (told) =>
          firstDtls(openedDtls(told), ({ forged }) =>
            forged.length === 0
              ? undefined
              : { text: 'an alert came in the clear although there are keys', evidence: forged },
          ),
      },
      {
        id: 'fatal-level',
        grade: 'warn',
        clause: 'RFC 9846 §6.1',
        must: ['1.3'],
        says: 'close_notify comes at another level than warning',
        when: (told) =>
          firstDtls(openedDtls(told), ({ peerClose }) =>
            peerClose === undefined || peerClose.level === WARNING
              ? undefined
              : {
                  text: `close_notify came at level ${peerClose.level}: clients that go by the level report an error`,
                  evidence: [peerClose],
                },
          ),
      },
      {
        id: 'data-after',
        grade: 'fail',
        clause: 'RFC 9147 §5.10',
        must: ['1.3'],
        says: 'data that is numbered after its close_notify comes; in DTLS 1.2 that is for information',
        when: (told) =>
          firstDtls(openedDtls(told), ({ afterPeerClose, peerClose }) =>
            afterPeerClose.length === 0
              ? undefined
              : {
                  ...(told.version === '1.2' ? { grade: 'info' as const } : {}),
                  text: 'data came after the close_notify of its sender; receivers ignore it',
                  evidence: [peerClose, ...afterPeerClose],
                },
          ),
      },
      {
        id: 'several',
        grade: 'info',
        clause: 'RFC 6347 §4.2.7; RFC 9147 §5.10',
        says: 'more of them come than were asked for',
        when: (told) =>
          firstDtls(openedDtls(told), ({ ourCloses, peerCloses }) =>
            peerCloses.length <= Math.max(1, ourCloses.length)
              ? undefined
              : { text: `close_notify came ${peerCloses.length} times`, evidence: peerCloses },
          ),
      },
      {
        id: 'late',
        grade: 'info',
        clause: 'practice; no RFC of DTLS names a time',
        says: 'the answer takes more than a second',
        when: (told) =>
          firstDtls(openedDtls(told), ({ ourClose, peerClose }) =>
            ourClose === undefined || peerClose === undefined || at(peerClose) - at(ourClose) <= LATE_MS
              ? undefined
              : {
                  text: `the answer to our close_notify took more than ${LATE_MS} ms`,
                  evidence: [ourClose, peerClose],
                },
          ),
      },
    ],
  },
  {
    id: 'dtls-reconnect-same-port',
    protocol: 'dtls',
    asks: 'Can a client that vanished begin again from the same port?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      { name: 'vanishes', acts: [{ dtls: 'sleep', ms: 50 }] },
      { name: 'again', from: 'vanishes', acts: CLOSE },
    ],
    passes: 'a cookie was asked for, and the new association works',
    rules: [
      refused('again', 'vanishes', 'while the old association was still there'),
      {
        id: 'slow',
        grade: 'warn',
        clause: REFUSED.clause,
        says: 'it works, but only after more than a second',
        when: (told) =>
          firstDtls(openedDtls(told, 'again'), ({ started, completed }) =>
            started === undefined || completed === undefined || at(completed) - at(started) <= LATE_MS
              ? undefined
              : {
                  text: `the new handshake took more than ${LATE_MS} ms`,
                  evidence: [started, completed],
                },
          ),
      },
      {
        id: 'no-cookie',
        grade: 'info',
        clause: 'RFC 6347 §4.2.1; RFC 9147 §5.1',
        says: 'no cookie is asked for: whoever forges an address has answers sent there',
        when: (told) =>
          firstDtls(openedDtls(told), ({ completed, messages }) =>
            completed?.helloRetry === true || messages.some(({ type }) => type === HELLO_VERIFY_REQUEST)
              ? undefined
              : { text: 'the server began a handshake without asking for a cookie', evidence: [completed] },
          ),
      },
    ],
  },
  {
    id: 'dtls-forget',
    protocol: 'dtls',
    asks: 'After a close: is what comes with the old keys ignored, and a new handshake taken?',
    versions: ['1.2', '1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'closed',
        needs: 'echo',
        acts: [...ASK, ...CLOSE, { dtls: 'late-data', bytes: LATE_BYTES }, { dtls: 'sleep', ms: 500 }],
      },
      {
        name: 'again',
        needs: 'echo',
        from: 'closed',
        acts: [
          { dtls: 'send', bytes: AGAIN_BYTES },
          { dtls: 'await', what: 'data', limit: 'data' },
          ...CLOSE,
        ],
      },
    ],
    passes: 'the old keys are forgotten, and the new association works',
    rules: [
      {
        id: 'processed',
        grade: 'fail',
        clause: 'RFC 9147 §5.10; RFC 5246 §7.2.1',
        must: ['1.2', '1.3'],
        says: 'data behind our close_notify is answered; in DTLS 1.2, whose text is silent on it, that is a warning',
        when: (told) =>
          firstDtls(openedDtls(told, 'closed'), (conn) => {
            const echo = echoOf(conn, LATE_BYTES, conn.probe);
            if (echo === undefined) return undefined;
            return {
              ...(told.version === '1.2' ? { grade: 'warn' as const } : {}),
              text: 'data that we sent after our close_notify was answered',
              evidence: [conn.ourClose, conn.probe, echo],
            };
          }),
      },
      {
        id: 'alert',
        grade: 'warn',
        clause: 'RFC 6347 §4.1.2.7; RFC 9147 §4.5.2',
        says: 'it is met by an alert',
        when: (told) =>
          firstDtls(openedDtls(told, 'closed'), ({ probe, peerAlerts }) => {
            const alert = peerAlerts.find(
              ({ seq, description }) => probe !== undefined && seq > probe.seq && description !== 0,
            );
            return (
              alert && {
                text: `alert ${alert.descriptionName} came for data behind our close_notify`,
                evidence: [probe, alert],
              }
            );
          }),
      },
      refused('again', 'closed', 'after both sides could forget the old one'),
    ],
  },
  {
    id: 'dtls-forged-alert',
    protocol: 'dtls',
    asks: 'Does an association live on when a stranger sends alerts?',
    versions: ['1.2', '1.3'],
    kind: 'intrusive',
    connections: [
      {
        name: 'forged',
        needs: 'echo',
        acts: [
          ...ASK,
          { dtls: 'forge', level: 1, description: 0 },
          { dtls: 'forge', level: 2, description: 80 },
          { dtls: 'bad-mac' },
          { dtls: 'sleep', ms: 200 },
          { dtls: 'send', bytes: AGAIN_BYTES },
          { dtls: 'await', what: 'data', limit: 'data' },
          ...CLOSE,
        ],
      },
    ],
    passes: 'it sends back what comes, as before',
    rules: [
      {
        id: 'dead',
        grade: 'fail',
        silent: true,
        clause: 'RFC 6347 §4.1.2.7; RFC 9147 §4.5.2',
        says: 'afterwards nothing is answered: one forged datagram ends an association',
        when: (told) =>
          firstDtls(openedDtls(told), (conn) => {
            const before = echoOf(conn, ASKED_BYTES, conn.completed);
            const [forged] = conn.taps;
            if (before === undefined || forged === undefined) return undefined;
            if (echoOf(conn, AGAIN_BYTES, forged) !== undefined) return undefined;
            return {
              text: 'after alerts that anybody could have forged the association was dead',
              evidence: [before, ...conn.taps, conn.peerClose ?? conn.errorAlert ?? conn.limits[0]],
            };
          }),
      },
      {
        id: 'alert',
        grade: 'warn',
        clause: 'RFC 6347 §4.1.2.7; RFC 9147 §4.5.2',
        says: 'they are met by an alert',
        when: (told) =>
          firstDtls(openedDtls(told), ({ taps: [forged], peerAlerts, ourClose }) => {
            const alert = peerAlerts.find(
              ({ seq }) => forged !== undefined && seq > forged.seq && seq < (ourClose?.seq ?? seq + 1),
            );
            return (
              alert && {
                text: `alert ${alert.descriptionName} came for what anybody could have forged`,
                evidence: [forged, alert],
              }
            );
          }),
      },
    ],
  },
  {
    id: 'dtls-close-boundary',
    protocol: 'dtls',
    asks: 'Is data that is numbered after our close_notify ignored?',
    versions: ['1.3'],
    kind: 'safe',
    connections: [
      {
        name: 'boundary',
        needs: 'echo',
        acts: [
          ...ASK,
          { dtls: 'boundary', lower: LATE_BYTES, higher: AGAIN_BYTES },
          { dtls: 'await', what: 'close', limit: 'close' },
          { dtls: 'sleep', ms: 500 },
        ],
      },
    ],
    passes: 'what is numbered after it is ignored; what is numbered before it may be answered',
    rules: [
      {
        id: 'higher',
        grade: 'fail',
        clause: 'RFC 9147 §5.10',
        must: ['1.3'],
        says: 'it is answered',
        when: (told) =>
          firstDtls(openedDtls(told), (conn) => {
            const echo = echoOf(conn, AGAIN_BYTES, conn.ourClose);
            if (echo === undefined) return undefined;
            return {
              text: 'data that is numbered after our close_notify was answered',
              evidence: [conn.ourClose, conn.probe, echo],
            };
          }),
      },
    ],
  },
];

/** The one association came to be, and the next one from its port did not. */
function refused(again: string, first: string, when: string): DtlsProbeRule {
  return {
    ...REFUSED,
    says: `a new ClientHello from the same port is not taken ${when}`,
    when(told) {
      const [before] = openedDtls(told, first);
      const after = told.conns.find(({ name }) => name === again);
      if (before === undefined || after === undefined || after.completed !== undefined) return undefined;
      return {
        text: `a new ClientHello from the same port was not taken ${when}`,
        evidence: [before.completed, why(after)],
      };
    },
  };
}

function why({
  handshakeFailed,
  limits,
  unreachable,
}: DtlsConn): DtlsConn['handshakeFailed'] | DtlsConn['limits'][number] | DtlsConn['unreachable'] {
  return handshakeFailed ?? limits[0] ?? unreachable;
}

const LATE_MS = 1_000;
/** RFC 6347 §4.3.2 */
const HELLO_VERIFY_REQUEST = 3;
