import type { Session } from '../../proto/handshake/session.ts';
import type { Emit, Millis, TimelineEvent } from '../../timeline/event.ts';
import { createRecorder } from '../../timeline/recorder.ts';
import { interruptible } from '../close/interrupt.ts';
import { type Task, until } from '../task.ts';
import { type ProbeWorld, probeConnection } from './connection.ts';
import { type ConnectionPlan, type ProbeExchange, runs, type Survey } from './plan.ts';

/** One probe in one version, once. */
export type ProbeJob<C = ConnectionPlan, V extends string = '1.2' | '1.3'> = {
  probe: string;
  version: V;
  repetition: number;
  connections: readonly C[];
};

/** `cut`: the budget or a signal ended it before it was over; its timeline then proves nothing. */
export type Ran<Job> = Job & { events: readonly TimelineEvent[]; cut: boolean };
export type ProbeRun = Ran<ProbeJob>;

export type RunOptions<Job = ProbeJob> = {
  /** At a time. */
  concurrency: number;
  budgetMs: Millis;
  /** Says something once nobody wants the rest. */
  interrupted(): string | undefined;
  onRun?(run: Ran<Job>): void;
};

/** Where jobs of any protocol are done. */
export type Workplace<Job> = Pick<ProbeWorld, 'scheduler' | 'failed'> & {
  /** The connections of one job; `emitter` names them. */
  work(job: Job, emitter: (name: string) => Emit): Task<void>;
};

/** Runs the jobs, some at a time, in their order, until the budget is spent. What had not ended by then is `cut`. */
export function runJobs(world: ProbeWorld, jobs: readonly ProbeJob[], options: RunOptions): Task<ProbeRun[]> {
  return workThrough(
    { scheduler: world.scheduler, failed: world.failed, work: workTls(world) },
    jobs,
    options,
  );
}

export function workTls(world: ProbeWorld): Workplace<ProbeJob>['work'] {
  return (job, emitter) => connections(world, job, emitter);
}

/** The same for the jobs of any protocol. */
export function* workThrough<Job>(
  place: Workplace<Job>,
  jobs: readonly Job[],
  options: RunOptions<Job>,
): Task<Ran<Job>[]> {
  const { scheduler } = place;
  const deadline = scheduler.clock.now() + options.budgetMs;
  const done: Ran<Job>[] = [];
  let next = 0;
  let working = 0;
  const stopped = (): string | undefined =>
    options.interrupted() ?? (scheduler.clock.now() >= deadline ? 'budget' : undefined);
  const cancel = scheduler.clock.at(deadline, () => scheduler.poke());
  function* work(): Task<void> {
    for (let job = jobs[next]; job !== undefined; job = jobs[next]) {
      next += 1;
      const run = yield* runJob(place, job, stopped);
      done.push(run);
      options.onRun?.(run);
    }
  }
  for (let worker = 0; worker < Math.min(options.concurrency, jobs.length); worker++) {
    working += 1;
    scheduler.spawn(
      work(),
      () => {
        working -= 1;
        scheduler.poke();
      },
      place.failed,
    );
  }
  yield* until('the probes', () => working === 0);
  cancel();
  return done;
}

/** The first look at a version: is it spoken, is there an exchange, does the connection stay. */
export function* surveyVersion(
  world: ProbeWorld,
  version: Survey['version'],
  exchange: 'auto' | ProbeExchange = 'auto',
): Task<Survey> {
  const events: TimelineEvent[] = [];
  const recorder = createRecorder(world.scheduler.clock.now);
  recorder.subscribe((event) => events.push(event));
  const plan = exchange === 'none' ? { ...SURVEY, acts: SURVEY.acts.slice(-1) } : SURVEY;
  yield* probeConnection(world, plan, { version, emit: recorder.emitter(plan.name) });
  const survey = toSurvey(version, events);
  return exchange === 'auto' ? survey : { ...survey, exchange };
}

function toSurvey(version: Survey['version'], events: readonly TimelineEvent[]): Survey {
  const found = { version, exchange: 'none', keepAlive: false } as const;
  const unreachable = events.find((event) => event.kind === 'transport.unreachable');
  if (unreachable?.kind === 'transport.unreachable') {
    return { ...found, state: 'unreachable', reason: `${unreachable.errno} ${unreachable.detail}`.trim() };
  }
  const failed = events.find((event) => event.kind === 'handshake.failed');
  if (failed?.kind === 'handshake.failed') return { ...found, state: 'refused', reason: failed.detail };
  const answer = events.find((event) => event.kind === 'answer');
  if (answer?.kind !== 'answer') return { ...found, state: 'open' };
  const closed = events.some((event) => event.kind === 'transport.fin' && event.by === 'peer');
  return { version, state: 'open', exchange: 'http1', keepAlive: !answer.closes && !closed };
}

function* runJob<Job>(
  { scheduler, work }: Workplace<Job>,
  job: Job,
  stopped: () => string | undefined,
): Task<Ran<Job>> {
  const recorder = createRecorder(scheduler.clock.now);
  if (stopped() !== undefined) return { ...job, events: [], cut: true };
  const why = yield* interruptible(
    work(job, (name) => recorder.emitter(name)),
    stopped,
  );
  return { ...job, events: recorder.events, cut: why !== undefined };
}

/** One after the other: what one leaves behind may be asked for by the next. */
function* connections(world: ProbeWorld, job: ProbeJob, emitter: (name: string) => Emit): Task<void> {
  const sessions = new Map<string, Session>();
  for (const plan of job.connections) {
    const session = plan.resume === undefined ? undefined : sessions.get(plan.resume);
    if (plan.resume !== undefined && session === undefined) continue;
    const place = {
      version: job.version,
      emit: emitter(plan.name),
      ...(session === undefined ? {} : { session }),
    };
    const left = yield* probeConnection(world, plan, place);
    if (left !== undefined) sessions.set(plan.name, left);
  }
}

/** What of a probe can be asked here. */
export function runnable(plans: readonly ConnectionPlan[], survey: Survey): ConnectionPlan[] {
  return plans.filter((plan) => runs(plan, survey));
}

const SURVEY: ConnectionPlan = {
  name: 'survey',
  acts: [{ local: 'request' }, { local: 'await', what: 'answer', limit: 'answer' }, { local: 'shutdown' }],
};
