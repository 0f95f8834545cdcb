import type { Behaviour } from '../behaviour.ts';
import { TLS_ALERT_BEHAVIOURS } from './tls-alerts.ts';
import { TLS_TIMING_BEHAVIOURS } from './tls-timing.ts';

const NO_CLOSE_NOTIFY = [
  'tls12-7.2.1-close-notify-before-write-close',
  'tls13-6.1-close-notify-before-write-close',
] as const;

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
    aliases: ['fin'],
    says: 'It ends with a bare FIN: the whole answer, but no close_notify.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'accepts an answer that says its own length, and calls one without a length truncated',
    // The end of the connection is all that a client has to tell the end of the answer by.
    framing: 'close',
    answered: [{ peer: 'respond' }, { peer: 'fin' }],
    closing: [{ peer: 'fin' }],
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
  },
  {
    id: 'tls/rst-drops-tail',
    aliases: ['reset-drops-tail'],
    says: 'It writes the whole answer and resets at once; the end of it was still waiting to be sent and is lost.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'notices that the answer is short, and does not take the reset for an end',
    answered: [{ peer: 'respond', keep: 40 }, { peer: 'withhold' }, { peer: 'rst' }],
    closing: [{ peer: 'rst' }],
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
  },
  {
    id: 'tls/fin-mid-body',
    aliases: ['close-notify-mid-body'],
    says: 'It closes in good order, close_notify included, before its answer is whole.',
    breaks: [],
    goodClient: 'does not take close_notify for the end of an answer that announced more',
    answered: [{ peer: 'respond', keep: 40 }, { peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'shutdown' }, { peer: 'fin' }],
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
    says: "It sends 4 KiB of data after the client's close_notify, then closes in good order.",
    breaks: ['tls12-7.2.1-close-at-once-drop-writes'],
    goodClient: 'reads until close_notify before it calls the closure complete (TLS 1.3 allows the data)',
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'write', size: 4096 }, { peer: 'shutdown' }, { peer: 'fin' }],
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
  },
];

/** Every behaviour of `serve tls`, in the order of the list. */
export const TLS_BEHAVIOURS: readonly Behaviour[] = [
  ...TLS_END_BEHAVIOURS,
  ...TLS_TIMING_BEHAVIOURS,
  ...TLS_ALERT_BEHAVIOURS,
];
