import type { Clause } from './tls-clauses.ts';

/** The clauses behind the findings on a QUIC close, by rule id. */
export const QUIC_CLAUSES = {
  'quic-10.2-server-keeps-states': {
    clause: 'RFC 9000 §10.2',
    level: 'SHOULD NOT',
    says: 'A server whose socket stays open does not cut the closing or draining period short.',
  },
  'quic-10.1-abandon-early-needs-close': {
    clause: 'RFC 9000 §10.1',
    level: 'MUST',
    says: 'Whoever advertises an idle timeout and gives up earlier closes with CONNECTION_CLOSE.',
  },
  'quic-10.2.1-closing-rate-limited': {
    clause: 'RFC 9000 §10.2.1',
    level: 'SHOULD',
    says: 'CONNECTION_CLOSE is repeated only in answer to packets, and not to every one of them.',
  },
  'quic-10.2.2-draining-sends-nothing': {
    clause: 'RFC 9000 §10.2.2',
    level: 'MUST NOT',
    says: 'Whoever is draining sends no packets.',
  },
  'quic-10.2.2-no-close-pingpong': {
    clause: 'RFC 9000 §10.2.2',
    level: 'MUST NOT',
    says: 'At most one CONNECTION_CLOSE is sent in answer to one, and nothing after it.',
  },
  'quic-10.2.3-1d-becomes-1c': {
    clause: 'RFC 9000 §10.2.3',
    level: 'MUST',
    says: 'In Initial and Handshake packets an application close (0x1d) is replaced by 0x1c.',
  },
  'quic-10.2.3-converted-reason-empty': {
    clause: 'RFC 9000 §10.2.3',
    level: 'MUST',
    says: 'An application close turned into 0x1c APPLICATION_ERROR carries no reason.',
  },
  'quic-10.2.3-1rtt-after-confirmed': {
    clause: 'RFC 9000 §10.2.3',
    level: 'MUST',
    says: 'Once the handshake is confirmed, CONNECTION_CLOSE goes in a 1-RTT packet.',
  },
  'quic-10.3-may-send': {
    clause: 'RFC 9000 §10.3',
    level: 'MAY',
    says: 'A packet that belongs to no connection known may be answered by a stateless reset.',
  },
  'quic-10.3.3-smaller-than-trigger': {
    clause: 'RFC 9000 §10.3.3',
    level: 'MUST',
    says: 'A stateless reset is smaller than the packet that caused it.',
  },
  'quic-19.19-reason-utf8': {
    clause: 'RFC 9000 §19.19',
    level: 'SHOULD',
    says: 'The reason phrase is UTF-8.',
  },
  'quictls-4.1.3-no-alerts-in-crypto': {
    clause: 'RFC 9001 §4.8, RFC 9846 §6.1',
    level: 'expected',
    says: 'close_notify has no place in QUIC: as 0x1c, code 0x100 would be that alert (as 0x1d it is H3_NO_ERROR).',
  },
} as const satisfies Record<string, Clause>;

export type QuicRuleId = keyof typeof QUIC_CLAUSES;
