import type { ServeStep } from '../../driver/serve/plan.ts';
import type { Behaviour } from '../behaviour.ts';

/** The ways in which it is the records around the end that are odd. */
export const TLS_RECORD_BEHAVIOURS: readonly Behaviour[] = [
  ending({
    id: 'tls/split-close-notify',
    says: 'It sends its close_notify byte by byte.',
    breaks: [],
    goodClient: 'waits for the whole record, and takes it for what it is',
    end: [{ peer: 'trickle', records: [{ rec: 'shutdown' }], every_ms: 5 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/split-fatal-alert',
    says: 'It sends a fatal internal_error byte by byte.',
    breaks: [],
    goodClient: 'waits for the whole record, and reports the alert',
    end: [
      { peer: 'trickle', records: [{ rec: 'raw_alert', level: 2, description: 80 }], every_ms: 5 },
      { peer: 'fin' },
    ],
  }),
  ending({
    id: 'tls/fragmented-alert',
    says: 'It sends its close_notify in two records of one byte each.',
    breaks: ['tls13-5.1-alert-not-fragmented'],
    goodClient: 'TLS 1.3: answers with an error alert; TLS 1.2: may put it together',
    end: [
      { peer: 'raw_record', type: 21, hex: Uint8Array.of(1) },
      { peer: 'raw_record', type: 21, hex: Uint8Array.of(0) },
      { peer: 'fin' },
    ],
  }),
  ending({
    id: 'tls/double-alert',
    says: 'It sends user_canceled and close_notify in one record.',
    breaks: ['tls13-5.1-alert-not-coalesced'],
    goodClient: 'TLS 1.3: answers with an error alert; TLS 1.2: may take both',
    end: [{ peer: 'raw_record', type: 21, hex: Uint8Array.of(1, 90, 1, 0) }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/empty-alert',
    says: 'It sends an alert record without an alert in it, and FIN.',
    breaks: ['tls13-5.4-no-empty-alert', 'tls12-6.2.1-no-empty-alert-record'],
    goodClient: 'answers with an error alert',
    end: [{ peer: 'raw_record', type: 21, size: 0 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/empty-records-before-close',
    says: 'It sends twenty records of application data without any data, then closes in good order.',
    breaks: [],
    goodClient: 'takes none of them for the end',
    end: [{ peer: 'raw_record', type: 23, size: 0, times: 20 }, { peer: 'shutdown' }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/plaintext-after-close',
    says: 'It sends text outside TLS after its close_notify.',
    breaks: ['tls13-6.1-data-after-close-notify-ignored', 'tls12-7.2.1-data-after-closure-ignored'],
    goodClient: 'ignores what comes after close_notify, and hands none of it out',
    end: [
      { peer: 'shutdown' },
      { peer: 'plaintext', text: 'This was said outside TLS, after close_notify.\r\n' },
      { peer: 'fin' },
    ],
  }),
];

/** The same end whoever closes first. */
function ending(entry: {
  id: string;
  says: string;
  breaks: readonly string[];
  goodClient: string;
  end: readonly ServeStep[];
}): Behaviour {
  const { end, ...rest } = entry;
  return { ...rest, aliases: [], answered: [{ peer: 'respond' }, ...end], closing: end };
}
