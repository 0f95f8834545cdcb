import type { Fact, Millis } from '../../timeline/event.ts';
import { encodeUtf8 } from '../../wire/utf8.ts';
import { formatTarget, parseTarget } from '../target.ts';
import { UsageError } from '../usage-error.ts';
import { type CloseOptions, toPlan, toPlanFact } from './options.ts';
import type { ClosePlan } from './plan.ts';

/**
 * full: SSL_shutdown_ex until closing is over, 3 PTO · rapid: it returns once CONNECTION_CLOSE is out · wait-peer: the peer closes ·
 * vanish: no call at all.
 */
export const QUIC_CLOSE_MODES = ['full', 'rapid', 'wait-peer', 'vanish'] as const;
export type QuicCloseMode = (typeof QUIC_CLOSE_MODES)[number];

/** When to close: once a CONNECTION_CLOSE can be said in that packet number space, and no later. */
export const CLOSE_SPACES = ['initial', 'handshake', '1rtt'] as const;
export type CloseSpace = (typeof CLOSE_SPACES)[number];

export type QuicVersionName = 'v1' | 'v2';

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type QuicCloseOptions = Omit<
  CloseOptions,
  | 'mode'
  | 'then'
  | 'ignoreUnexpectedEof'
  | 'versions'
  | 'drain'
  | 'writeAfterClose'
  | 'starttls'
  | 'exchange'
  | 'path'
> & {
  mode?: QuicCloseMode;
  /** Sent in CONNECTION_CLOSE (default 0), below 2^62. */
  code?: bigint;
  /** Text, or bytes that need not be UTF-8. */
  reason?: string | Uint8Array;
  /** 0x1c instead of 0x1d: `code` is then one of the transport's. */
  transportError?: boolean;
  /** Default 1rtt. */
  closeIn?: CloseSpace;
  /** `false`: SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH. */
  streamFlush?: boolean;
  /** Conclude the stream that `send` went to (default true). */
  fin?: boolean;
  /** Then reset it with this code. */
  resetStream?: bigint;
  /** What to ask for with h3 and hq-interop; `false`: nothing. Default: "/", unless there is something to `send`. */
  request?: string | false;
  /** QUIC versions to offer, the first for the first packet. Default: v1 first, v2 if the peer wants. */
  quicVersions?: readonly QuicVersionName[];
  /** Our max_idle_timeout (default 30 s; 0: none). */
  idleTimeoutMs?: Millis;
  /** Send a PING after so long without a packet. */
  keepAliveMs?: Millis;
  /** Most bytes of UDP payload that we send (default 1200). */
  mtu?: number;
};

export type QuicPlan = ClosePlan & {
  quic: {
    mode: QuicCloseMode;
    code: bigint;
    reason: Uint8Array;
    transportError: boolean;
    closeIn: CloseSpace;
    streamFlush: boolean;
    fin: boolean;
    resetStream: bigint | undefined;
    request: string | undefined;
    /** Host and port, as in a URL: whom a request is for. */
    authority: string;
    /** The first is what an exchange is spoken in, unless the peer picks another one. */
    alpn: readonly string[];
    idleTimeoutMs: Millis;
    keepAliveMs: Millis | undefined;
  };
};

/** The plan that the options ask for. Throws UsageError for what cannot be meant. */
export function toQuicPlan(options: QuicCloseOptions): QuicPlan {
  const { mode = 'full', code = 0n, closeIn = '1rtt', idleTimeoutMs = IDLE_MS, keepAliveMs, mtu } = options;
  if (code < 0n || code >= 2n ** 62n) {
    throw new UsageError(
      'bad-option',
      `code ${code} does not fit QUIC's 62 bits`,
      'the largest is 0x3fffffffffffffff',
    );
  }
  if (!(idleTimeoutMs >= 0) || (keepAliveMs !== undefined && !(keepAliveMs > 0))) {
    throw new UsageError(
      'bad-option',
      'idleTimeoutMs and keepAliveMs are milliseconds',
      'give positive numbers',
    );
  }
  if (mtu !== undefined && (!Number.isSafeInteger(mtu) || mtu < LEAST_QUIC_MTU || mtu > MOST_QUIC_MTU)) {
    throw new UsageError('bad-option', `mtu is no number from ${LEAST_QUIC_MTU} to ${MOST_QUIC_MTU}: ${mtu}`);
  }
  checkAgainst(options, mode, closeIn);
  const alpn = options.alpn ?? ['h3'];
  return {
    ...toPlan({ ...options, mode: mode === 'vanish' ? 'quiet' : mode }),
    quic: {
      mode,
      code,
      reason: reasonOf(options.reason),
      transportError: options.transportError === true,
      closeIn,
      streamFlush: options.streamFlush !== false,
      fin: options.fin !== false,
      resetStream: options.resetStream,
      request: requestOf(options, closeIn),
      authority: authorityOf(options),
      alpn,
      idleTimeoutMs,
      keepAliveMs,
    },
  };
}

/** What the outcome is judged by, for the timeline. */
export function toQuicPlanFact(
  plan: QuicPlan,
  failOn: CloseOptions['failOn'],
): Extract<Fact, { kind: 'plan' }> {
  const { mode, closeIn } = plan.quic;
  const early = closeIn === '1rtt' ? {} : { closeIn };
  return {
    ...toPlanFact(plan, failOn),
    mode,
    looks: looksAfterClose(plan),
    datagrams: true,
    quic: true,
    ...early,
  };
}

/** Does anybody look at what the peer does after our CONNECTION_CLOSE? */
export function looksAfterClose({ quic, lingerMs = 0 }: QuicPlan): boolean {
  return lingerMs > 0 || quic.mode === 'full' || quic.mode === 'wait-peer';
}

function checkAgainst(options: QuicCloseOptions, mode: QuicCloseMode, closeIn: CloseSpace): void {
  if (mode === 'vanish' && (options.code !== undefined || options.reason !== undefined)) {
    throw new UsageError(
      'conflict',
      'a code or reason with --vanish: nothing is sent that could carry it',
      'leave one of them out',
    );
  }
  if (closeIn === '1rtt') return;
  if (mode === 'wait-peer' || mode === 'vanish') {
    throw new UsageError(
      'conflict',
      `--close-in ${closeIn} says when we close; with this mode we don't`,
      'leave one of them out',
    );
  }
  if (options.send !== undefined || typeof options.request === 'string' || options.resume === true) {
    throw new UsageError(
      'conflict',
      `--close-in ${closeIn} leaves no time for an exchange or a session`,
      'leave one of them out',
    );
  }
}

function requestOf({ request, send }: QuicCloseOptions, closeIn: CloseSpace): string | undefined {
  if (request === false || closeIn !== '1rtt') return undefined;
  return request ?? (send === undefined ? '/' : undefined);
}

function authorityOf({ target, sni }: QuicCloseOptions): string {
  const { host, port } = typeof target === 'string' ? parseTarget(target, 'quic') : target;
  const name = typeof sni === 'string' ? sni : host;
  return port === 443 && !name.includes(':') ? name : formatTarget({ host: name, port });
}

function reasonOf(reason: string | Uint8Array | undefined): Uint8Array {
  if (reason === undefined) return new Uint8Array(0);
  return typeof reason === 'string' ? encodeUtf8(reason) : reason;
}

const IDLE_MS = 30_000;
/** RFC 9000 §14. */
export const LEAST_QUIC_MTU = 1200;
export const MOST_QUIC_MTU = 65_527;
