import type { TlsConfig } from '../proto/handshake/config.ts';
import type { Session, SessionCache, TicketIssuer } from '../proto/handshake/session.ts';
import type { Role } from '../proto/role.ts';
import { DEFAULT_TLS_POLICY } from '../proto/tls/policy.ts';
import { PROFILE_POLICIES } from '../shutdown/profiles.ts';
import { toHex } from '../wire/bytes.ts';
import type { Scenario } from './script.ts';
import type { ScriptWorld } from './script-world.ts';

/** Both sides of a scenario's connections. What the server keeps of sessions lasts from one to the next. */
export type ScriptConfigs = {
  local(session: Session | undefined): TlsConfig;
  peer(): TlsConfig;
};

export function createConfigs(scenario: Scenario, world: ScriptWorld): ScriptConfigs {
  const { setup } = scenario;
  const version = scenario.protocol === 'tls1.2' || scenario.protocol === 'dtls1.2' ? 0x0303 : 0x0304;
  const localRole: Role = setup.role ?? 'client';
  const policy = { ...DEFAULT_TLS_POLICY, ...PROFILE_POLICIES[world.profile] };
  const common = {
    versions: [version],
    suites: [version === 0x0303 ? ECDHE_ECDSA_AES_128_GCM : AES_128_GCM],
    groups: [X25519],
    signatureSchemes: [ED25519],
    verify: setup.verify === true ? 'require' : 'report',
  } as const;
  const server = serverParts(version, setup.tickets ?? 0, world);
  const forRole = (role: Role): Partial<TlsConfig> => (role === 'server' ? server : {});
  return {
    local: (session) => ({
      ...common,
      ...forRole(localRole),
      ...(session === undefined ? {} : { session }),
      policy,
    }),
    peer: () => ({
      ...common,
      ...forRole(localRole === 'client' ? 'server' : 'client'),
      verify: 'report',
      policy: DEFAULT_TLS_POLICY,
    }),
  };
}

/** TLS 1.3: so many tickets after the handshake. TLS 1.2: a ticket, or with 0 the session-ID cache. */
function serverParts(version: number, tickets: number, world: ScriptWorld): Partial<TlsConfig> {
  const issuer: TicketIssuer = {
    key: world.random('ticket-key')(32),
    lifetime: TICKET_LIFETIME_S,
    count: version === 0x0304 ? tickets : 1,
  };
  const { identity } = world;
  if (version === 0x0303 && tickets === 0) return { identity, sessionCache: createSessionCache() };
  return { identity, tickets: issuer };
}

function createSessionCache(): SessionCache {
  const sessions = new Map<string, Session>();
  return {
    store: (id, session) => void sessions.set(toHex(id), session),
    find: (id) => sessions.get(toHex(id)),
  };
}

const AES_128_GCM = 0x1301;
const ECDHE_ECDSA_AES_128_GCM = 0xc02b;
const X25519 = 29;
const ED25519 = 0x0807;
const TICKET_LIFETIME_S = 7200;
