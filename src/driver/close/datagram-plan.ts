import type { Fact } from '../../timeline/event.ts';
import { UsageError } from '../usage-error.ts';
import { checkExchangeName, checkSaid } from './addressee.ts';
import { type CloseOptions, toPlan, toPlanFact } from './options.ts';
import type { ClosePlan } from './plan.ts';

/**
 * full: close_notify, read to the peer's, call again · rapid: one SSL_shutdown, then the socket is closed ·
 * quiet: SSL_set_quiet_shutdown, nothing is sent · wait-peer: the peer closes first, we answer · vanish: no call at all.
 */
export const DATAGRAM_CLOSE_MODES = ['full', 'rapid', 'quiet', 'wait-peer', 'vanish'] as const;
export type DatagramCloseMode = (typeof DATAGRAM_CLOSE_MODES)[number];

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type DatagramCloseOptions = Omit<
  CloseOptions,
  'mode' | 'then' | 'ignoreUnexpectedEof' | 'starttls'
> & {
  mode?: DatagramCloseMode;
  /** Send close_notify so many times more, 1, 3, 7 … s after the first, until the peer reacts. No RFC asks for it. */
  retryClose?: number;
  /** Most bytes of UDP payload that we send (default 1200). */
  mtu?: number;
  /** Offer connection IDs (RFC 9146, RFC 9147 §9), and ask to be sent this one; `true`: 8 random bytes. */
  connectionId?: Uint8Array | true;
  /** Offer this pre-shared key, beside certificates. */
  psk?: { identity: Uint8Array; key: Uint8Array };
};

export type DatagramPlan = ClosePlan & {
  /** Leave without a word. */
  vanish: boolean;
  retryClose: number;
};

/** The plan that the options ask for. Throws UsageError for what cannot be meant. */
export function toDatagramPlan(options: DatagramCloseOptions): DatagramPlan {
  const { mode = 'full', retryClose = 0, mtu } = options;
  if (!Number.isSafeInteger(retryClose) || retryClose < 0 || retryClose > MOST_RETRIES) {
    throw new UsageError('bad-option', `retryClose is no number from 0 to ${MOST_RETRIES}: ${retryClose}`);
  }
  if (mtu !== undefined && (!Number.isSafeInteger(mtu) || mtu < LEAST_MTU || mtu > MOST_MTU)) {
    throw new UsageError('bad-option', `mtu is no number from ${LEAST_MTU} to ${MOST_MTU}: ${mtu}`);
  }
  const { exchange } = options;
  if (exchange !== undefined && checkExchangeName(exchange) !== 'coap')
    throw new UsageError(
      'conflict',
      `--exchange ${exchange} is spoken over TLS`,
      'over DTLS: coap; tls-close has the others',
    );
  checkSaid(options);
  const vanish = mode === 'vanish';
  return { ...toPlan({ ...options, mode: vanish ? 'quiet' : mode }), vanish, retryClose };
}

/** What the outcome is judged by, for the timeline. */
export function toDatagramPlanFact(
  plan: DatagramPlan,
  failOn: CloseOptions['failOn'],
): Extract<Fact, { kind: 'plan' }> {
  const fact = toPlanFact(plan, failOn);
  return { ...fact, mode: plan.vanish ? 'vanish' : plan.mode, datagrams: true };
}

export const MOST_RETRIES = 10;
/** Room for a record header, a tag and some of a handshake fragment. */
export const LEAST_MTU = 228;
export const MOST_MTU = 65_507;
