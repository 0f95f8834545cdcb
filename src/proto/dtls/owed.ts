import type { Level, Millis } from '../../timeline/event.ts';
import type { RecordNumber } from '../../wire/dtls-record.ts';

/** A message of ours that may have to be said again; `undefined` message: change_cipher_spec (DTLS 1.2). */
export type Outgoing = {
  message: Uint8Array | undefined;
  level: Level;
  epoch: number;
  sequence: number;
  pieces: Piece[];
};

/** Cut once, so that an ACK for any of its records counts for good. */
export type Piece = { offset: number; length: number; records: RecordNumber[]; acknowledged: boolean };

export type Flight = {
  messages: Outgoing[];
  attempt: number;
  interval: Millis;
  /** When it is repeated; undefined: only when the peer repeats its own. */
  deadline: Millis | undefined;
};

export function createFlight(interval: Millis): Flight {
  return { messages: [], attempt: 0, interval, deadline: undefined };
}

/** What we owe the peer of acknowledgements (RFC 9147 §7). */
export type Acks = { records: RecordNumber[]; due: Millis | undefined };

export function createAcks(): Acks {
  return { records: [], due: undefined };
}
