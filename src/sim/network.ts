import type { Millis } from '../timeline/event.ts';

/** What a network does to a TCP connection. Times in ms, sizes in bytes. */
export type Network = {
  /** One way. */
  latency: Millis;
  /** Up to so much more for any one segment; the order is kept. */
  jitter: Millis;
  /** Most bytes of a segment. `random`: a draw for each, from one byte up. */
  segment: number | 'random';
  /** What a sender may have written that has not left yet; beyond it a write is blocked. */
  sendBuffer: number;
  /** What a receiver takes in that nobody has read yet, with what is under way to it. */
  window: number;
  /** A blocked write leaves as much of its unit on the wire as fitted, as a kernel does; the rest follows when it is tried again. */
  partialWrites: boolean;
  /** After so many bytes from that side the path is dead both ways, and nobody is told. */
  cut?: { from: 'left' | 'right'; after: number };
};

export const QUIET_NETWORK: Network = {
  latency: 1,
  jitter: 0,
  segment: 65_536,
  sendBuffer: 1024 * 1024,
  window: 1024 * 1024,
  partialWrites: false,
};
