import { sslError } from '../results.ts';
import type { CallResult } from '../types.ts';
import type { QuicSsl } from './connection.ts';

/** What a call gives that comes too late. What we did not like of the peer has a name, which every such call repeats. */
export function isOver({ core }: Pick<QuicSsl, 'core'>): CallResult {
  const cause = core.cause();
  const fault = cause?.kind === 'close' && cause.by === 'local' && cause.layer === 'transport';
  if (!fault) return sslError(0, SHUTDOWN);
  const named = CERTIFICATE_ALERTS.has(cause.code) ? ['certificate verify failed'] : [];
  return sslError(0, ...named, 'quic protocol error', SHUTDOWN);
}

const SHUTDOWN = 'protocol is shutdown';
/** CRYPTO_ERROR (RFC 9001 §4.8) with bad_certificate (42) to certificate_unknown (46), and unknown_ca (48). */
const CERTIFICATE_ALERTS: ReadonlySet<bigint> = new Set(
  [42n, 43n, 44n, 45n, 46n, 48n].map((alert) => 0x100n + alert),
);
