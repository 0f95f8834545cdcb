import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { CoreDeps } from '../../src/proto/core.ts';
import { createClientHandshake } from '../../src/proto/handshake/client.ts';
import type { TlsConfig } from '../../src/proto/handshake/config.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { type ExtraExtension, TLS } from '../../src/proto/handshake/flavor.ts';
import type { Identity, PeerAuth } from '../../src/proto/handshake/peer-auth.ts';
import type { Role } from '../../src/proto/role.ts';
import { createTlsCore } from '../../src/proto/tls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { wireTlsCore } from '../../src/proto/tls/wiring.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Fact, Millis } from '../../src/timeline/event.ts';
import type { End, Pair } from './tls-pair.ts';

/** Fast, and byte for byte what the other provider gives. */
const native = createNativeProvider();
const identity = createSimIdentity(native, createRandom(1, 'identity'), 'localhost');
const trust = createSimTrust(native);

export type RealOptions = {
  config?: Partial<TlsConfig>;
  server?: Partial<TlsConfig>;
  identity?: Identity;
  peerAuth?: PeerAuth;
  seed?: number;
  /** What the client's hellos carry besides. */
  extra?: readonly ExtraExtension[];
};

export function realEnd(role: Role, options: RealOptions = {}): End {
  const facts: Fact[] = [];
  const arrivals: (Millis | undefined)[] = [];
  const deps: CoreDeps = {
    random: createRandom(options.seed ?? 7, role),
    provider: native,
    peerAuth: options.peerAuth ?? trust,
    emit(fact, arrived) {
      facts.push(fact);
      arrivals.push(arrived);
    },
  };
  const config: TlsConfig = {
    versions: [0x0304, 0x0303],
    suites: DEFAULT_SUITES,
    groups: DEFAULT_GROUPS,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: 'require',
    policy: DEFAULT_TLS_POLICY,
    ...(role === 'client' ? { serverName: 'localhost' } : { identity: options.identity ?? identity }),
    ...options.config,
    ...(role === 'server' ? options.server : {}),
  };
  const { extra } = options;
  if (role === 'server' || extra === undefined)
    return { core: createTlsCore(role, config, deps), facts, arrivals };
  const flavor = { ...TLS, extraExtensions: extra };
  const core = wireTlsCore(
    (_role, made, its) => createClientHandshake(made, its, flavor),
    role,
    config,
    deps,
  );
  return { core, facts, arrivals };
}

/** Two cores with the real handshake between them. */
export function realPair(options: RealOptions = {}): Pair {
  return { client: realEnd('client', options), server: realEnd('server', options) };
}

export const TICKETS = { key: new Uint8Array(32).fill(3), lifetime: 7200, count: 2 };
