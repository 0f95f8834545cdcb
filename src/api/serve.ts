import type { Behaviour } from '../catalog/behaviour.ts';
import type { ServerWishes } from '../catalog/serve-options.ts';
import type { DatagramCoreOptions } from '../driver/serve/datagram-core.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget } from '../driver/target.ts';
import { UsageError } from '../driver/usage-error.ts';
import { chooseProvider } from '../io/provider.ts';
import { createRandom } from '../io/random.ts';
import type { Server, ServerOptions } from '../io/serve-tcp.ts';
import { createTrust } from '../io/trust.ts';
import { DEFAULT_GROUPS } from '../proto/handshake/defaults.ts';
import type { Identity } from '../proto/handshake/peer-auth.ts';
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
 * Starts a TLS or DTLS server that closes its connections in one way of the catalogue. Rejects with UsageError for what can't be
 * meant, an address that can't be listened on included.
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  // What only a server needs stays out of a client's start.
  const [{ findBehaviour, behaviourHosts }, { toServePlan }, report] = await Promise.all([
    import('../catalog/behaviours/find.ts'),
    import('../catalog/behaviour.ts'),
    import('../catalog/client-report.ts'),
  ]);
  const { behaviour: name = 'well-behaved', protocol = 'tls', host = '127.0.0.1' } = options;
  const { onClient, signal, psk, connectionIds } = options;
  if (protocol === 'tls' && (psk !== undefined || connectionIds !== undefined)) {
    throw new UsageError('bad-option', 'a pre-shared key and connection IDs are for DTLS');
  }
  const behaviour = findBehaviour(name, protocol);
  if (behaviour === undefined) throw new UsageError('bad-option', `there is no behaviour called ${name}`);
  const { identity, certificate } = await serverIdentity(options, behaviourHosts(protocol));
  const provider = await chooseProvider(options.crypto ?? 'auto', { mlkem: true });
  const deps = { random: createRandom(), provider, peerAuth: createTrust({ provider, verify: false }) };
  const versions = options.versions?.map((version) => VERSIONS[version]);
  // For clients that send a share of it, or of nothing.
  const groups = [X25519MLKEM768, ...DEFAULT_GROUPS];
  const cores = {
    ...{ deps, groups },
    ...(identity === undefined ? {} : { identity }),
    ...(versions === undefined ? {} : { versions }),
    ...(psk === undefined ? {} : { psk }),
    ...(connectionIds === undefined ? {} : { connectionIds }),
  };
  const start = protocol === 'tls' ? startTls : startDtls;
  const server = await start(cores, behaviour, {
    ...options,
    host,
    plan: toServePlan(behaviour, options),
    onConnection: ({ conn, remote, events }) =>
      onClient?.({ conn, remote, events, ...report.describeClient(events) }),
  }).catch((error: unknown) => {
    throw cannotListen(error, host, options.port);
  });
  signal?.addEventListener('abort', () => void server.close());
  const { id, says } = behaviour;
  return { ...server, id, says, certificate, selfSigned: certificate !== '' && options.cert === undefined };
}

type Start = (
  cores: DatagramCoreOptions,
  behaviour: Behaviour,
  options: Omit<ServerOptions, 'createCore'>,
) => Promise<Server>;

const startTls: Start = async (cores, _behaviour, options) => {
  const [{ createServerCores }, { createServer }] = await Promise.all([
    import('../driver/serve/core.ts'),
    import('../io/serve-tcp.ts'),
  ]);
  return createServer({ ...options, createCore: createServerCores(cores) });
};

const startDtls: Start = async (cores, { sticky = false }, options) => {
  const [{ createDatagramCores }, { createDatagramServer }] = await Promise.all([
    import('../driver/serve/datagram-core.ts'),
    import('../io/serve-udp.ts'),
  ]);
  return createDatagramServer({ ...options, sticky, cores: createDatagramCores(cores) });
};

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

const X25519MLKEM768 = 0x11ec;
