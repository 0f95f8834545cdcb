import type { Behaviour, BehaviourEntry } from '../catalog/behaviour.ts';
import type { Served } from '../catalog/behaviours/find.ts';
import type { ClientReport } from '../catalog/client-facts.ts';
import type { ServerWishes } from '../catalog/serve-options.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { ServerCoreOptions } from '../driver/serve/core.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget } from '../driver/target.ts';
import { UsageError } from '../driver/usage-error.ts';
import { chooseProvider } from '../io/provider.ts';
import { createRandom } from '../io/random.ts';
import type { ServedConnection, Server } from '../io/server-life.ts';
import { createTrust } from '../io/trust.ts';
import { DEFAULT_GROUPS } from '../proto/handshake/defaults.ts';
import type { Identity } from '../proto/handshake/peer-auth.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import { identityOf, VERSIONS } from './handshake.ts';

export type ServeOptions = ServerWishes & {
  /** Ends it. */
  signal?: StopSignal;
};

export type RunningServer = {
  readonly host: string;
  readonly port: number;
  /** Of the behaviour that is served. */
  readonly id: string;
  readonly says: string;
  /** PEM: what a client needs as CA where the certificate was made here. Empty: there is none, only a pre-shared key. */
  readonly certificate: string;
  /** Was it made here? */
  readonly selfSigned: boolean;
  /** Connections that are being served now. */
  open(): number;
  close(): Promise<void>;
  /** Settles when it has ended: after `count`, `forMs`, `signal` or `close`. */
  readonly done: Promise<void>;
};

