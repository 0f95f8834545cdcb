import type { Behaviour } from '../behaviour.ts';
import { TLS_ALERT_BEHAVIOURS } from './tls-alerts.ts';
import { TLS_HANDSHAKE_BEHAVIOURS } from './tls-handshake.ts';
import { TLS_HTTP_BEHAVIOURS } from './tls-http.ts';
import { TLS_RECORD_BEHAVIOURS } from './tls-records.ts';
import { TLS_TIMING_BEHAVIOURS } from './tls-timing.ts';

const NO_CLOSE_NOTIFY = [
  'tls12-7.2.1-close-notify-before-write-close',
  'tls13-6.1-close-notify-before-write-close',
] as const;

/** Bytes of an answer that is long enough to be interrupted. */
const LONG = 65_536;

/** The ways in which the end of the connection itself goes right or wrong. */
const TLS_END_BEHAVIOURS: readonly Behaviour[] = [
  {
    id: 'tls/well-behaved',
    aliases: ['good', 'clean'],
    says: 'It sends close_notify before its FIN, whoever closes first, and then reads to the end.',
    breaks: [],
    goodClient:
      'takes the answer as whole, answers the close_notify with its own, and closes without a reset',
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'shutdown' }, { peer: 'fin' }],
  },
  {
    id: 'tls/fin-no-close-notify',
    aliases: ['fin', 'close-delimited-no-alert'],
    says: 'It ends with a bare FIN: the whole answer, but no close_notify.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'accepts an answer that says its own length, and calls one without a length truncated',
    // The end of the connection is all that a client has to tell the end of the answer by.
    framing: 'close',
    answered: [{ peer: 'respond' }, { peer: 'fin' }],
    closing: [{ peer: 'fin' }],
    gives: 'unproven',
  },
  {
    id: 'tls/rst-no-close-notify',
    aliases: ['rst', 'reset'],
    says: 'It resets the connection as soon as the whole answer has left, without close_notify.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'reads what has arrived before it reports the reset',
    // The end of the connection is all that a client has to tell the end of the answer by.
    framing: 'close',
    answered: [{ peer: 'respond' }, { peer: 'rst' }],
    closing: [{ peer: 'rst' }],
    gives: 'unproven',
  },
  {
    id: 'tls/rst-drops-tail',
    aliases: ['reset-drops-tail'],
    says: 'It writes the whole answer and resets at once; the end of it was still waiting to be sent and is lost.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'notices that the answer is short, and does not take the reset for an end',
    answered: [{ peer: 'respond', keep: 40 }, { peer: 'withhold' }, { peer: 'rst' }],
    closing: [{ peer: 'rst' }],
    gives: 'part',
  },
  {
    id: 'tls/rst-after-close-notify',
    aliases: ['reset-after-close-notify'],
    says: 'It sends close_notify, and a reset instead of the FIN.',
    breaks: [],
    goodClient: 'counts the closure as complete: everything came before close_notify',
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }, { peer: 'rst' }],
    closing: [{ peer: 'shutdown' }, { peer: 'rst' }],
  },
  {
    id: 'tls/fin-mid-record',
    aliases: ['truncated-record'],
    says: 'It ends with FIN in the middle of a record.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'reports a truncated connection, whatever the length of the answer says',
    answered: [
      { peer: 'respond', keep: 40 },
      { peer: 'partial_record', type: 23, size: 400 },
      { peer: 'fin' },
    ],
    closing: [{ peer: 'partial_record', type: 23, size: 400 }, { peer: 'fin' }],
    gives: 'part',
  },
  {
    id: 'tls/data-after-own-close-notify',
    aliases: ['data-after-close-notify'],
    says: 'It sends application data after its own close_notify.',
    breaks: ['tls13-6.1-data-after-close-notify-ignored', 'tls12-7.2.1-data-after-closure-ignored'],
    goodClient: 'ignores what comes after close_notify',
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }, { peer: 'write', size: 64 }, { peer: 'fin' }],
    closing: [{ peer: 'shutdown' }, { peer: 'write', size: 64 }, { peer: 'fin' }],
  },
  {
    id: 'tls/keep-sending-after-yours',
    aliases: ['data-after-your-close-notify'],
    says: "It sends 4 KiB of data after the client's close_notify, or the half of its answer that is left, then closes in good order.",
    breaks: ['tls12-7.2.1-close-at-once-drop-writes'],
    goodClient: 'reads until close_notify before it calls the closure complete (TLS 1.3 allows the data)',
    bodyBytes: LONG,
    answered: [
      { peer: 'respond', keep: LONG / 2 },
      { peer: 'await', what: 'close_notify', max_ms: 2_000 },
      { peer: 'respond' },
      { peer: 'shutdown' },
      { peer: 'fin' },
    ],
    closing: [{ peer: 'write', size: 4096 }, { peer: 'shutdown' }, { peer: 'fin' }],
  },
  {
    id: 'tls/cut-on-close-notify',
    aliases: [],
    says: "It drops the second half of its answer when the client's close_notify comes before it, as TLS 1.2 asks and TLS 1.3 does not.",
    breaks: ['tls13-6.1-own-close-leaves-read-open'],
    goodClient: 'sends close_notify when it has its answer, or knows that it gives up the rest',
    bodyBytes: LONG,
    answered: [
      { peer: 'respond', keep: LONG / 2 },
      { peer: 'await', what: 'close_notify', max_ms: 2_000 },
      { peer: 'respond', unlessClosed: true },
      { peer: 'shutdown' },
      { peer: 'fin' },
    ],
    closing: [{ peer: 'shutdown' }, { peer: 'fin' }],
  },
  {
    id: 'tls/half-close-first',
    aliases: [],
    says: 'Right after the handshake it closes its own direction with close_notify and FIN, and goes on reading.',
    breaks: [],
    goodClient: 'sees the end of the data, and closes its own direction in good order too',
    opened: [{ peer: 'shutdown' }, { peer: 'fin' }],
    answered: [],
    closing: [],
    gives: 'nothing',
  },
];

/** Every behaviour of `serve tls`, in the order of the list. */
export const TLS_BEHAVIOURS: readonly Behaviour[] = [
  ...TLS_END_BEHAVIOURS,
  ...TLS_HTTP_BEHAVIOURS,
  ...TLS_TIMING_BEHAVIOURS,
  ...TLS_ALERT_BEHAVIOURS,
  ...TLS_RECORD_BEHAVIOURS,
  ...TLS_HANDSHAKE_BEHAVIOURS,
];
