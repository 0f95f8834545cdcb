import { at } from '../close-facts.ts';
import type { Hit } from './probe.ts';
import { ASK_QUIC } from './quic-peer-ends.ts';
import { DRAIN_RULES, EARLY_RULES, firstOf } from './quic-rules.ts';
import {
  named,
  openedQuic,
  peerClosed,
  type QuicConn,
  type QuicProbe,
  type QuicProbeRule,
  type QuicTold,
  resetAlive,
} from './quic-told.ts';

const IDLE_MS = 5_000;
const UPLOAD_BYTES = 131_072;
const LETTER = 0x78;

/** Checks in which we are the first to close, or to be silent. */
export const QUIC_WE_END_PROBES: readonly QuicProbe[] = [
  {
    id: 'quic-close-drain',
    protocol: 'quic',
    asks: 'Is the server quiet once we have closed?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      {
        name: 'asked',
        needs: 'answer',
        acts: [
          ...ASK_QUIC,
          { quic: 'close' },
          { quic: 'await', what: 'end', limit: 'end' },
          { quic: 'sleep', ms: 1_000 },
        ],
      },
      {
        name: 'bare',
        acts: [{ quic: 'close' }, { quic: 'await', what: 'end', limit: 'end' }, { quic: 'sleep', ms: 1_000 }],
      },
    ],
    passes: 'nothing, or one CONNECTION_CLOSE',
    rules: DRAIN_RULES,
  },
  {
    id: 'quic-hs-close',
    protocol: 'quic',
    asks: 'Is a close during the handshake understood, and the own one readable?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      { name: 'before', acts: [{ quic: 'close' }] },
      {
        name: 'first-flight',
        shaking: 'initial',
        acts: [{ quic: 'close' }, { quic: 'await', what: 'end', limit: 'end' }],
      },
      {
        name: 'handshake-keys',
        shaking: 'handshake',
        acts: [{ quic: 'close' }, { quic: 'await', what: 'end', limit: 'end' }],
      },
      { name: 'bad-alpn', alpn: ['sslshut-none'], acts: [{ quic: 'close' }] },
      { name: 'after', acts: [{ quic: 'close' }] },
    ],
    passes: 'what it closes with can be read, and the next connection is taken',
    rules: [
      ...EARLY_RULES,
      {
        id: 'unreadable',
        grade: 'fail',
        silent: true,
        clause: 'RFC 9001 §8.1; RFC 9000 §10.2.3',
        must: ['v1'],
        says: 'an application protocol that it does not speak is met by silence',
        when: (told) =>
          firstOf(named(told, 'bad-alpn'), ({ completed, failed, peerCloses, limits, unreachable }) =>
            completed !== undefined ||
            failed === undefined ||
            peerCloses.length > 0 ||
            unreachable !== undefined ||
            limits.length === 0
              ? undefined
              : {
                  text: 'a handshake without a common application protocol was left to time out: no CONNECTION_CLOSE that could be read',
                  evidence: [limits[0], failed],
                },
          ),
      },
      {
        id: 'other-code',
        grade: 'info',
        clause: 'RFC 9001 §8.1',
        says: 'it is refused with another code than that of no_application_protocol',
        when: (told) =>
          firstOf(named(told, 'bad-alpn'), ({ completed, peerCloses: [close] }) =>
            completed !== undefined || close === undefined || close.code === NO_APPLICATION_PROTOCOL
              ? undefined
              : {
                  text: `a handshake without a common application protocol was refused with ${close.codeName}`,
                  evidence: [close],
                },
          ),
      },
      unreachableAfter('before', 'after', 'after connections that were closed in the handshake'),
    ],
  },
  {
    id: 'quic-close-args',
    protocol: 'quic',
    asks: 'Does the server take any code and any reason of a CONNECTION_CLOSE?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      closing('largest-code', { code: 2n ** 62n - 1n }),
      closing('long-reason', { reason: new Uint8Array(1_000).fill(LETTER) }),
      closing('not-utf8', { reason: Uint8Array.of(0xff, 0xfe, 0x80, 0xc0) }),
      closing('grease-code', { code: 0x21n }),
      closing('unknown-transport-code', { layer: 'transport', code: 0x3fff_ffffn }),
      { name: 'after', acts: [{ quic: 'close' }] },
    ],
    passes: 'it drains, and takes the next connection',
    rules: [...DRAIN_RULES, unreachableAfter('largest-code', 'after', 'after these closes')],
  },
  {
    id: 'quic-idle',
    protocol: 'quic',
    asks: 'Does the server keep to the idle timeout: not gone before, not there after?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      {
        name: 'early',
        idle_ms: IDLE_MS,
        acts: [
          { quic: 'request' },
          { quic: 'await', what: 'answer', limit: 'answer' },
          { quic: 'sleep', idles: 0.8 },
          { quic: 'ping' },
          { quic: 'await', what: 'reply', limit: 'close' },
        ],
      },
      {
        name: 'late',
        idle_ms: IDLE_MS,
        acts: [
          { quic: 'request' },
          { quic: 'await', what: 'answer', limit: 'answer' },
          { quic: 'keep-packet' },
          { quic: 'await', what: 'end', limit: 'end' },
          { quic: 'sleep', ms: 1_025, ptos: 1 },
          { quic: 'late-packet' },
          { quic: 'sleep', ms: 1_000 },
        ],
      },
    ],
    passes: 'it answers within the idle timeout, and not after it',
    rules: [
      {
        id: 'gone-early',
        grade: 'warn',
        silent: true,
        clause: 'RFC 9000 §10.1',
        must: ['v1'],
        says: 'within the idle timeout, PING is met by silence or a stateless reset, and no CONNECTION_CLOSE came',
        when: (told) =>
          firstOf(openedQuic(told, 'early'), (conn) => {
            const limit = conn.limits.find(({ phase }) => phase === 'reply');
            const reset = resetAlive(conn);
            if (conn.peerCloses.length > 0) return undefined;
            if (limit === undefined && reset === undefined && conn.idleTimeout === undefined)
              return undefined;
            return {
              text: `after ${0.8 * (conn.idle.effectiveMs ?? 0)} ms of silence PING had no answer, and nobody had closed the connection`,
              evidence: [conn.parameters, reset ?? limit ?? conn.idleTimeout],
            };
          }),
      },
      {
        id: 'alive-late',
        grade: 'warn',
        clause: 'RFC 9000 §10.1',
        must: ['v1'],
        says: 'a packet long after the idle timeout is answered as if nothing had been',
        when: (told) =>
          firstOf(openedQuic(told, 'late'), (conn) => {
            const late = conn.taps.find(({ rule }) => rule === 'late-packet');
            if (conn.idleTimeout === undefined || late === undefined || conn.resets.length > 0)
              return undefined;
            const answers = conn.heard.filter(
              ({ seq, packets }) => seq > late.seq && packets.includes('1rtt'),
            );
            if (answers.length === 0) return undefined;
            return {
              text: `a packet more than a second after the idle timeout of ${conn.idle.effectiveMs ?? 0} ms was answered`,
              evidence: [conn.idleTimeout, late, ...answers],
            };
          }),
      },
      {
        id: 'close-at-timeout',
        grade: 'info',
        clause: 'RFC 9000 §10.1',
        says: 'CONNECTION_CLOSE comes when the idle timeout is over',
        when: (told) =>
          firstOf(openedQuic(told, 'late'), ({ peerCloses: [close], idleTimeout }) =>
            close === undefined || idleTimeout === undefined || at(close) < at(idleTimeout)
              ? undefined
              : {
                  text: 'the server said CONNECTION_CLOSE when the idle timeout was over, which ends in silence',
                  evidence: [close],
                },
          ),
      },
    ],
  },
  {
    id: 'quic-flush-before-close',
    protocol: 'quic',
    asks: 'Is an upload acknowledged, and in time, so that a close can wait for it?',
    versions: ['v1'],
    kind: 'safe',
    connections: [
      {
        name: 'upload',
        needs: 'h3',
        acts: [
          { quic: 'upload', bytes: UPLOAD_BYTES },
          { quic: 'await', what: 'acknowledged', limit: 'acknowledged' },
          { quic: 'close' },
        ],
      },
    ],
    passes: 'everything was acknowledged, within max_ack_delay and a round trip',
    rules: [
      {
        id: 'not-acknowledged',
        grade: 'fail',
        silent: true,
        clause: 'RFC 9000 §13.2.1',
        must: ['v1'],
        says: 'what was sent is not acknowledged within the limit',
        when: (told) =>
          firstOf(openedQuic(told), (conn) => {
            const limit = conn.limits.find(({ phase }) => phase === 'acknowledged');
            if (
              limit === undefined ||
              conn.streams.some(({ by, what }) => by === 'peer' && what !== 'opened' && what !== 'fin')
            )
              return undefined;
            return {
              text: `not all of ${UPLOAD_BYTES} bytes were acknowledged within ${limit.ms} ms: whoever waits for that before a close waits in vain`,
              evidence: [limit],
            };
          }),
      },
      {
        id: 'late-acks',
        grade: 'warn',
        clause: 'RFC 9000 §13.2.1',
        must: ['v1'],
        silent: true,
        says: 'most acknowledgements come later than max_ack_delay and a round trip',
        when: (told) => firstOf(openedQuic(told), lateAcks),
      },
    ],
  },
];

