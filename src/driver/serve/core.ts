import type { CoreDeps, RecordCore } from '../../proto/core.ts';
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
  /** TLS: a session can be resumed only once its client has sent close_notify. */
  forgetful?: boolean;
  /** TLS: chosen first where it is offered; else whatever the client names first. */
  alpn?: string;
  deps: Omit<CoreDeps, 'emit'>;
};

/** Makes the cores of one server: they share the ticket key and the memory of sessions, so that clients can resume. */
export function createServerCores(options: ServerCoreOptions): (emit: Emit) => RecordCore {
  const { alpn } = options;
  const protocols =
    alpn === undefined ? {} : { alpn: [alpn], alpnElse: ([first]: readonly string[]) => first };
  const config = { ...serverConfig(options), ...protocols, recordSizeLimit: LARGEST_RECORD };
  const create = (own: TlsConfig, emit: Emit): RecordCore =>
    createTlsCore('server', own, { ...options.deps, emit });
  if (options.forgetful !== true) return (emit) => create(config, emit);
  const remembered = createMemory(options.deps.random);
  return (emit) => {
    const { memory, closedWell } = remembered.connection();
    return create({ ...config, ...memory }, (fact, arrived) => {
      if (fact.kind === 'alert' && fact.by === 'peer' && fact.description === CLOSE_NOTIFY) closedWell();
      emit(fact, arrived);
    });
  };
}

/** Sessions in tickets and by ID, each connection's apart until it was closed well. */
function createMemory(random: CoreDeps['random']): {
  connection(): { memory: Pick<TlsConfig, 'tickets' | 'sessionCache'>; closedWell(): void };
} {
  const cache = boundedCache();
  let keys: readonly Uint8Array[] = [];
  return {
    connection() {
      const key = random(32);
      const stored: (readonly [Uint8Array, Session])[] = [];
      return {
        memory: {
          tickets: { key, ...TICKETS, otherKeys: () => keys },
          sessionCache: { find: cache.find, store: (id, session) => void stored.push([id, session]) },
        },
        closedWell() {
          if (keys.includes(key)) return;
          keys = [key, ...keys].slice(0, MOST_KEYS);
          for (const [id, session] of stored) cache.store(id, session);
        },
      };
    },
  };
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
    tickets: { key: deps.random(32), ...TICKETS },
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

const CLOSE_NOTIFY = 0;
const TICKETS = { lifetime: 7_200, count: 2 };
/** Each ticket of a client is tried with all of them. */
const MOST_KEYS = 32;
const MOST_SESSIONS = 1_000;
/** Nothing to ask for, but only who announces a limit is told the client's (RFC 8449 §4). */
const LARGEST_RECORD = 2 ** 14 + 1;
