import { frameSize } from '../../wire/quic-frame-encode.ts';
import type { Frame } from '../../wire/quic-types.ts';
import type { Space } from './core.ts';
import { frameFault } from './frame-fault.ts';
import type { SentFrame } from './sent.ts';
import { accept, createReceiving, isHolding, pieces, type Receiving, take } from './streams/receiving.ts';
import {
  acknowledge,
  append,
  createSending,
  lose,
  type Sending,
  takeFresh,
  takeLost,
} from './streams/sending.ts';

/** The handshake's bytes in one packet number space, both ways (RFC 9000 §19.6): no flow control, no end. */
export type CryptoStream = {
  readonly space: Space;
  readonly sending: Sending;
  readonly receiving: Receiving;
};

type CryptoFrame = Extract<Frame, { type: 'crypto' }>;

export function createCryptoStream(space: Space): CryptoStream {
  return { space, sending: createSending(), receiving: createReceiving() };
}

export function writeCrypto({ sending }: CryptoStream, data: Uint8Array): void {
  append(sending, data);
}

/** Is there something to be sent, or sent again? */
export function cryptoPending({ sending }: CryptoStream): boolean {
  return sending.lost.length > 0 || sending.next < sending.end;
}

/** The next CRYPTO frame of at most `room` bytes, what was lost first. What it returns counts as sent. */
export function nextCrypto(
  { space, sending }: CryptoStream,
  room: number,
): { frame: CryptoFrame; sent: SentFrame } | undefined {
  const [from = sending.next] = sending.lost;
  const most = room - frameSize({ type: 'crypto', offset: BigInt(from), data: EMPTY }) - LENGTH_GROWS;
  if (most <= 0) return undefined;
  const piece = takeLost(sending, most) ?? takeFresh(sending, most);
  if (piece === undefined) return undefined;
  const { offset, data } = piece;
  return {
    frame: { type: 'crypto', offset: BigInt(offset), data },
    sent: { kind: 'crypto', space, offset, length: data.length },
  };
}

/**
 * Takes a CRYPTO frame in; the bytes that are now in order and were not before, often none. Throws CRYPTO_BUFFER_EXCEEDED for what
 * lies too far ahead (RFC 9000 §7.5).
 */
export function receiveCrypto({ receiving }: CryptoStream, frame: CryptoFrame): Uint8Array {
  const end = frame.offset + BigInt(frame.data.length);
  if (end > BigInt(receiving.read + MOST_AHEAD)) {
    const detail = `handshake bytes up to ${end}, of which ${receiving.read} came in order`;
    throw frameFault('CRYPTO_BUFFER_EXCEEDED', frame, 'crypto-buffer-exceeded', detail);
  }
  accept(receiving, Number(frame.offset), frame.data);
  if (pieces(receiving) > MOST_PIECES)
    throw frameFault('CRYPTO_BUFFER_EXCEEDED', frame, 'crypto-buffer-exceeded', 'too many holes');
  return take(receiving, MOST_AHEAD);
}

/** Bytes wait behind a hole: keys must not change now (RFC 9001 §4.1.3). */
export function cryptoHolds({ receiving }: CryptoStream): boolean {
  return isHolding(receiving);
}

export function onCryptoAcked({ sending }: CryptoStream, sent: { offset: number; length: number }): void {
  acknowledge(sending, sent.offset, sent.offset + sent.length);
}

export function onCryptoLost({ sending }: CryptoStream, sent: { offset: number; length: number }): void {
  lose(sending, sent.offset, sent.offset + sent.length);
}

/** Everything sent and not acknowledged goes out again: after a Retry, or for a probe (RFC 9002 §6.2.4). */
export function resendCrypto({ sending }: CryptoStream): void {
  lose(sending, 0, sending.next);
}

/** Has everything written been acknowledged? */
export function cryptoSettled({ sending }: CryptoStream): boolean {
  return sending.ackedBytes === sending.end;
}

const EMPTY = new Uint8Array(0);
/** The length of an empty frame takes one byte, that of a full one up to four. */
const LENGTH_GROWS = 1;
/** RFC 9000 §7.5 asks for 4096 at least; a chain of large certificates takes more. */
const MOST_AHEAD = 65_536;
const MOST_PIECES = 512;
