import { ALERT } from '../../wire/alert.ts';
import {
  CONTENT,
  contentTypeName,
  MAX_CIPHERTEXT_12,
  MAX_CIPHERTEXT_13,
  MAX_PLAINTEXT,
  RECORD_HEADER_LENGTH,
  type RecordHeader,
} from '../../wire/tls-record.ts';
import { ProtocolFault } from '../fault.ts';
import { peekRecord, type QueuedRecord } from './deframer.ts';
import { notTls, quoted } from './not-tls.ts';
import { type Opened, unprotect } from './protection.ts';
import type { TlsState } from './state.ts';

export type OpenedRecord = Opened & { protected: boolean };

/** What is wrong with the oldest record's header already, before its body has come. */
export function headerFault(state: TlsState): ProtocolFault | undefined {
  const record = peekRecord(state.receive.deframer);
  if (record === undefined) return undefined;
  const { header, bytes } = record;
  const known = isContentType(header.type);
  const versioned = header.version >> 8 === 3;
  if (!(known && versioned) && !state.receive.begun) return notTls(bytes);
  const noRecord = known || versioned ? undefined : `no TLS record: ${quoted(bytes)}`;
  // TLS 1.3 ignores the version of its records for all purposes (RFC 9846 §5.1).
  if (!versioned && state.version !== 0x0304) {
    const detail = noRecord ?? `record of version 0x${hex(header.version)}`;
    return fault('record-version', ALERT.protocol_version, detail);
  }
  const bare = comesBare(state, header);
  if (!known && (bare || noRecord !== undefined)) {
    const detail = noRecord ?? `record of type ${contentTypeName(header.type)}`;
    return fault('unexpected-record-type', ALERT.unexpected_message, detail);
  }
  if (!bare && state.version === 0x0304 && header.type !== CONTENT.application_data) {
    const detail = `${contentTypeName(header.type)} record without protection`;
    return fault('unprotected-record', ALERT.unexpected_message, detail);
  }
  const most = longestBody(state, header);
  if (header.length <= most) return undefined;
  const detail = `record of ${header.length} bytes where ${most} are allowed`;
  return fault('record-overflow', ALERT.record_overflow, detail);
}

/** Takes the protection off a whole record whose header is in order, if it should have any, and emits its fact. Throws ProtocolFault. */
export function openRecord(
  state: TlsState,
  record: QueuedRecord,
  header: RecordHeader,
  bare = comesBare(state, header),
): OpenedRecord {
  let seen = { type: header.type, protected: !bare };
  try {
    const opened = seen.protected
      ? unprotectRecord(state, record, header)
      : bareRecord(state, record, header);
    seen = opened;
    return opened;
  } finally {
    const { type } = seen;
    const name = contentTypeName(type);
    const bytes = record.bytes.length;
    state.emit({ kind: 'record', by: 'peer', type, name, bytes, protected: seen.protected });
  }
}

/** Records that stay outside of the protection though there is a key for the peer's direction. */
function comesBare(state: TlsState, header: RecordHeader): boolean {
  const { key, opened, level } = state.receive;
  if (key === undefined) return true;
  if (state.version !== 0x0304) return false;
  // For the middleboxes (RFC 9846 §5).
  if (header.type === CONTENT.change_cipher_spec) return true;
  // A client that fails on our ServerHello has no key to send its alert with (RFC 9846 §7.3).
  return header.type === CONTENT.alert && state.role === 'server' && level === 'handshake' && !opened;
}

function bareRecord(state: TlsState, record: QueuedRecord, header: RecordHeader): OpenedRecord {
  if (header.type === CONTENT.application_data) {
    const detail = `application data before ${state.version === undefined ? 'any hello' : 'there are keys'}`;
    throw fault('unexpected-data', ALERT.unexpected_message, detail);
  }
  const content = record.bytes.subarray(RECORD_HEADER_LENGTH);
  return { type: header.type, content, protected: false };
}

function unprotectRecord(state: TlsState, record: QueuedRecord, header: RecordHeader): OpenedRecord {
  const { key } = state.receive;
  if (key === undefined) return bareRecord(state, record, header);
  const opened = unprotect(key, record.bytes, plaintextLimit(state));
  state.receive.opened = true;
  return { ...opened, protected: true };
}

/** Ours to enforce once both sides have announced one (RFC 8449 §4). */
function plaintextLimit(state: TlsState): number | undefined {
  return state.send.peerLimit === undefined ? undefined : state.config.recordSizeLimit;
}

function longestBody(state: TlsState, header: RecordHeader): number {
  const early = state.receive.earlyData !== undefined && header.type === CONTENT.application_data;
  if (comesBare(state, header) && !early) return MAX_PLAINTEXT;
  return state.version === 0x0304 ? MAX_CIPHERTEXT_13 : MAX_CIPHERTEXT_12;
}

function isContentType(type: number): boolean {
  return type >= CONTENT.change_cipher_spec && type <= CONTENT.application_data;
}

function fault(rule: string, alert: number, detail: string): ProtocolFault {
  return new ProtocolFault({ blame: 'peer', rule, alert, detail });
}

function hex(version: number): string {
  return version.toString(16).padStart(4, '0');
}
