import type { Level, Millis } from '../../timeline/event.ts';
import type { Direction } from '../../wire/quic-types.ts';
import type { Space } from './core.ts';

/**
 * What a packet carried, as what must be known when it is acknowledged or lost. Contents are not kept: whoever owns the
 * information puts its present state in a new packet (RFC 9000 §13.3).
 */
export type SentFrame =
  | { kind: 'crypto'; space: Space; offset: number; length: number }
  | { kind: 'stream'; id: bigint; offset: number; length: number; fin: boolean }
  | { kind: 'reset-stream'; id: bigint }
  | { kind: 'stop-sending'; id: bigint }
  | { kind: 'max-data' }
  | { kind: 'max-stream-data'; id: bigint }
  | { kind: 'max-streams'; direction: Direction }
  | { kind: 'data-blocked' }
  | { kind: 'stream-data-blocked'; id: bigint }
  | { kind: 'streams-blocked'; direction: Direction }
  | { kind: 'new-connection-id'; sequence: number }
  | { kind: 'retire-connection-id'; sequence: number }
  | { kind: 'handshake-done' }
  | { kind: 'new-token' }
  /** Acknowledges up to `largest`: once that is acknowledged itself, older ranges need not be told again. */
  | { kind: 'ack'; largest: number }
  /** Never repeated. */
  | { kind: 'ping' }
  | { kind: 'path-challenge' }
  | { kind: 'path-response' }
  | { kind: 'close' };

export type SentPacket = {
  space: Space;
  number: number;
  /** Bytes of the whole packet, for the congestion window. */
  bytes: number;
  sentAt: Millis;
  ackEliciting: boolean;
  /** Counts against the congestion window: ack-eliciting, or PADDING (RFC 9002 §2). */
  inFlight: boolean;
  level: Level;
  frames: readonly SentFrame[];
};
