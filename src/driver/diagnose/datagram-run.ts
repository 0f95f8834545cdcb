import type { Emit, TimelineEvent } from '../../timeline/event.ts';
import { createRecorder } from '../../timeline/recorder.ts';
import type { Task } from '../task.ts';
import { type DatagramProbeWorld, type DatagramVersion, probeAssociations } from './datagram-association.ts';
import type { AssociationPlan } from './datagram-plan.ts';
import type { ProbeJob } from './run.ts';

export type DatagramJob = ProbeJob<AssociationPlan>;

/** What the first association of each version showed. */
export type DatagramSurvey = {
  version: DatagramVersion;
  /** `unreachable` or `refused` come with a reason. */
  state: 'open' | 'refused' | 'unreachable';
  reason?: string;
  /** echo: what is sent comes back. */
  exchange: 'echo' | 'none';
  keepAlive: boolean;
};

/** The first look at a version: is it spoken, and does what is sent come back. */
export function* surveyDatagrams(world: DatagramProbeWorld, version: DatagramVersion): Task<DatagramSurvey> {
  const recorder = createRecorder(world.scheduler.clock.now);
  yield* probeAssociations(world, [SURVEY], version, (name) => recorder.emitter(name));
  return toDatagramSurvey(version, recorder.events);
}

/** What of a probe can be asked here. */
export function runnableAssociations(
  plans: readonly AssociationPlan[],
  { exchange }: DatagramSurvey,
): AssociationPlan[] {
  return plans.filter(({ needs }) => needs === undefined || exchange === 'echo');
}

export function workDatagrams(
  world: DatagramProbeWorld,
  { connections, version }: DatagramJob,
  emitter: (name: string) => Emit,
): Task<void> {
  return probeAssociations(world, connections, version, emitter);
}

function toDatagramSurvey(version: DatagramVersion, events: readonly TimelineEvent[]): DatagramSurvey {
  const found = { version, exchange: 'none', keepAlive: true } as const;
  if (events.some(({ kind }) => kind === 'handshake.completed')) {
    const echoes = events.some(
      (event) => event.kind === 'data' && event.by === 'peer' && event.bytes === BYTES,
    );
    return { ...found, state: 'open', exchange: echoes ? 'echo' : 'none' };
  }
  const unreachable = events.find((event) => event.kind === 'transport.unreachable');
  if (unreachable?.kind === 'transport.unreachable') {
    return { ...found, state: 'unreachable', reason: `${unreachable.errno} ${unreachable.detail}`.trim() };
  }
  const failed = events.find((event) => event.kind === 'handshake.failed');
  const reason = failed?.kind === 'handshake.failed' ? failed.detail : 'no handshake';
  return { ...found, state: 'refused', reason };
}

const BYTES = 40;
const SURVEY: AssociationPlan = {
  name: 'survey',
  acts: [
    { dtls: 'send', bytes: BYTES },
    { dtls: 'await', what: 'data', limit: 'data' },
    { dtls: 'close', again: [] },
  ],
};
