import type { CryptoProvider, Hmac, Random } from '../../../crypto/provider.ts';
import type { Millis } from '../../../timeline/event.ts';
import { LONGEST_ID } from '../../../wire/quic-packet.ts';
import { type Bucket, createBucket } from './bucket.ts';
import { createTokenKeeper, newToken, type Remote, type TokenKeeper } from './tokens.ts';

export type EndpointConfig = {
  /** The versions that are served, best first. */
  versions: readonly number[];
  /** Length of all the connection IDs that this server gives out, 4 to 20 bytes: without them nothing could be routed. */
  connectionIdLength: number;
  /** Who has to prove an address before a connection is made. A number: all, once there are so many connections. */
  retry: 'never' | 'always' | number;
  /** Most connections at a time; beyond, a client is refused. */
  limit: number;
  /** Whether what belongs to nobody is answered with a Stateless Reset. */
  resets: boolean;
  /** Whether Version Negotiation names a version that does not exist (RFC 9000 §6.3). */
  grease: boolean;
  /** `token`: 16 bytes. `reset`: 32 bytes; a server that begins anew with the same one can reset what it forgot. Default: drawn. */
  keys?: { token: Uint8Array; reset: Uint8Array };
  /** How long tokens are good. Default: 15 s for Retry's, one day for NEW_TOKEN's. */
  retryTokenMs?: Millis;
  newTokenMs?: Millis;
};

/**
 * What a QUIC server knows besides its connections. `C`: whatever stands for one. All state is bounded: by the limit of connections, and
 * the connection IDs each of them has.
 */
export type Endpoint<C> = {
  readonly config: EndpointConfig;
  readonly provider: CryptoProvider;
  readonly random: Random;
  readonly tokens: TokenKeeper;
  readonly resetHmac: Hmac;
  /** By connection ID, in hex. */
  readonly routes: Map<string, C>;
  /** `first`: destination of the Initial that made it, which the client uses until it knows ours. */
  readonly connections: Map<C, { first: string; ids: Set<string> }>;
  readonly resetBucket: Bucket;
  readonly closeBucket: Bucket;
  /** New clients are refused. */
  stopped: boolean;
};

/** Throws RangeError for connection IDs that could not be told apart. */
export function createEndpoint<C>(
  config: EndpointConfig,
  deps: { provider: CryptoProvider; random: Random },
): Endpoint<C> {
  const { provider, random } = deps;
  const { connectionIdLength } = config;
  if (connectionIdLength < 4 || connectionIdLength > LONGEST_ID) {
    throw new RangeError(`connection IDs of ${connectionIdLength} bytes: 4 to 20 are needed`);
  }
  const keys = config.keys ?? { token: random(16), reset: random(32) };
  return {
    config,
    provider,
    random,
    tokens: createTokenKeeper({
      provider,
      random,
      key: keys.token,
      retryMs: config.retryTokenMs ?? 15_000,
      newTokenMs: config.newTokenMs ?? 86_400_000,
    }),
    resetHmac: provider.hmac('sha256', keys.reset),
    routes: new Map(),
    connections: new Map(),
    resetBucket: createBucket(RESETS.burst, RESETS.perSecond),
    closeBucket: createBucket(CLOSES.burst, CLOSES.perSecond),
    stopped: false,
  };
}

/** The stateless reset token of a connection ID (RFC 9000 §10.3.2): the same whenever it is asked for. */
export function resetTokenOf<C>(endpoint: Endpoint<C>, connectionId: Uint8Array): Uint8Array {
  return endpoint.resetHmac(connectionId).slice(0, 16);
}

/** For a NEW_TOKEN frame to that client. */
export function newTokenFor<C>(endpoint: Endpoint<C>, remote: Remote, now: Millis): Uint8Array {
  return newToken(endpoint.tokens, remote, now);
}

/** Answers without state are cheap to ask for and must stay cheap to give (§10.3, §21.9). */
const RESETS = { burst: 32, perSecond: 100 };
const CLOSES = { burst: 64, perSecond: 200 };
