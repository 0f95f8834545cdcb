import { createNames } from './names.ts';

/**
 * How a description may be used. `level12`: the level TLS 1.2 gives it (`either`: the sender's choice).
 * `class13`: what it means in TLS 1.3 whatever its level; reserved and unknown ones are errors there too (RFC 9846 §6).
 */
export type AlertKind = {
  level12: 'warning' | 'fatal' | 'either';
  class13: 'closure' | 'error' | 'reserved';
};

/** "close_notify"; "alert(99)" for a description without a name. */
export function alertName(description: number): string {
  return DESCRIPTIONS.name(description);
}

/** Takes the registry's names, with or without "_RESERVED", and "alert(99)". */
export function alertNumber(name: string): number | undefined {
  return DESCRIPTIONS.number(name.replace(/_RESERVED$/, ''));
}

/** "warning", "fatal", "level(9)". */
export function levelName(level: number): string {
  return LEVELS.name(level);
}

/** Undefined for a description that is in no registry. */
export function alertKind(description: number): AlertKind | undefined {
  if (!KNOWN.has(description)) return undefined;
  return {
    level12: WARNING.has(description) ? 'warning' : EITHER.has(description) ? 'either' : 'fatal',
    class13: CLOSURE.has(description) ? 'closure' : RESERVED.has(description) ? 'reserved' : 'error',
  };
}

export const ALERT_LEVEL = { warning: 1, fatal: 2 } as const;

/** The registry of TLS alerts (RFC 9846 §6, RFC 5246 §7.2, RFC 6066 §9, RFC 7301, RFC 7507, RFC 9147, RFC 9849). */
export const ALERT = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  decryption_failed: 21,
  record_overflow: 22,
  decompression_failure: 30,
  handshake_failure: 40,
  no_certificate: 41,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  too_many_cids_requested: 52,
  export_restriction: 60,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  certificate_unobtainable: 111,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  bad_certificate_hash_value: 114,
  unknown_psk_identity: 115,
  certificate_required: 116,
  general_error: 117,
  no_application_protocol: 120,
  ech_required: 121,
} as const;

const DESCRIPTIONS = createNames('alert', ALERT);
const LEVELS = createNames('level', ALERT_LEVEL);
const KNOWN: ReadonlySet<number> = new Set(Object.values(ALERT));
const WARNING: ReadonlySet<number> = new Set([
  ALERT.close_notify,
  ALERT.user_canceled,
  ALERT.no_renegotiation,
]);
const EITHER: ReadonlySet<number> = new Set([
  ALERT.no_certificate,
  ALERT.bad_certificate,
  ALERT.unsupported_certificate,
  ALERT.certificate_revoked,
  ALERT.certificate_expired,
  ALERT.certificate_unknown,
  ALERT.certificate_unobtainable,
  ALERT.unrecognized_name,
]);
const CLOSURE: ReadonlySet<number> = new Set([ALERT.close_notify, ALERT.user_canceled]);
const RESERVED: ReadonlySet<number> = new Set([
  ALERT.decryption_failed,
  ALERT.decompression_failure,
  ALERT.no_certificate,
  ALERT.export_restriction,
  ALERT.no_renegotiation,
  ALERT.certificate_unobtainable,
  ALERT.bad_certificate_hash_value,
]);
