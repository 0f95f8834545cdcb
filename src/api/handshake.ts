import { groupByName } from '../crypto/groups.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { suiteByName } from '../crypto/suites.ts';
import type { CloseOptions } from '../driver/close/options.ts';
import { UsageError } from '../driver/usage-error.ts';
import { createTrust } from '../io/trust.ts';
import type { TlsConfig } from '../proto/handshake/config.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../proto/handshake/defaults.ts';
import type { Identity, PeerAuth } from '../proto/handshake/peer-auth.ts';
import { DEFAULT_TLS_POLICY } from '../proto/tls/policy.ts';

/** What to negotiate, and who judges the peer's certificate: the work that waits for the connection anyway. */
export function createHandshake(
  options: Negotiated,
  given: { host: string; provider: CryptoProvider; identity: Identity | undefined },
): Handshake {
  const { host, provider, identity } = given;
  const name = typeof options.sni === 'string' ? options.sni : host;
  const trust = createTrust({
    provider,
    verify: true,
    ...(options.ca === undefined ? {} : { ca: [options.ca] }),
  });
  const config: TlsConfig = {
    versions: options.versions?.map((version) => VERSIONS[version]) ?? [0x0304, 0x0303],
    suites: options.suites?.map(suiteId) ?? DEFAULT_SUITES,
    groups: options.groups?.map(groupId) ?? DEFAULT_GROUPS,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: options.insecure === true ? 'report' : 'require',
    policy: DEFAULT_TLS_POLICY,
    ...(options.sni === false ? {} : { serverName: name }),
    ...(options.alpn === undefined ? {} : { alpn: options.alpn }),
    ...(identity === undefined ? {} : { identity }),
  };
  // Without SNI the name is still the one to verify.
  const peerAuth: PeerAuth = { examine: (request) => trust.examine({ ...request, serverName: name }) };
  return { config, peerAuth };
}

type Negotiated = Pick<CloseOptions, 'versions' | 'suites' | 'groups' | 'sni' | 'alpn' | 'ca' | 'insecure'>;

export type Handshake = { config: TlsConfig; peerAuth: PeerAuth };

export async function identityOf({
  cert,
  key,
}: {
  cert?: string;
  key?: string;
}): Promise<Identity | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError('conflict', 'a client certificate needs both cert and key');
  }
  const { loadIdentity } = await import('../io/identity.ts');
  return loadIdentity(cert, key);
}

/** Throws UsageError. */
export function suiteId(name: string): number {
  const suite = suiteByName(name);
  if (suite === undefined) throw new UsageError('bad-option', `${name} is not a suite that sslshut speaks`);
  return suite.id;
}

/** Throws UsageError. */
export function groupId(name: string): number {
  const group = groupByName(name);
  if (group === undefined) throw new UsageError('bad-option', `${name} is not a group that sslshut speaks`);
  return group.id;
}

export const VERSIONS = { '1.2': 0x0303, '1.3': 0x0304 } as const;
