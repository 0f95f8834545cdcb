import type { Input } from '../proto/core.ts';
import type { Millis } from '../timeline/event.ts';

/** Time as the driver sees it: real (io) or virtual (sim). */
export type Clock = {
  now(): Millis;
  /** Calls `wake` at that time (not before); returns the call that cancels it. */
  at(when: Millis, wake: () => void): () => void;
};

/** All or nothing. `blocked`: not written, try again after `writable`. */
export type WriteResult = 'sent' | 'blocked' | { errno: string };

/** One end of a byte stream. Real sockets (io/tcp.ts), simulated links (sim/link.ts), or a decorator over either. */
export type Transport = {
  write(unit: Uint8Array): WriteResult;
  writable(): boolean;
  /** FIN: ends our direction, reading goes on. */
  fin(): WriteResult;
  /** RST. `pending`: written bytes have not left yet and dropping them was not asked for; nothing was done. */
  reset(options: { dropPending: boolean }): 'done' | 'pending' | 'impossible';
  /** close(2): FIN, or RST when received bytes were not read, as a kernel does. */
  close(): void;
  /** Stop taking bytes from the network (the receive window fills), and go on. */
  pause(): void;
  resume(): void;
  readonly remote: string;
  readonly local: string;
};

/** What a transport reports. Set once, before anything can happen. */
export type TransportSink = {
  input(input: Input): void;
  writable(): void;
  /** How many bytes to read next at most; asked before every read (io reads exactly that, so that no reset hides). */
  wants(): number;
};

/** Opens our end of a connection. Errors come as `{ kind: 'unreachable' }` through the sink. */
export type Connect = (sink: TransportSink) => Transport;
