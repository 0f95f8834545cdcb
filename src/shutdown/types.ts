import type { Session } from '../proto/handshake/session.ts';
import type { Millis, SslErrorName } from '../timeline/event.ts';

/** What a call gave back: the return value and what SSL_get_error and the error queue say after it. */
export type CallResult = {
  ret: number;
  error: SslErrorName;
  /** With SSL_ERROR_SYSCALL: an errno name, or "0". */
  errno?: string;
  /** Reason texts, oldest first ("unexpected eof while reading"). A system error is "errno ECONNRESET". */
  queue: readonly string[];
  /** SSL_read and SSL_peek: the bytes delivered. */
  data?: Uint8Array;
  /** SSL_new_stream and SSL_accept_stream: the id. */
  stream?: bigint;
};

/**
 * What a call waits for. A blocking caller waits until `ready()`; a non-blocking one takes `otherwise` at once when it is
 * not ready. `flush` and `step` have already been tried when a call yields.
 */
export type Want = {
  for: 'readable' | 'writable';
  ready(): boolean;
  otherwise: CallResult;
  /** Time (absolute, ms) at which the call has something to do even if it is not ready. */
  until?: Millis | undefined;
  /** To be called when `otherwise` is taken: it may owe the timeline a note, or give something up. */
  taken?: () => void;
};

/** A call that may block. Sent in with `next(now)`. */
export type Call = Generator<Want, CallResult, Millis>;

/** A part of a call that may wait; a result ends the call. */
export type Waiting = Generator<Want, CallResult | undefined, Millis>;

/** What became of an attempt to send all that is queued. A unit that was not sent stays queued. */
export type Flushed = 'sent' | 'blocked' | { errno: string };

/** An SSL_SESSION: shared by reference, so that what SSL_free does to it shows in every copy that was kept. */
export type SavedSession = { session: Session; resumable: boolean };

export type ProfileName = 'manual' | 'openssl-3.5';

export type SslOptions = {
  profile: ProfileName;
  blocking: boolean;
  /** SSL_OP_IGNORE_UNEXPECTED_EOF */
  ignoreUnexpectedEof: boolean;
  quietShutdown: boolean;
  /** SSL_MODE_AUTO_RETRY: SSL_read goes on after a ticket. On by default, as in OpenSSL. */
  autoRetry: boolean;
};

export const SHUTDOWN_EX_FLAGS = ['RAPID', 'NO_STREAM_FLUSH', 'NO_BLOCK', 'WAIT_PEER'] as const;
export type ShutdownExFlag = (typeof SHUTDOWN_EX_FLAGS)[number];
