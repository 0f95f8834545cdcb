import type { Millis } from '../../timeline/event.ts';
import type { TlsConfig } from '../handshake/config.ts';

export type DtlsConfig = TlsConfig & {
  /** Most bytes of a datagram, UDP header not counted; default 1200. Flights are cut to it, application data must fit. */
  mtu?: number;
  /** What the peer's protected records are to carry (RFC 9146, RFC 9147 §9); empty: we take one to send with and want none. */
  connectionId?: { own: Uint8Array };
  /** Defaults: 1 s, doubled up to 60 s (RFC 6347 §4.2.4.1, RFC 9147 §5.8.2), for as long as the caller waits. */
  retransmit?: {
    initialMs?: Millis;
    maxMs?: Millis;
    /** How often a flight is repeated before the handshake counts as failed. */
    tries?: number;
  };
};

/** The same with every default filled in. */
export type Timing = { mtu: number; initialMs: Millis; maxMs: Millis; tries: number };

export function timingOf({ mtu, retransmit }: DtlsConfig): Timing {
  const { initialMs = 1000, maxMs = 60_000, tries = Number.POSITIVE_INFINITY } = retransmit ?? {};
  return { mtu: Math.max(mtu ?? 1200, SMALLEST_MTU), initialMs, maxMs, tries };
}

/** Room for the headers and a useful piece of a message. */
const SMALLEST_MTU = 128;