/**
 * Starts a TLS, DTLS or QUIC server that closes its connections in one way of the catalogue. Rejects with UsageError for what can't be
 * meant, an address that can't be listened on included.
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  refuseForeign(options);
  const { protocol = 'tls' } = options;
  const begin = await STARTS[protocol](options);
  const server = await startServer(options, await prepareServers(options, new Set([protocol])), begin);
  options.signal?.addEventListener('abort', () => void server.close());
  return server;
}

/** One server for each of them; they share certificate, key and signal, which are the first one's. Rejects as `serve` does, with none left running. */
export async function serveEach(each: readonly ServeOptions[]): Promise<RunningServer[]> {
  const [first] = each;
  if (first === undefined) return [];
  for (const options of each) refuseForeign(options);
  const protocols = new Set(each.map(({ protocol = 'tls' }) => protocol));
  const prepared = await prepareServers(first, protocols);
  const servers: RunningServer[] = [];
  try {
    for (const options of each) {
      const begin = await STARTS[options.protocol ?? 'tls'](options);
      servers.push(await startServer(options, prepared, begin));
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
  first.signal?.addEventListener('abort', () => {
    for (const server of servers) void server.close();
  });
  return servers;
}

type Prepared = { identity?: Identity; certificate: string; provider: CryptoProvider };

async function prepareServers(options: ServeOptions, protocols: ReadonlySet<Served>): Promise<Prepared> {
  // What only a server needs stays out of a client's start.
  const { behaviourHosts } = await import('../catalog/behaviours/find.ts');
  const names = new Set([...protocols].flatMap((protocol) => behaviourHosts(protocol)));
  const made = await serverIdentity(options, [...names]);
  return { ...made, provider: await chooseProvider(options.crypto ?? 'auto', { mlkem: true }) };
}

async function startServer(options: ServeOptions, prepared: Prepared, begin: Begin): Promise<RunningServer> {
  const { host = '127.0.0.1' } = options;
  const { identity, certificate, provider } = prepared;
  const deps = { random: createRandom(), provider, peerAuth: createTrust({ provider, verify: false }) };
  // The first is for clients that send a share of it, or of nothing.
  const groups = [X25519MLKEM768, ...DEFAULT_GROUPS];
  const cores = { deps, groups, ...(identity === undefined ? {} : { identity }) };
  const server = await begin.start(cores, { ...options, host }).catch((error: unknown) => {
    throw cannotListen(error, host, options.port);
  });
  const { id, says } = begin.entry;
  return { ...server, id, says, certificate, selfSigned: certificate !== '' && options.cert === undefined };
}

function refuseForeign(options: ServeOptions): void {
  const {
    protocol = 'tls',
    psk,
    connectionIds,
    retry,
    versions,
    byName,
    alert,
    behaviour,
    exchange,
  } = options;
  if (protocol !== 'dtls' && (psk !== undefined || connectionIds !== undefined)) {
    throw new UsageError('bad-option', 'a pre-shared key and connection IDs are for DTLS');
  }
  if (protocol !== 'quic' && retry !== undefined) throw new UsageError('bad-option', 'Retry is for QUIC');
  if (protocol === 'quic' && versions !== undefined) {
    throw new UsageError('bad-option', 'QUIC is served with TLS 1.3, in version 1 and 2');
  }
  if (protocol !== 'tls' && exchange === 'h2')
    throw new UsageError('bad-option', 'HTTP/2 is served over TLS');
  if (protocol === 'quic' && alert !== undefined) throw new UsageError('bad-option', 'QUIC has no alerts');
  if (byName !== true) return;
  if (protocol !== 'tls') throw new UsageError('bad-option', 'only TLS is served by server name');
  if (behaviour !== undefined) throw new UsageError('conflict', 'the server name says which behaviour it is');
}

type Cores = Pick<ServerCoreOptions, 'deps' | 'groups' | 'identity'>;
type Begin = {
  entry: BehaviourEntry;
  start(cores: Cores, options: ServeOptions & { host: string }): Promise<Server>;
};

/** Looks the behaviour up before anything costs time; the protocol's own parts are loaded with it. */
const STARTS: Readonly<Record<Served, (options: ServeOptions) => Promise<Begin>>> = {
  tls: async (options) => {
    const behaviour = await recordBehaviour(options, 'tls');
    const [{ toServePlan }, { createServerCores }, { createServer }, { describeClient }] = await Promise.all([
      import('../catalog/behaviour.ts'),
      import('../driver/serve/core.ts'),
      import('../io/serve-tcp.ts'),
      import('../catalog/client-report.ts'),
    ]);
    const byName = options.byName === true ? await namedBehaviours(behaviour, options) : undefined;
    const report = await reporting(options, behaviour, describeClient);
    return {
      entry: byName === undefined ? behaviour : { ...behaviour, ...BY_NAME },
      start: (cores, wish) => {
        const parts = (one: Behaviour) => {
          const forgetful = one.forgetful === true;
          const alpn = options.exchange === 'h2' ? { alpn: 'h2' } : {};
          const createCore = createServerCores({ ...cores, ...versionsOf(options), ...alpn, forgetful });
          return { plan: toServePlan(one, wish), createCore };
        };
        const choose = byName === undefined ? {} : { choose: once(byName, parts) };
        return createServer({ ...wish, ...parts(behaviour), ...choose, onConnection: report });
      },
    };
  },
  dtls: async (options) => {
    const behaviour = await recordBehaviour(options, 'dtls');
    const [{ toServePlan }, { createDatagramCores }, { createDatagramServer }, { describeClient }] =
      await Promise.all([
        import('../catalog/behaviour.ts'),
        import('../driver/serve/datagram-core.ts'),
        import('../io/serve-udp.ts'),
        import('../catalog/client-report.ts'),
      ]);
    const { psk, connectionIds } = options;
    const report = await reporting(options, behaviour, describeClient);
    return {
      entry: behaviour,
      start: (cores, wish) =>
        createDatagramServer({
          ...wish,
          plan: toServePlan(behaviour, wish),
          sticky: behaviour.sticky === true,
          cores: createDatagramCores({
            ...cores,
            ...versionsOf(options),
            ...(psk === undefined ? {} : { psk }),
            ...(connectionIds === undefined ? {} : { connectionIds }),
          }),
          onConnection: report,
        }),
    };
  },
  quic: async (options) => {
    const { findQuicBehaviour } = await import('../catalog/behaviours/find.ts');
    const behaviour = findQuicBehaviour(options.behaviour ?? USUAL) ?? unknown(options);
    const [{ toQuicServePlan }, quic, { createQuicServer }, { describeQuicClient }] = await Promise.all([
      import('../catalog/behaviour.ts'),
      import('../driver/serve/quic-core.ts'),
      import('../io/serve-quic.ts'),
      import('../catalog/quic-client-report.ts'),
    ]);
    const report = await reporting(options, behaviour, describeQuicClient);
    return {
      entry: behaviour,
      start: (cores, wish) =>
        createQuicServer({
          ...wish,
          plan: toQuicServePlan(behaviour, wish),
          createCore: quic.createQuicServerCores(cores),
          endpoint: (limit) => quic.quicEndpointConfig({ retry: options.retry === true, limit }),
          deps: cores.deps,
          onConnection: report,
        }),
    };
  },
};

async function recordBehaviour(options: ServeOptions, protocol: 'tls' | 'dtls'): Promise<Behaviour> {
  const { findBehaviour } = await import('../catalog/behaviours/find.ts');
  const { withAlert } = await import('../catalog/behaviour.ts');
  const found = findBehaviour(options.behaviour ?? USUAL, protocol) ?? unknown(options);
  if (options.alert === undefined || options.byName === true) return found;
  const other = withAlert(found, options.alert);
  if (other !== undefined) return other;
  throw new UsageError('conflict', `${found.id} has no alert to choose`, 'fatal-alert has one');
}

/** Which behaviour a server name stands for: its first label; the usual one where that is none. */
async function namedBehaviours(
  usual: Behaviour,
  { alert }: ServeOptions,
): Promise<(serverName: string | undefined) => Behaviour> {
  const { findBehaviour } = await import('../catalog/behaviours/find.ts');
  const { withAlert } = await import('../catalog/behaviour.ts');
  return (serverName = '') => {
    const [label = ''] = serverName.split('.');
    const found = findBehaviour(label, 'tls') ?? usual;
    return (alert === undefined ? undefined : withAlert(found, alert)) ?? found;
  };
}

/** What belongs to a behaviour is made once. */
function once<T>(
  find: (serverName: string | undefined) => Behaviour,
  make: (behaviour: Behaviour) => T,
): (serverName: string | undefined) => T {
  const made = new Map<string, T>();
  return (serverName) => {
    const behaviour = find(serverName);
    const parts = made.get(behaviour.id) ?? make(behaviour);
    made.set(behaviour.id, parts);
    return parts;
  };
}

function unknown({ behaviour }: ServeOptions): never {
  throw new UsageError('bad-option', `there is no behaviour called ${behaviour}`);
}

function versionsOf({ versions }: ServeOptions): Pick<ServerCoreOptions, 'versions'> {
  return versions === undefined ? {} : { versions: versions.map((version) => VERSIONS[version]) };
}

async function reporting(
  { onClient }: ServeOptions,
  behaviour: BehaviourEntry,
  describe: (events: readonly TimelineEvent[]) => ClientReport,
): Promise<(connection: ServedConnection) => void> {
  if (onClient === undefined) return () => {};
  const { findBehaviour } = await import('../catalog/behaviours/find.ts');
  const { gradeClient } = await import('../catalog/client-grade.ts');
  const { BEHAVIOUR_NOTE } = await import('../driver/serve/by-name.ts');
  return ({ conn, remote, events }) => {
    const named = events.find((event) => event.kind === 'note' && event.code === BEHAVIOUR_NOTE);
    const entry = (named?.kind === 'note' ? findBehaviour(named.text, 'tls') : undefined) ?? behaviour;
    const report = describe(events);
    const grade = gradeClient(entry, { facts: report.facts, events });
    onClient({ behaviour: entry.id, conn, remote, events, ...report, grade });
  };
}

async function serverIdentity(
  options: ServeOptions,
  names: readonly string[],
): Promise<{ identity?: Identity; certificate: string }> {
  const given = await identityOf(options);
  if (given !== undefined) return { identity: given, certificate: options.cert ?? '' };
  if (options.psk !== undefined) return { certificate: '' };
  const { host } = options;
  const { makeSelfSigned } = await import('../io/self-signed.ts');
  const ips = [
    ...new Set(['127.0.0.1', '::1', ...(host !== undefined && /^[\d.]+$|:/u.test(host) ? [host] : [])]),
  ];
  const made = await makeSelfSigned({ names: ['localhost', ...names], ips, keyType: 'ec' });
  return { identity: made.identity, certificate: made.certPem };
}

function cannotListen(error: unknown, host: string, port: number | undefined): unknown {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return error;
  const at = formatTarget({ host, port: port ?? 0 });
  return new UsageError('bad-option', `cannot listen on ${at}: ${String(error.code)}`);
}

const BY_NAME = { id: 'tls', says: 'Each connection ends as its server name, NAME.localhost, says.' };
const USUAL = 'well-behaved';
const X25519MLKEM768 = 0x11ec;
