import type { ExchangeName } from '../../exchange/exchanges.ts';
import type { StarttlsName } from '../../exchange/starttls.ts';
import type { ProfileName } from '../../shutdown/types.ts';
import type { Millis } from '../../timeline/event.ts';

/**
 * full: close_notify, read to the peer's, call again · rapid: one SSL_shutdown, then the socket is closed at once ·
 * quiet: SSL_set_quiet_shutdown, nothing is sent · wait-peer: the peer closes first, we answer ·
 * abrupt-fin, abrupt-rst: no close_notify · half-close: close_notify, FIN, and on reading.
 */
export const CLOSE_MODES = [
  'full',
  'rapid',
  'quiet',
  'wait-peer',
  'abrupt-fin',
  'abrupt-rst',
  'half-close',
] as const;
export type CloseMode = (typeof CLOSE_MODES)[number];

/** Most ms that each phase may last. No TLS document names any; these are ours. */
export type CloseLimits = {
  connect: Millis;
  handshake: Millis;
  exchange: Millis;
  close: Millis;
  fin: Millis;
};

/** All that can be asked of a close. */
export type ClosePlan = {
  mode: CloseMode;
  /** Between the two SSL_shutdown calls, read what the peer still says (full and half-close). */
  drain: boolean;
  /** Non-blocking calls: again after every input and every 100 ms, each one on the timeline. */
  noBlock: boolean;
  /** Begin in the clear, and ask for TLS as this protocol does. */
  starttls?: StarttlsName;
  /** Whom the connection is for, where a protocol asks: host, or host:port. */
  authority?: string;
  /** Speak this protocol after the handshake: a harmless request, and its answer to the end. With wait-peer it asks the peer to close. */
  exchange?: ExchangeName;
  /** What to ask for, where the exchange asks for something by a path. Default: "/". */
  path?: string;
  /** Application data to send after the handshake. */
  send?: Uint8Array;
  /** Then read: to the peer's end, until it has been quiet for 500 ms, or this many bytes. */
  readUntil?: 'eof' | 'idle' | number;
  /** After our close_notify: SSL_write (refused), then a record below it. */
  writeAfterClose: boolean;
  /** Wait this long, doing nothing, before the close. */
  idleMs: Millis;
  /**
   * How long to keep our write side open after the peer's FIN, to see a RST. Absent: 100 ms, where it can tell something.
   * After rapid, quiet and abrupt-fin: how long to look at what the peer does. Absent: not at all.
   */
  lingerMs?: Millis;
  /** Use the TCP connection again after both close_notify alerts: clear text, or a new handshake. */
  then?: { plain: Uint8Array } | 'tls';
  ignoreUnexpectedEof: boolean;
  profile: ProfileName;
  limits: CloseLimits;
  /** An answer that takes longer is `late`. */
  lateMs: Millis;
  /** Most bytes of application data to read, all in all. */
  readCap: number;
};

export const DEFAULT_LIMITS: CloseLimits = {
  connect: 5_000,
  handshake: 10_000,
  exchange: 10_000,
  close: 5_000,
  fin: 5_000,
};

export const DEFAULT_PLAN: ClosePlan = {
  mode: 'full',
  drain: true,
  noBlock: false,
  writeAfterClose: false,
  idleMs: 0,
  ignoreUnexpectedEof: false,
  profile: 'manual',
  limits: DEFAULT_LIMITS,
  lateMs: 1_000,
  readCap: 16 * 1024 * 1024,
};

/** Does this plan watch what the peer does after our close? */
export function looksAtPeer(plan: ClosePlan): boolean {
  switch (plan.mode) {
    case 'abrupt-rst':
      return false;
    case 'rapid':
    case 'quiet':
    case 'abrupt-fin':
      return lingers(plan);
    case 'full':
    case 'wait-peer':
    case 'half-close':
      return true;
  }
}

/** How long to watch, most: for the peer's close_notify, then for its FIN. Where nobody waits, `--linger` says so. */
export function patience({ mode, limits, lingerMs = 0 }: ClosePlan): { close: Millis; fin: Millis } {
  switch (mode) {
    case 'rapid':
    case 'quiet':
    case 'abrupt-fin':
    case 'abrupt-rst':
      return { close: lingerMs, fin: lingerMs };
    case 'full':
    case 'wait-peer':
    case 'half-close':
      return { close: limits.close, fin: limits.fin };
  }
}

function lingers({ lingerMs }: ClosePlan): boolean {
  return lingerMs !== undefined && lingerMs > 0;
}
