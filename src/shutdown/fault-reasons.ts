import type { VersionName } from '../proto/core.ts';
import type { ProtocolFault } from '../proto/fault.ts';

/** OpenSSL's error queue, oldest first, for a rule that the peer broke. */
export function faultReasons(
  fault: ProtocolFault,
  { version, closing }: { version: VersionName | undefined; closing: boolean },
): string[] {
  const is12 = version === 'TLSv1.2' || version === 'DTLSv1.2';
  if (closing && is12 && TAKEN_FOR_DATA.includes(fault.rule)) return [AFTER_CLOSE];
  const reasons = (is12 ? REASONS_12.get(fault.rule) : undefined) ?? REASONS.get(fault.rule);
  // A rule that OpenSSL has no words for keeps ours.
  return reasons === undefined ? [fault.rule.replaceAll('-', ' ')] : [...reasons];
}

export const AFTER_CLOSE = 'application data after close notify';

/** After SSL_SENT_SHUTDOWN, in TLS 1.2: whatever is neither alert nor handshake. */
const TAKEN_FOR_DATA: readonly string[] = ['unexpected-record-type', 'unexpected-change-cipher-spec'];

/** Broken by a record or an alert, not by a handshake message. */
export function isOfRecords({ rule }: ProtocolFault): boolean {
  return RECORD_RULES.has(rule);
}

const RECORD_RULES: ReadonlySet<string> = new Set([
  'bad-record-mac',
  'record-too-short',
  'record-overflow',
  'record-version',
  'no-content-type',
  'unexpected-record-type',
  'unprotected-record',
  'empty-record',
  'too-many-empty-records',
  'interleaved-record',
  'alert-length',
  'unknown-alert-level',
  'too-many-warnings',
  'no-renegotiation',
  'unexpected-change-cipher-spec',
]);

/** The last word on every fault of OpenSSL's record layer. */
export const LAYER = 'record layer failure';

const REASONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['bad-record-mac', ['decryption failed or bad record mac', LAYER]],
  ['record-overflow', ['encrypted length too long', LAYER]],
  ['record-version', ['wrong version number', LAYER]],
  ['not-tls', ['wrong version number']],
  ['no-content-type', ['bad record type', LAYER]],
  ['unexpected-record-type', ['bad record type', LAYER]],
  ['unprotected-record', ['bad record type', LAYER]],
  ['empty-record', ['bad length', LAYER]],
  ['too-many-empty-records', ['record too small', LAYER]],
  ['interleaved-record', ['mixed handshake and non handshake data']],
  ['alert-length', ['invalid alert']],
  ['unknown-alert-level', ['unknown alert type']],
  ['too-many-warnings', ['too many warn alerts']],
  ['no-renegotiation', ['no renegotiation']],
  ['unexpected-change-cipher-spec', ['bad record type', LAYER]],
  ['unexpected-message', ['unexpected message']],
  ['unexpected-data', ['unexpected record']],
  ['handshake-message-too-large', ['excessive message size']],
  ['message-spans-key-change', ['not on record boundary']],
  ['decode-error', ['length mismatch']],
  ['key-update-request', ['bad key update']],
  ['certificate-rejected', ['certificate verify failed']],
  ['certificate-unreadable', ['certificate verify failed']],
  ['certificate-missing', ['peer did not return a certificate']],
  ['bad-signature', ['bad signature']],
  ['finished-mismatch', ['digest check failed']],
  ['bad-key-share', ['bad key share']],
  ['group-not-offered', ['bad key share']],
  ['suite-not-offered', ['wrong cipher returned']],
  ['suite-changed', ['bad cipher']],
  ['version-not-offered', ['unsupported protocol']],
  ['version-changed', ['wrong ssl version']],
  ['downgrade', ['inappropriate fallback']],
  ['missing-extension', ['missing extension']],
  ['unsolicited-extension', ['unsolicited extension']],
  ['extension-out-of-place', ['bad extension']],
  ['extension-repeated', ['bad extension']],
  ['no-application-protocol', ['no application protocol']],
  ['alpn-not-offered', ['bad extension']],
  ['compression', ['unsupported compression algorithm']],
  ['session-id-echo', ['invalid session id']],
  ['renegotiation-info', ['renegotiation mismatch']],
  ['signature-scheme-not-offered', ['wrong signature type']],
  ['signature-scheme-unfit', ['wrong signature type']],
]);

/** Where TLS 1.2 takes another road through OpenSSL. */
const REASONS_12: ReadonlyMap<string, readonly string[]> = new Map([
  ['record-too-short', ['invalid aad', 'internal error', LAYER]],
  ['bad-record-mac', ['cipher operation failed', 'decryption failed or bad record mac', LAYER]],
  ['unexpected-record-type', ['unexpected record']],
  ['unexpected-change-cipher-spec', ['ccs received early']],
  ['empty-record', ['invalid alert']],
]);
