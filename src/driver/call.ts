import { sslGetShutdown } from '../shutdown/ssl.ts';
import type { Call, CallResult, Want } from '../shutdown/types.ts';
import type { Emit, Millis } from '../timeline/event.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task, Wait } from './task.ts';

/** A call of the SSL API, as it appears on the timeline. */
export type CallSpec = {
  fn: string;
  make: () => Call;
  flags?: readonly string[];
  args?: Readonly<Record<string, string | number>>;
};

export type CallOptions = {
  /** Wait as a blocking socket would (for this); otherwise the call returns what it says when it cannot go on. */
  blocking: boolean | ((want: Want) => boolean);
  /** A blocking call that lasts longer is ended. */
  limitMs?: Millis;
};

/** `blocked`: the limit ended the call before it returned; the other fields then mean nothing. */
export type Performed = CallResult & { blocked?: true };

/** Where a call is made: the clock it waits by, and the timeline it is told to. A channel is one. */
export type Place = { readonly scheduler: Scheduler; readonly emit: Emit };

/** An SSL object, of TLS, DTLS or QUIC: numbers its calls, and has the flags of SSL_get_shutdown. */
export type Caller = { calls: number; readonly sent: boolean; readonly received: boolean };

/** Makes one call, waiting where it may, and puts the call and its return on the timeline. */
export function* perform(place: Place, ssl: Caller, spec: CallSpec, options: CallOptions): Task<Performed> {
  const { clock } = place.scheduler;
  const { fn, flags = [] } = spec;
  const id = ssl.calls;
  ssl.calls += 1;
  const begun = clock.now();
  const args = spec.args === undefined ? {} : { args: spec.args };
  place.emit({ kind: 'call', id, fn, flags, ...args });
  const deadline = options.limitMs === undefined ? undefined : begun + options.limitMs;
  const result = yield* run(spec.make(), options.blocking, clock.now, deadline);
  report(place.emit, ssl, { id, fn, ms: clock.now() - begun }, result);
  return result;
}

function* run(
  call: Call,
  blocking: CallOptions['blocking'],
  now: () => Millis,
  deadline: Millis | undefined,
): Task<Performed> {
  for (;;) {
    const step = call.next(now());
    if (step.done === true) return step.value;
    const want = step.value;
    if (!(typeof blocking === 'function' ? blocking(want) : blocking)) {
      want.taken?.();
      return want.otherwise;
    }
    const wake = yield waitFor(want, deadline);
    if (wake.timedOut && deadline !== undefined && wake.now >= deadline) {
      return { ...want.otherwise, ret: 0, blocked: true };
    }
  }
}

/** Until it is ready, its own time has come, or the deadline. */
function waitFor(want: Want, deadline: Millis | undefined): Wait {
  const wait = { for: want.for, ready: () => want.ready() };
  const until = Math.min(want.until ?? Number.POSITIVE_INFINITY, deadline ?? Number.POSITIVE_INFINITY);
  return until === Number.POSITIVE_INFINITY ? wait : { ...wait, until };
}

function report(
  emit: Emit,
  ssl: Caller,
  call: { id: number; fn: string; ms: Millis },
  result: Performed,
): void {
  const { ret, error, errno, queue, blocked } = result;
  emit({
    kind: 'return',
    ...call,
    ret,
    error,
    ...(errno === undefined ? {} : { errno }),
    queue,
    shutdown: sslGetShutdown(ssl),
    ...(blocked === undefined ? {} : { blocked }),
  });
}
