import type { ServeStep } from '../../driver/serve/plan.ts';
import type { Behaviour } from '../behaviour.ts';

/** The ways in which it is the alert that goes wrong. */
export const TLS_ALERT_BEHAVIOURS: readonly Behaviour[] = [
  ending({
    id: 'tls/fatal-close-notify',
    says: 'It sends close_notify at level fatal.',
    breaks: ['rfc9846-6.1-close-notify-warning-level', 'tls10-7.2.1-close-notify-level-warning'],
    goodClient: 'TLS 1.3: takes it for a close_notify; TLS 1.2: may take it for a fatal alert',
    end: [{ peer: 'raw_alert', level: 2, description: 0 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/user-canceled-then-close',
    says: 'It sends user_canceled, then close_notify and FIN.',
    breaks: [],
    goodClient: 'passes over user_canceled, and takes close_notify for the end',
    end: [{ peer: 'raw_alert', level: 1, description: 90 }, { peer: 'shutdown' }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/user-canceled-only',
    says: 'It sends user_canceled, and FIN without close_notify.',
    breaks: [
      'rfc9846-6.1-user-canceled-must-close-notify',
      'tls13-6.1-close-notify-before-write-close',
      'tls12-7.2.1-close-notify-before-write-close',
    ],
    goodClient: 'treats it as a bare FIN',
    end: [{ peer: 'raw_alert', level: 1, description: 90 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/duplicate-close-notify',
    says: 'It sends close_notify twice.',
    breaks: [],
    goodClient: 'ignores the second one',
    end: [{ peer: 'shutdown', times: 2 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/alert-after-close-notify',
    says: 'It sends a fatal decode_error after its close_notify.',
    breaks: ['tls13-6.1-data-after-close-notify-ignored', 'tls12-7.2.1-data-after-closure-ignored'],
    goodClient: 'ignores what comes after close_notify',
    end: [{ peer: 'shutdown' }, { peer: 'raw_alert', level: 2, description: 50 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/fatal-alert',
    says: 'It ends with a fatal internal_error instead of close_notify.',
    breaks: [],
    goodClient: 'reports the alert',
    end: [{ peer: 'raw_alert', level: 2, description: 80 }, { peer: 'fin' }],
    alert: 'chosen',
  }),
  {
    id: 'tls/fatal-alert-before-data',
    aliases: [],
    says: 'It sends a fatal internal_error instead of its answer.',
    breaks: [],
    goodClient: 'reports the alert by its name',
    answered: [{ peer: 'raw_alert', level: 2, description: 80 }, { peer: 'fin' }],
    closing: [{ peer: 'raw_alert', level: 2, description: 80 }, { peer: 'fin' }],
    gives: 'nothing',
    alert: 'chosen',
  },
  ending({
    id: 'tls/unknown-alert',
    says: 'It ends with an alert that is in no registry (200), at level fatal.',
    breaks: ['tls13-6.2-right-alert-if-any', 'tls12-7.2.2-alert-before-close'],
    goodClient: 'treats what it does not know as an error, whatever the level',
    end: [{ peer: 'raw_alert', level: 2, description: 200 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/alert-level-42',
    says: 'It sends close_notify at level 42, which does not exist.',
    breaks: ['rfc9846-6.1-close-notify-warning-level', 'tls10-7.2.1-close-notify-level-warning'],
    goodClient: 'TLS 1.3: goes by the description; TLS 1.2: answers illegal_parameter',
    end: [{ peer: 'raw_alert', level: 42, description: 0 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/warning-flood',
    says: 'It sends 32 alerts unsupported_certificate at level warning, then closes in good order.',
    breaks: ['tls13-6-error-alerts-sent-fatal'],
    goodClient:
      'TLS 1.3: ends at the first, as it is an error; TLS 1.2: passes over a few, and ends at the one that is too many',
    end: [{ peer: 'raw_alert', level: 1, description: 43, times: 32 }, { peer: 'shutdown' }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/bad-mac-close-notify',
    says: 'Its close_notify does not decrypt.',
    breaks: ['tls13-6.1-close-notify-before-write-close', 'tls12-7.2.1-close-notify-before-write-close'],
    goodClient: 'answers bad_record_mac, and does not take the connection for closed in good order',
    end: [{ peer: 'corrupt_record', type: 21, size: 2 }, { peer: 'fin' }],
  }),
  ending({
    id: 'tls/plaintext-close-notify',
    says: 'It sends its close_notify in clear text.',
    breaks: ['tls13-6-alerts-encrypted', 'tls12-7.2-alerts-use-current-protection'],
    goodClient: 'answers with an error alert: anybody on the path could have sent it',
    end: [{ peer: 'partial_record', type: 21, size: 2, hex: Uint8Array.of(1, 0) }, { peer: 'fin' }],
  }),
  {
    id: 'tls/late-certificate-required',
    aliases: [],
    says: 'Instead of answering the first request it sends certificate_required and resets (TLS 1.3 servers can).',
    breaks: [],
    goodClient: 'reports the alert, though its own write may have failed first',
    answered: [{ peer: 'raw_alert', level: 2, description: 116 }, { peer: 'rst' }],
    closing: [{ peer: 'raw_alert', level: 2, description: 116 }, { peer: 'rst' }],
    gives: 'nothing',
  },
];

/** The same end whoever closes first. */
function ending(entry: {
  id: string;
  says: string;
  breaks: readonly string[];
  goodClient: string;
  end: readonly ServeStep[];
  alert?: 'chosen';
}): Behaviour {
  const { end, ...rest } = entry;
  return { ...rest, aliases: [], answered: [{ peer: 'respond' }, ...end], closing: end };
}
