/** The clauses behind the findings on a TLS close, by rule id. TLS 1.3 is cited as RFC 9846, whose numbering RFC 8446 shares. */
export const TLS_CLAUSES = {
  'tls12-7.2.1-close-notify-before-write-close': {
    clause: 'RFC 5246 §7.2.1',
    level: 'expected',
    says: 'Unless it sent a fatal alert, each side sends close_notify before it closes its write direction.',
  },
  'tls13-6.1-close-notify-before-write-close': {
    clause: 'RFC 9846 §6.1',
    level: 'MUST',
    says: 'Each side sends close_notify before it closes its write direction, unless it sent an error alert.',
  },
  'tls12-7.2.1-reply-close-notify': {
    clause: 'RFC 5246 §7.2.1',
    level: 'MUST',
    says: 'Whoever receives close_notify answers with one of its own.',
  },
  'tls13-6.1-receiver-still-owes-close-notify': {
    clause: 'RFC 9846 §6.1',
    level: 'MUST',
    says: "The peer's close_notify does not excuse a side from sending its own before it closes its write direction.",
  },
  'tls12-7.2.1-close-at-once-drop-writes': {
    clause: 'RFC 5246 §7.2.1',
    level: 'MUST',
    says: 'Whoever receives close_notify closes at once and drops the writes still pending.',
  },
  'tls13-6.1-receiver-may-keep-writing': {
    clause: 'RFC 9846 §6.1',
    level: 'expected',
    says: 'Whoever received close_notify may go on sending until it closes its own direction.',
  },
  'tls12-7.2.1-either-may-initiate': {
    clause: 'RFC 5246 §7.2.1',
    level: 'expected',
    says: 'Either side may begin the closing exchange.',
  },
  'tls12-7.2.1-data-after-closure-ignored': {
    clause: 'RFC 5246 §7.2.1',
    level: 'expected',
    says: 'Data received after a closure alert is ignored.',
  },
  'tls13-6.1-data-after-close-notify-ignored': {
    clause: 'RFC 9846 §6.1',
    level: 'MUST',
    says: 'Everything received after a closure alert is ignored.',
  },
  'tls13-6.1-bare-fin-may-be-truncation': {
    clause: 'RFC 9846 §6.1',
    level: 'expected',
    says: 'The end of the transport without close_notify does not tell that all data arrived.',
  },
  'tls12-7.2.2-user-canceled-then-close-notify': {
    clause: 'RFC 5246 §7.2.2',
    level: 'expected',
    says: 'user_canceled is followed by close_notify.',
  },
  'rfc9846-6.1-user-canceled-must-close-notify': {
    clause: 'RFC 9846 §6.1',
    level: 'MUST',
    says: 'user_canceled is followed by close_notify.',
  },
  'rfc9846-6.1-close-notify-warning-level': {
    clause: 'RFC 9846 §6.1',
    level: 'MUST',
    says: 'close_notify is sent at level warning.',
  },
  'tls12-7.2-fatal-received-terminates': {
    clause: 'RFC 5246 §7.2',
    level: 'expected',
    says: 'An alert at level fatal ends the connection at once.',
  },
  'tls13-6-error-alerts-sent-fatal': {
    clause: 'RFC 9846 §6',
    level: 'MUST',
    says: 'Every error alert is sent at level fatal.',
  },
  'tls12-7.2.2-closing-alert-is-fatal-level': {
    clause: 'RFC 5246 §7.2.2',
    level: 'MUST',
    says: 'An error alert sent before closing is sent at level fatal.',
  },
  'tls12-7.2.2-sender-of-fatal-closes': {
    clause: 'RFC 5246 §7.2.2',
    level: 'expected',
    says: 'Whoever sends a fatal alert closes the connection right after it.',
  },
  'tls13-6.2-close-on-fatal': {
    clause: 'RFC 9846 §6.2',
    level: 'MUST',
    says: 'Both sides close at once when a fatal alert was sent or received.',
  },
  'tls13-6.2-no-data-after-error': {
    clause: 'RFC 9846 §6.2',
    level: 'MUST',
    says: 'After a fatal error nothing more is sent or received.',
  },
  'tls12-7.2.2-reserved-alerts-unused': {
    clause: 'RFC 5246 §7.2.2',
    level: 'MUST NOT',
    says: 'decryption_failed(21), no_certificate(41) and export_restriction(60) are not sent.',
  },
  'tls12-7.2-alerts-use-current-protection': {
    clause: 'RFC 5246 §7.2',
    level: 'expected',
    says: 'Alerts are protected like every other record.',
  },
  'tls13-6-alerts-encrypted': {
    clause: 'RFC 9846 §6',
    level: 'expected',
    says: 'Alerts are protected with the keys in force.',
  },
  'tls12-6.2.1-no-empty-alert-record': {
    clause: 'RFC 5246 §6.2.1',
    level: 'MUST NOT',
    says: 'Alert records are not empty.',
  },
  'tls13-5.4-no-empty-alert': {
    clause: 'RFC 9846 §5.4',
    level: 'MUST NOT',
    says: 'Alert records with empty content are not sent.',
  },
  'tls13-5.1-alert-not-fragmented': {
    clause: 'RFC 9846 §5.1',
    level: 'MUST NOT',
    says: 'An alert is not split over records.',
  },
  'tls13-5.1-alert-not-coalesced': {
    clause: 'RFC 9846 §5.1',
    level: 'MUST',
    says: 'A record of type alert holds exactly one alert.',
  },
  'tcp-3.6.1-rst-on-unread-data': {
    clause: 'RFC 9293 §3.6.1',
    level: 'SHOULD',
    says: 'A host that closes with received data unread, or gets data after its close, sends RST.',
  },
  'tls12-7.2.2-no-resume-after-fatal': {
    clause: 'RFC 5246 §7.2.2',
    level: 'MUST NOT',
    says: 'A connection that ended with a fatal alert is not resumed.',
  },
  'tls13-6-discard-tickets-after-failure': {
    clause: 'RFC 9846 §6',
    level: 'SHOULD',
    says: 'The tickets of a failed connection are dropped where that is possible.',
  },
} as const satisfies Record<string, Clause>;

export type TlsRuleId = keyof typeof TLS_CLAUSES;

/** What a clause asks, restated. `level` is the source's BCP 14 word, or "expected" where it uses none. */
export type Clause = { clause: string; level: string; says: string };