function closing(
  name: string,
  args: { layer?: 'transport'; code?: bigint; reason?: Uint8Array },
): QuicProbe['connections'][number] {
  return {
    name,
    acts: [
      { quic: 'close', ...args },
      { quic: 'await', what: 'end', limit: 'end' },
    ],
  };
}

function unreachableAfter(first: string, last: string, when: string): QuicProbeRule {
  return {
    id: 'unreachable-after',
    grade: 'fail',
    silent: true,
    clause: 'RFC 9000 §10.2',
    says: `no connection is taken ${when}`,
    when(told: QuicTold): Hit | undefined {
      const [before] = openedQuic(told, first);
      const [after] = named(told, last);
      if (before === undefined || after === undefined || after.completed !== undefined) return undefined;
      return { text: `no connection was taken ${when}`, evidence: [before.completed, reasonOf(after)] };
    },
  };
}

/** max_ack_delay is promised (§18.2); the fastest round trip is what the path takes. */
function lateAcks(conn: QuicConn): Hit | undefined {
  const { rtts, completed, parameters } = conn;
  const after = rtts.filter(({ seq }) => completed !== undefined && seq > completed.seq);
  const promised = Number(parameters?.parameters.max_ack_delay ?? MAX_ACK_DELAY_MS);
  const late = after.filter(({ latestMs, minimumMs }) => latestMs > 2 * minimumMs + promised + JITTER_MS);
  if (late.length < LEAST_LATE || late.length < after.length * MOST_PART || peerClosed(conn) !== undefined)
    return undefined;
  return {
    text: `${late.length} of ${after.length} acknowledgements came later than the ${promised} ms announced and a round trip`,
    evidence: late.slice(0, MOST_SHOWN),
  };
}

export function reasonOf({
  peerCloses,
  failed,
  unreachable,
}: QuicConn): QuicConn['failed'] | QuicConn['peerCloses'][number] | QuicConn['unreachable'] {
  return peerCloses[0] ?? failed ?? unreachable;
}

const NO_APPLICATION_PROTOCOL = 0x178n;
const MAX_ACK_DELAY_MS = 25;
/** What a busy machine takes. */
const JITTER_MS = 25;
const LEAST_LATE = 3;
/** What is on its way at the same time, here as there, makes some of them late. */
const MOST_PART = 0.5;
const MOST_SHOWN = 5;
