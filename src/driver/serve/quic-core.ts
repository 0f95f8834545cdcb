import { QUIC_V1, QUIC_V2, type QuicConfig, type QuicLimits } from '../../proto/quic/config.ts';
import { createQuicCore } from '../../proto/quic/connection.ts';
import type { QuicCore } from '../../proto/quic/core.ts';
import type { EndpointConfig } from '../../proto/quic/endpoint/state.ts';
import { DEFAULT_QUIC_POLICY } from '../../proto/quic/policy.ts';
import type { Emit } from '../../timeline/event.ts';
import { type ServerCoreOptions, serverConfig } from './core.ts';
import type { NewClient } from './quic-ports.ts';

/** What an endpoint knows of a client for whom a core is to be made. */
export type Newcomer = Pick<NewClient, 'accepted' | 'resetToken' | 'newToken'>;

/** Makes the cores of one server: they share the ticket key. */
export function createQuicServerCores(
  options: Omit<ServerCoreOptions, 'versions'>,
): (emit: Emit, client: Newcomer) => QuicCore {
  const { versions: _versions, policy: _policy, ...handshake } = serverConfig(options);
  const shared: QuicConfig = {
    ...handshake,
    alpn: ALPN,
    alpnElse: ([first]) => first,
    quicVersions: VERSIONS,
    maxDatagram: MTU,
    limits: LIMITS,
    connectionIdLength: ID_LENGTH,
    policy: DEFAULT_QUIC_POLICY,
  };
  return (emit, { accepted, resetToken, newToken }) =>
    createQuicCore('server', { ...shared, accepted, resetToken, newToken }, { ...options.deps, emit });
}

/** The endpoint that goes with them. `retry`: every client has to prove its address. */
export function quicEndpointConfig({ retry, limit }: { retry: boolean; limit: number }): EndpointConfig {
  return {
    ...{ versions: VERSIONS, connectionIdLength: ID_LENGTH, limit, resets: true, grease: true },
    retry: retry ? 'always' : 'never',
  };
}

const VERSIONS = [QUIC_V1, QUIC_V2];
/** What we have answers for, best first; anything else that is offered gets an echo. */
const ALPN = ['h3', 'hq-interop'];
const ID_LENGTH = 8;
/** What every path carries (RFC 9000 §14). */
const MTU = 1200;
/** Credit is given again as it is read. */
const LIMITS: QuicLimits = {
  connectionData: 1024 * 1024,
  streamData: 512 * 1024,
  bidiStreams: 100,
  uniStreams: 100,
  activeConnectionIds: 4,
};
