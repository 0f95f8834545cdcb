import { judgeProbe } from '../catalog/diagnose/judge.ts';
import { findProbe, PROBES } from '../catalog/probes/find.ts';
import { addresseeOf } from '../driver/close/addressee.ts';
import type { CloseOptions } from '../driver/close/options.ts';
import { type ClosePlan, DEFAULT_PLAN } from '../driver/close/plan.ts';
import type { ProbeWorld } from '../driver/diagnose/connection.ts';
import { PROBE_LIMITS, type ProbeExchange, type ProbeLimits } from '../driver/diagnose/plan.ts';
import { runnable, surveyVersion, workTls } from '../driver/diagnose/run.ts';
import { formatTarget } from '../driver/target.ts';
import { connectTcp } from '../io/tcp.ts';
import { createTlsClientCore } from '../proto/tls/client-connection.ts';
import type { Diagnosis } from '../timeline/diagnosis.ts';
import { chooseProbes, type ExamineOptions, examine, onRealTime, toDiagnosis } from './examine.ts';
import { VERSIONS } from './handshake.ts';
import { dialOptions, prepare } from './prepare.ts';

/** What to diagnose, and how thoroughly. Every field but `target` may be left out. */
export type DiagnoseOptions = Pick<
  CloseOptions,
  | 'target'
  | 'starttls'
  | 'versions'
  | 'sni'
  | 'alpn'
  | 'suites'
  | 'groups'
  | 'cert'
  | 'key'
  | 'ca'
  | 'insecure'
  | 'crypto'
  | 'family'
  | 'connectTo'
> &
  ExamineOptions & {
    /** Default: what the target's scheme says, or TLS. */
    protocol?: 'tls' | 'dtls' | 'quic';
    limits?: Partial<ProbeLimits>;
    /** auto: HTTP/1.1 where the server answers it. */
    ask?: 'auto' | ProbeExchange;
  };

/**
 * Asks a server of TLS, DTLS or QUIC one question after the other about how it closes, each on fresh connections, and grades the
 * answers. Whatever the server does is a value in the result; only what can't be meant is thrown, as UsageError.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { protocol = protocolOf(options.target), ...rest } = options;
  switch (protocol) {
    case 'tls':
      return diagnoseTls(rest);
    case 'dtls':
      return (await import('./diagnose-dtls.ts')).diagnoseDtls(rest);
    case 'quic':
      return (await import('./diagnose-quic.ts')).diagnoseQuic(rest);
  }
}

async function diagnoseTls(options: DiagnoseOptions): Promise<Diagnosis> {
  const chosen = chooseProbes(PROBES, findProbe, options);
  const { host, port, starttls, authority } = addresseeOf(options);
  const asked: DiagnoseOptions = { ...options, target: { host, port } };
  const limits = { ...PROBE_LIMITS, ...options.limits };
  const plan: ClosePlan = {
    ...DEFAULT_PLAN,
    authority,
    limits: { ...DEFAULT_PLAN.limits, connect: limits.connect, handshake: limits.handshake },
    ...(starttls === undefined ? {} : { starttls }),
  };
  const job = await prepare(asked, plan, 'tls');
  const { random, provider } = job;
  const exchange = options.ask ?? (starttls === undefined ? 'auto' : 'none');
  const examined = await onRealTime(options.signal, (place) => {
    const world: ProbeWorld = {
      ...place,
      ...{ plan, authority, limits },
      connect: (emit) => connectTcp(dialOptions(job, emit, place.scheduler.clock)),
      createCore(version, emit, session) {
        const { config, peerAuth } = job.handshake();
        const versions = [VERSIONS[version]];
        const mine = { ...config, versions, ...(session === undefined ? {} : { session }) };
        return createTlsClientCore(mine, { random, provider, peerAuth, emit });
      },
    };
    const examination = {
      chosen,
      versions: options.versions ?? (['1.3', '1.2'] as const),
      survey: (version: '1.2' | '1.3') => surveyVersion(world, version, exchange),
      ...{ runnable, work: workTls(world), judge: judgeProbe, needs: (had: string) => NEEDS[had] ?? '' },
    };
    return examine(place, examination, options);
  });
  const target = formatTarget({ host, port });
  return toDiagnosis(examined, { target, protocol: 'tls', crypto: provider.name, signal: options.signal });
}

function protocolOf(target: DiagnoseOptions['target']): 'tls' | 'dtls' | 'quic' {
  const scheme = typeof target === 'string' ? /^(dtls|quic|h3):/iu.exec(target.trim())?.[1] : undefined;
  if (scheme === undefined) return 'tls';
  return scheme.toLowerCase() === 'dtls' ? 'dtls' : 'quic';
}

const NEEDS: Readonly<Record<string, string>> = {
  none: 'it needs a request that is answered',
  http1: 'it needs a connection that stays after an answer',
} satisfies Record<ProbeExchange, string>;
