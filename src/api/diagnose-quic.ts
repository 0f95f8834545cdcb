import { judgeQuicProbe } from '../catalog/diagnose/judge-datagrams.ts';
import { QUIC_PROBES } from '../catalog/probes/find-datagrams.ts';
import type { QuicProbe } from '../catalog/probes/quic-told.ts';
import type { CloseOptions } from '../driver/close/options.ts';
import { DEFAULT_PLAN } from '../driver/close/plan.ts';
import type { QuicProbeWorld } from '../driver/diagnose/quic-connection.ts';
import { QUIC_PROBE_LIMITS, type QuicProbeLimits } from '../driver/diagnose/quic-plan.ts';
import { type QuicJob, runnableQuic, surveyQuic, workQuic } from '../driver/diagnose/quic-run.ts';
import type { Ran, Workplace } from '../driver/diagnose/run.ts';
import { formatTarget } from '../driver/target.ts';
import { connectUdp } from '../io/udp.ts';
import { QUIC_V1, type QuicConfig } from '../proto/quic/config.ts';
import { createQuicCore } from '../proto/quic/connection.ts';
import { DEFAULT_QUIC_POLICY } from '../proto/quic/policy.ts';
import type { Diagnosis } from '../timeline/diagnosis.ts';
import { chooseProbes, type ExamineOptions, examine, onRealTime, toDiagnosis } from './examine.ts';
import { dialOptions, prepare } from './prepare.ts';
import { QUIC_CLIENT } from './quic-close.ts';

type QuicDiagnoseOptions = Omit<CloseOptions, 'limits'> &
  ExamineOptions & { limits?: Partial<Record<string, number>> };

/** diagnose, for a server of QUIC, in version 1. */
export async function diagnoseQuic(options: QuicDiagnoseOptions): Promise<Diagnosis> {
  const chosen = chooseProbes(QUIC_PROBES, findQuicProbe, options);
  const limits = limitsOf(options.limits);
  const { connect, handshake } = limits;
  const plan = { ...DEFAULT_PLAN, limits: { ...DEFAULT_PLAN.limits, connect, handshake } };
  const { limits: _limits, versions: _versions, ...asked } = options;
  const job = await prepare(asked, plan, 'quic');
  const { random, provider, host, port } = job;
  const name = typeof options.sni === 'string' ? options.sni : host;
  const examined = await onRealTime(options.signal, (place) => {
    const world: QuicProbeWorld = {
      ...place,
      limits,
      authority: formatTarget({ host: name, port }).replace(/:443$/u, ''),
      connect: (emit) => connectUdp(dialOptions(job, emit, place.scheduler.clock)),
      createCore({ alpn, idleTimeoutMs, answerClose }, emit) {
        const { config, peerAuth } = job.handshake();
        const quic: QuicConfig = {
          ...config,
          ...QUIC_CLIENT,
          alpn: alpn ?? options.alpn ?? ALPN,
          quicVersions: [QUIC_V1],
          policy: { ...DEFAULT_QUIC_POLICY, idleTimeoutMs, answerClose },
        };
        return createQuicCore('client', quic, { random, provider, peerAuth, emit });
      },
    };
    const work: Workplace<QuicJob>['work'] = (one, emitter) => workQuic(world, one, emitter);
    const examination = {
      ...{ chosen, versions: ['v1'] as const, survey: () => surveyQuic(world), runnable: runnableQuic },
      ...{ work, judge, needs: (had: string) => NEEDS[had] ?? '' },
    };
    return examine(place, examination, options);
  });
  const target = formatTarget({ host, port });
  return toDiagnosis(examined, { target, protocol: 'quic', crypto: provider.name, signal: options.signal });
}

function judge(probe: QuicProbe, _: 'v1', runs: readonly Ran<QuicJob>[], how: { strict: boolean }) {
  return judgeQuicProbe(probe, runs, how);
}

function findQuicProbe(name: string): QuicProbe | undefined {
  return QUIC_PROBES.find(({ id }) => id === name || id === `quic-${name}`);
}

/** `answer`: what is acknowledged has as long. */
function limitsOf(wishes: QuicDiagnoseOptions['limits'] = {}): QuicProbeLimits {
  const { connect, handshake, answer, acknowledged, close, end } = QUIC_PROBE_LIMITS;
  return {
    ...{ connect: wishes.connect ?? connect, handshake: wishes.handshake ?? handshake, end },
    ...{ answer: wishes.answer ?? answer, acknowledged: wishes.answer ?? acknowledged },
    close: wishes.close ?? close,
  };
}

const ALPN = ['h3', 'hq-interop'];
const NEEDS: Readonly<Record<string, string>> = {
  none: 'it needs HTTP/3 or hq-interop',
  hq: 'it needs HTTP/3',
};
