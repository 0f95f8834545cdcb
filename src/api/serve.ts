import type { Behaviour, BehaviourEntry } from '../catalog/behaviour.ts';
import type { Served } from '../catalog/behaviours/find.ts';
import type { ClientReport } from '../catalog/client-facts.ts';
import type { ServerWishes } from '../catalog/serve-options.ts';
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
  close(): Promise<void>;
  /** Settles when it has ended: after `count`, `forMs`, `signal` or `close`. */
  readonly done: Promise<void>;
};

/**
 * Starts a TLS, DTLS or QUIC server that closes its connections in one way of the catalogue. Rejects with UsageError for what can't be
 * meant, an address that can't be listened on included.
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  // What only a server needs stays out of a client's start.
  const { behaviourHosts } = await import('../catalog/behaviours/find.ts');
  const { protocol = 'tls', host = '127.0.0.1', signal } = options;
  refuseForeign(options, protocol);
  const begin = await STARTS[protocol](options);
  const { identity, certificate } = await serverIdentity(options, behaviourHosts(protocol));
  const provider = await chooseProvider(options.crypto ?? 'auto', { mlkem: true });
  const deps = { random: createRandom(), provider, peerAuth: createTrust({ provider, verify: false }) };
  // The first is for clients that send a share of it, or of nothing.
  const groups = [X25519MLKEM768, ...DEFAULT_GROUPS];
  const cores = { deps, groups, ...(identity === undefined ? {} : { identity }) };
  const server = await begin.start(cores, { ...options, host }).catch((error: unknown) => {
    throw cannotListen(error, host, options.port);
  });
  signal?.addEventListener('abort', () => void server.close());
  const { id, says } = begin.entry;
  return { ...server, id, says, certificate, selfSigned: certificate !== '' && options.cert === undefined };
}

function refuseForeign({ psk, connectionIds, retry, versions }: ServeOptions, protocol: Served): void {
  if (protocol !== 'dtls' && (psk !== undefined || connectionIds !== undefined)) {
    throw new UsageError('bad-option', 'a pre-shared key and connection IDs are for DTLS');
  }
  if (protocol !== 'quic' && retry !== undefined) throw new UsageError('bad-option', 'Retry is for QUIC');
  if (protocol === 'quic' && versions !== undefined) {
    throw new UsageError('bad-option', 'QUIC is served with TLS 1.3, in version 1 and 2');
  }
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
    return {
      entry: behaviour,
      start: (cores, wish) =>
        createServer({
          ...wish,
          plan: toServePlan(behaviour, wish),
          createCore: createServerCores({ ...cores, ...versionsOf(options) }),
          onConnection: reporting(options, describeClient),
        }),
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
          onConnection: reporting(options, describeClient),
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
    return {
      entry: behaviour,
      start: (cores, wish) =>
        createQuicServer({
          ...wish,
          plan: toQuicServePlan(behaviour, wish),
          createCore: quic.createQuicServerCores(cores),
          endpoint: (limit) => quic.quicEndpointConfig({ retry: options.retry === true, limit }),
          deps: cores.deps,
          onConnection: reporting(options, describeQuicClient),
        }),
    };
  },
};

async function recordBehaviour(options: ServeOptions, protocol: 'tls' | 'dtls'): Promise<Behaviour> {
  const { findBehaviour } = await import('../catalog/behaviours/find.ts');
  return findBehaviour(options.behaviour ?? USUAL, protocol) ?? unknown(options);
}

function unknown({ behaviour }: ServeOptions): never {
  throw new UsageError('bad-option', `there is no behaviour called ${behaviour}`);
}

function versionsOf({ versions }: ServeOptions): Pick<ServerCoreOptions, 'versions'> {
  return versions === undefined ? {} : { versions: versions.map((version) => VERSIONS[version]) };
}

function reporting(
  { onClient }: ServeOptions,
  describe: (events: readonly TimelineEvent[]) => ClientReport,
): (connection: ServedConnection) => void {
  return ({ conn, remote, events }) => onClient?.({ conn, remote, events, ...describe(events) });
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

const USUAL = 'well-behaved';
const X25519MLKEM768 = 0x11ec;
