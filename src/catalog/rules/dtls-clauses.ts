import type { Clause } from './tls-clauses.ts';

/** The clauses behind the findings on a DTLS close, by rule id. */
export const DTLS_CLAUSES = {
  'dtls12-inherits-close-notify': {
    clause: 'RFC 6347 §4.2.7, RFC 5246 §7.2.1',
    level: 'MUST',
    says: 'DTLS 1.2 closes as TLS 1.2 does: close_notify before the end, and one in answer.',
  },
  'dtls13-6.1-inherits-half-close': {
    clause: 'RFC 9147 §5.10, RFC 9846 §6.1',
    level: 'MUST',
    says: 'DTLS 1.3 closes as TLS 1.3 does: each side sends close_notify before it ends its own direction.',
  },
  'dtls12-4.2.7-alerts-not-retransmitted': {
    clause: 'RFC 6347 §4.2.7',
    level: 'MUST NOT',
    says: 'Alerts are not retransmitted by a timer.',
  },
  'dtls13-5.10-alerts-not-retransmitted': {
    clause: 'RFC 9147 §5.10',
    level: 'MUST NOT',
    says: 'Alerts are not retransmitted by a timer.',
  },
  'dtls13-5.10-data-after-closure-ignored': {
    clause: 'RFC 9147 §5.10',
    level: 'MUST',
    says: 'Data with an epoch and sequence number after those of the closure alert is ignored.',
  },
  'dtls13-5.10-earlier-data-still-valid': {
    clause: 'RFC 9147 §5.10',
    level: 'MAY',
    says: 'Data numbered before the closure alert may still be delivered when it comes after it.',
  },
  'dtls12-4.1-old-epoch-dropped': {
    clause: 'RFC 6347 §4.1',
    level: 'SHOULD',
    says: 'Records of earlier epochs are discarded once the new one is in use.',
  },
  'dtls13-4.2.1-old-epoch-dropped': {
    clause: 'RFC 9147 §4.2.1',
    level: 'SHOULD',
    says: 'Records of earlier epochs are discarded once the new one is in use.',
  },
  'dtls12-4.2.8-new-hello-proceeds': {
    clause: 'RFC 6347 §4.2.8',
    level: 'SHOULD',
    says: 'A ClientHello from an address with an association begins a new handshake.',
  },
  'dtls13-5.11-new-hello-proceeds': {
    clause: 'RFC 9147 §5.11',
    level: 'SHOULD',
    says: 'A ClientHello from an address with an association begins a new handshake.',
  },
} as const satisfies Record<string, Clause>;

export type DtlsRuleId = keyof typeof DTLS_CLAUSES;
