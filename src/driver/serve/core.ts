import type { CoreDeps, TlsCore } from '../../proto/core.ts';
import type { TlsConfig } from '../../proto/handshake/config.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../proto/handshake/defaults.ts';
import type { Identity } from '../../proto/handshake/peer-auth.ts';
import type { Session } from '../../proto/handshake/session.ts';
import { createTlsCore } from '../../proto/tls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../proto/tls/policy.ts';
import type { Emit } from '../../timeline/event.ts';

export type ServerCoreOptions = {
  /** Left out: only who has a pre-shared key is served. */
  identity?: Identity;
  versions?: readonly (0x0303 | 0x0304)[];
  /** Preference order; the provider has to know them. Default: those of a client. */
  groups?: readonly number[];
  deps: Omit<CoreDeps, 'emit'>;
};

/** Makes the cores of one server: they share the ticket key and the memory of sessions, so that clients can resume. */
export function createServerCores(options: ServerCoreOptions): (emit: Emit) => TlsCore {
  const config = { ...serverConfig(options), recordSizeLimit: LARGEST_RECORD };
  return (emit) => createTlsCore('server', config, { ...options.deps, emit });
}

/** What all connections of one server share. */
export function serverConfig(options: ServerCoreOptions): TlsConfig {
  const { identity, deps, versions = [0x0304, 0x0303], groups = DEFAULT_GROUPS } = options;
  return {
    versions,
    suites: DEFAULT_SUITES,
    groups,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: 'report',
    ...(identity === undefined ? {} : { identity }),
    tickets: { key: deps.random(32), lifetime: 7_200, count: 2 },
    sessionCache: boundedCache(),
    policy: DEFAULT_TLS_POLICY,
  };
}

function boundedCache(): {
  store(id: Uint8Array, session: Session): void;
  find(id: Uint8Array): Session | undefined;
} {
  const sessions = new Map<string, Session>();
  return {
    store(id, session) {
      const [oldest] = sessions.keys();
      if (sessions.size >= MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      sessions.set(id.join(), session);
    },
    find: (id) => sessions.get(id.join()),
  };
}

const MOST_SESSIONS = 1_000;
/** Nothing to ask for, but only who announces a limit is told the client's (RFC 8449 §4). */
const LARGEST_RECORD = 2 ** 14 + 1;
