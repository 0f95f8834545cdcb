import type { AcceptedClient, QuicConfig } from '../../proto/quic/config.ts';
import { QUIC_V1 } from '../../proto/quic/config.ts';
import type { QuicPolicy } from '../../proto/quic/core.ts';
import { DEFAULT_QUIC_POLICY, OPENSSL_QUIC_POLICY } from '../../proto/quic/policy.ts';
import type { ProfileName } from '../../shutdown/types.ts';
import type { Scenario } from '../script.ts';
import type { ScriptWorld } from '../script-world.ts';

/** The policy that goes with a profile's calls. */
const QUIC_PROFILE_POLICIES: Readonly<Record<ProfileName, QuicPolicy>> = {
  manual: DEFAULT_QUIC_POLICY,
  'openssl-3.5': OPENSSL_QUIC_POLICY,
};

/** What the local side of a scenario negotiates. */
export function localConfig({ setup }: Scenario, world: ScriptWorld): QuicConfig {
  return {
    ...COMMON,
    alpn: [setup.alpn ?? ALPN],
    verify: setup.verify === true ? 'require' : 'report',
    policy: withIdleTimeout(QUIC_PROFILE_POLICIES[world.profile], setup.idle_timeout_ms),
  };
}

/** The peer of the recorded cases was OpenSSL's server, whatever the profile of the local side. */
export function peerConfig({ setup }: Scenario, world: ScriptWorld, accepted: AcceptedClient): QuicConfig {
  return {
    ...COMMON,
    alpn: [ALPN],
    verify: 'report',
    policy: withIdleTimeout(OPENSSL_QUIC_POLICY, setup.idle_timeout_ms),
    identity: world.identity,
    accepted,
  };
}

function withIdleTimeout(policy: QuicPolicy, idleTimeoutMs = policy.idleTimeoutMs): QuicPolicy {
  return { ...policy, idleTimeoutMs };
}

const AES_128_GCM = 0x1301;
const X25519 = 29;
const ED25519 = 0x0807;
const ALPN = 'sslshut';

const COMMON = {
  suites: [AES_128_GCM],
  groups: [X25519],
  signatureSchemes: [ED25519],
  quicVersions: [QUIC_V1],
  maxDatagram: 1200,
  connectionIdLength: 8,
  // OpenSSL's: half a megabyte is under way before anybody reads.
  limits: {
    connectionData: 786_432,
    streamData: 524_288,
    bidiStreams: 100,
    uniStreams: 100,
    activeConnectionIds: 2,
  },
} as const;
