import { judgeDtlsProbe } from '../catalog/diagnose/judge-datagrams.ts';
import { DTLS_PROBES } from '../catalog/probes/dtls-probes.ts';
import type { CloseOptions } from '../driver/close/options.ts';
import { DEFAULT_PLAN } from '../driver/close/plan.ts';
import type { DatagramProbeWorld, DatagramVersion } from '../driver/diagnose/datagram-association.ts';
import { DATAGRAM_PROBE_LIMITS, type DatagramProbeLimits } from '../driver/diagnose/datagram-plan.ts';
import {
  type DatagramJob,
  runnableAssociations,
  surveyDatagrams,
  workDatagrams,
} from '../driver/diagnose/datagram-run.ts';
import type { Workplace } from '../driver/diagnose/run.ts';
import { formatTarget } from '../driver/target.ts';
import { connectUdp } from '../io/udp.ts';
import { createDtlsCore } from '../proto/dtls/connection.ts';
import { DTLS_SUITES } from '../proto/handshake/defaults.ts';
import type { Diagnosis } from '../timeline/diagnosis.ts';
import { chooseProbes, type ExamineOptions, examine, onRealTime, toDiagnosis } from './examine.ts';
import { VERSIONS } from './handshake.ts';
import { dialOptions, prepare } from './prepare.ts';

type DtlsDiagnoseOptions = Omit<CloseOptions, 'limits'> &
  ExamineOptions & { limits?: Partial<Record<string, number>> };

/** diagnose, for a server of DTLS. */
export async function diagnoseDtls(options: DtlsDiagnoseOptions): Promise<Diagnosis> {
  const find = (name: string) => DTLS_PROBES.find(({ id }) => id === name || id === `dtls-${name}`);
  const chosen = chooseProbes(DTLS_PROBES, find, options);
  const limits = limitsOf(options.limits);
  const { connect, handshake } = limits;
  const plan = { ...DEFAULT_PLAN, limits: { ...DEFAULT_PLAN.limits, connect, handshake } };
  const { limits: _limits, ...asked } = options;
  const job = await prepare(asked, plan, 'dtls');
  const { random, provider, host, port } = job;
  const examined = await onRealTime(options.signal, (place) => {
    const world: DatagramProbeWorld = {
      ...place,
      ...{ plan, limits },
      connect: (emit) => connectUdp(dialOptions(job, emit, place.scheduler.clock)),
      createCore(version, emit) {
        const { config, peerAuth } = job.handshake();
        const suites = options.suites === undefined ? DTLS_SUITES : config.suites;
        const mine = { ...config, suites, versions: [VERSIONS[version]] };
        return createDtlsCore('client', mine, { random, provider, peerAuth, emit });
      },
    };
    const work: Workplace<DatagramJob>['work'] = (one, emitter) => workDatagrams(world, one, emitter);
    const examination = {
      chosen,
      versions: options.versions ?? (['1.3', '1.2'] as const),
      survey: (version: DatagramVersion) => surveyDatagrams(world, version),
      ...{ runnable: runnableAssociations, work, judge: judgeDtlsProbe, needs: () => NEEDS },
    };
    return examine(place, examination, options);
  });
  const target = formatTarget({ host, port });
  return toDiagnosis(examined, { target, protocol: 'dtls', crypto: provider.name, signal: options.signal });
}

/** `answer`: what DTLS waits for there is data. */
function limitsOf(wishes: DtlsDiagnoseOptions['limits'] = {}): DatagramProbeLimits {
  const { connect, handshake, data, close } = DATAGRAM_PROBE_LIMITS;
  return {
    connect: wishes.connect ?? connect,
    handshake: wishes.handshake ?? handshake,
    data: wishes.answer ?? data,
    close: wishes.close ?? close,
  };
}

const NEEDS = 'it needs a server that sends back what comes';
