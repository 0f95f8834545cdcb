import { judge } from '../catalog/outcome.ts';
import { evaluate } from '../catalog/rules/tls.ts';
import { distributionOf, worstOf } from '../catalog/verdict.ts';
import { interruptible } from '../driver/close/interrupt.ts';
import type { CloseOptions, CloseResult, CloseRun } from '../driver/close/options.ts';
import { createScheduler, type Scheduler } from '../driver/scheduler.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import type { Task } from '../driver/task.ts';
import { VERSION } from '../driver/version.ts';
import { createClock } from '../io/clock.ts';
import type { Session } from '../proto/handshake/session.ts';
import { toResumption } from '../render/report.ts';
import type { Emit, Fact } from '../timeline/event.ts';
import { createRecorder, type Recorder } from '../timeline/recorder.ts';

/** What all closing commands share of their options. */
export type RunOptions = Pick<CloseOptions, 'onEvent' | 'resume' | 'repeat' | 'session'> & {
  signal?: StopSignal;
};

/** One connection on its way, of whatever protocol. */
export type Run = { readonly channel: { readonly scheduler: Scheduler }; readonly emit: Emit };

/** One protocol's way through a run. */
export type CloseWay<C extends Run> = {
  /** "tls-close" */
  command: string;
  target: string;
  profile: string;
  crypto: string;
  plan: Extract<Fact, { kind: 'plan' }>;
  /** Opens the transport; everything up to the first wait. */
  open(place: Place): Promise<C>;
  /** The connection from there to its end. */
  flow(closing: C): Task<void>;
  /** Frees it. The session that it leaves, when it is one to resume; `report`: whether it is goes on the timeline. */
  keep(closing: C, report: boolean): Session | undefined;
};

/** Where one connection stands: "local", or "resume" for the second one. */
export type Place = { recorder: Recorder; scheduler: Scheduler; conn: string; offer: Session | undefined };

/** Runs once, or as often as was asked; gives the worst run's values, and all of them. */
export async function closeRuns<C extends Run>(options: RunOptions, way: CloseWay<C>): Promise<CloseResult> {
  const first = await runOnce(options, way, 0);
  const rest: Judged[] = [];
  for (let run = 1; run < (options.repeat ?? 1) && options.signal?.aborted !== true; run++) {
    rest.push(await runOnce(options, way, run));
  }
  const runs = [first, ...rest];
  const worst = worstOf(first, rest);
  return { ...worst, runs, distribution: distributionOf(runs.map((run) => run.outcome)) };
}

type Judged = CloseRun & { exitCode: number };

async function runOnce<C extends Run>(
  options: RunOptions,
  way: CloseWay<C>,
  number: number,
): Promise<Judged> {
  const clock = createClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const { onEvent } = options;
  if (onEvent !== undefined) recorder.subscribe((event) => onEvent(event, number));
  const emit = recorder.emitter('local');
  emit(runFact(way));
  emit(way.plan);
  const session = await connection(options, way, {
    recorder,
    scheduler,
    conn: 'local',
    offer: options.session,
  });
  if (options.resume === true && recorder.events.every((event) => event.kind !== 'interrupted')) {
    emit({ kind: 'phase', name: 'resume' });
    if (session === undefined) emit({ kind: 'note', code: 'resume', text: 'there is no session to offer' });
    else await connection(options, way, { recorder, scheduler, conn: 'resume', offer: session });
  }
  return conclude(recorder, emit, session);
}

/** The findings and the outcome, put on the timeline they are drawn from. */
function conclude(recorder: Recorder, emit: Emit, session: Session | undefined): Judged {
  const { events } = recorder;
  const findings = evaluate(events);
  for (const finding of findings) emit({ kind: 'finding', ...finding });
  const outcome = judge(events);
  const second = events.some((event) => event.conn === 'resume') ? judge(events, 'resume') : undefined;
  const exitCode = Math.max(outcome.exitCode, second?.exitCode ?? 0);
  if (second !== undefined) {
    const text = `the second connection ended ${second.class}: ${second.summary}`;
    recorder.emitter('resume')({ kind: 'note', code: 'resume', text });
  }
  emit({ kind: 'outcome', outcome: { ...outcome, exitCode } });
  const resumption = toResumption(events);
  return {
    outcome: { ...outcome, exitCode },
    findings,
    events,
    exitCode,
    ...(resumption === undefined ? {} : { resumption }),
    ...(session === undefined ? {} : { session }),
  };
}

/** One connection, from its transport to its end. The session that it leaves behind, when there is one to resume. */
async function connection<C extends Run>(
  options: RunOptions,
  way: CloseWay<C>,
  place: Place,
): Promise<Session | undefined> {
  const closing = await way.open(place);
  await drive(closing, () => way.flow(closing), options.signal);
  return way.keep(closing, options.resume === true && place.conn === 'local');
}

/** Runs the flow to its end, or to the signal. */
async function drive(closing: Run, flow: () => Task<void>, signal: StopSignal | undefined): Promise<void> {
  const { scheduler } = closing.channel;
  const interrupted = (): string | undefined => (signal?.aborted === true ? signalName(signal) : undefined);
  const poke = (): void => scheduler.poke();
  signal?.addEventListener('abort', poke);
  try {
    const name = await new Promise<string | undefined>((resolve, reject) => {
      scheduler.spawn(interruptible(flow(), interrupted), resolve, reject);
    });
    if (name !== undefined) closing.emit({ kind: 'interrupted', signal: name });
  } finally {
    signal?.removeEventListener('abort', poke);
  }
}

function runFact({
  command,
  target,
  profile,
  crypto,
}: Pick<CloseWay<Run>, 'command' | 'target' | 'profile' | 'crypto'>): Fact {
  const tool = { name: 'sslshut', version: VERSION, crypto, node: process.versions.node } as const;
  return { kind: 'run', schema: 'sslshut/1', command, target, profile, tool };
}

function signalName(signal: StopSignal): string {
  return typeof signal.reason === 'string' ? signal.reason : 'SIGINT';
}
