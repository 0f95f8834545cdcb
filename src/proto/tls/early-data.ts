import { CONTENT, RECORD_HEADER_LENGTH, type RecordHeader } from '../../wire/tls-record.ts';
import { ProtocolFault } from '../fault.ts';
import type { QueuedRecord } from './deframer.ts';
import { type OpenedRecord, openRecord } from './open-record.ts';
import type { TlsState } from './state.ts';

/**
 * Opens a record, or drops it and gives undefined when it must be early data that we did not take (RFC 9846 §4.2.10): after a
 * HelloRetryRequest by its type alone, else because the handshake key does not open it. Throws ProtocolFault.
 */
export function openUnlessEarly(
  state: TlsState,
  record: QueuedRecord,
  header: RecordHeader,
): OpenedRecord | undefined {
  const { receive } = state;
  const { earlyData, key } = receive;
  if (earlyData === undefined || header.type !== CONTENT.application_data) {
    return openRecord(state, record, header);
  }
  const sequence = key?.sequence;
  try {
    const opened = openRecord(state, record, header);
    receive.earlyData = undefined;
    return opened;
  } catch (error) {
    if (!isEarly(error)) throw error;
    if (earlyData.skipped === 0) state.emit({ kind: 'note', code: 'early-data', text: NOTE });
    earlyData.skipped += record.bytes.length - RECORD_HEADER_LENGTH;
    if (earlyData.skipped > MOST_SKIPPED) throw error;
    if (key !== undefined && sequence !== undefined) key.sequence = sequence;
    return undefined;
  }
}

/** What opening says of a record under other keys: it does not open, or there is no key at all yet. */
function isEarly(error: unknown): boolean {
  return error instanceof ProtocolFault && ['bad-record-mac', 'unexpected-data'].includes(error.rule);
}

const NOTE = 'the client sends early data (0-RTT), which this server does not take: it is skipped';
/** Bytes. Servers that take early data commonly take 16 KiB of it. */
const MOST_SKIPPED = 128 * 1024;
