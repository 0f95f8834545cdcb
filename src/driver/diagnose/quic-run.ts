import type { Emit, TimelineEvent } from '../../timeline/event.ts';
import { createRecorder } from '../../timeline/recorder.ts';
import type { Task } from '../task.ts';
import { probeQuicConnection, type QuicProbeWorld } from './quic-connection.ts';
import type { QuicConnectionPlan } from './quic-plan.ts';
import type { ProbeJob } from './run.ts';

export type QuicJob = ProbeJob<QuicConnectionPlan, 'v1'>;

/** What the first connection showed. */
export type QuicSurvey = {
  version: 'v1';
  /** `unreachable` or `refused` come with a reason. */
  state: 'open' | 'refused' | 'unreachable';
  reason?: string;
  exchange: 'h3' | 'hq' | 'none';
  keepAlive: boolean;
};

/** The first look: is QUIC spoken, and what over it. */
export function* surveyQuic(world: QuicProbeWorld): Task<QuicSurvey> {
  const recorder = createRecorder(world.scheduler.clock.now);
  yield* probeQuicConnection(world, SURVEY, recorder.emitter(SURVEY.name));
  return toQuicSurvey(recorder.events);
}

/** What of a probe can be asked here. */
export function runnableQuic(
  plans: readonly QuicConnectionPlan[],
  { exchange }: QuicSurvey,
): QuicConnectionPlan[] {
  return plans.filter(({ needs }) => {
    if (needs === undefined) return true;
    return needs === 'h3' ? exchange === 'h3' : exchange !== 'none';
  });
}

/** One connection after the other. */
export function* workQuic(
  world: QuicProbeWorld,
  { connections }: QuicJob,
  emitter: (name: string) => Emit,
): Task<void> {
  for (const plan of connections) yield* probeQuicConnection(world, plan, emitter(plan.name));
}

function toQuicSurvey(events: readonly TimelineEvent[]): QuicSurvey {
  const found = { version: 'v1', exchange: 'none', keepAlive: true } as const;
  const completed = events.find((event) => event.kind === 'handshake.completed');
  if (completed?.kind === 'handshake.completed') {
    const { alpn = '' } = completed;
    const exchange = /^h3(?:-|$)/u.test(alpn) ? 'h3' : /^hq(?:-|$)/u.test(alpn) ? 'hq' : 'none';
    return { ...found, state: 'open', exchange };
  }
  const unreachable = events.find((event) => event.kind === 'transport.unreachable');
  if (unreachable?.kind === 'transport.unreachable') {
    return { ...found, state: 'unreachable', reason: `${unreachable.errno} ${unreachable.detail}`.trim() };
  }
  const failed = events.find((event) => event.kind === 'handshake.failed');
  const silent = failed?.kind === 'handshake.failed' && failed.blame === 'network';
  const reason = failed?.kind === 'handshake.failed' ? failed.detail : 'no handshake';
  return { ...found, state: silent ? 'unreachable' : 'refused', reason };
}

const SURVEY: QuicConnectionPlan = {
  name: 'survey',
  acts: [{ quic: 'request' }, { quic: 'await', what: 'answer', limit: 'answer' }, { quic: 'close' }],
};
