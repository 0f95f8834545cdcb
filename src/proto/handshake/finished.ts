import { ALERT } from '../../wire/alert.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { peerFault } from './faults.ts';

/** decrypt_error unless it is what the transcript gives (RFC 9846 §4.5.3, RFC 5246 §7.4.9); a wrong length is malformed. */
export function checkFinished(expected: Uint8Array, got: Uint8Array): void {
  if (got.length !== expected.length)
    throw peerFault('decode-error', ALERT.decode_error, `Finished of ${got.length} bytes`);
  if (!equalBytes(got, expected))
    throw peerFault('finished-mismatch', ALERT.decrypt_error, 'Finished does not match the handshake');
}
