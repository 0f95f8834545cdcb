import { type Ssl, sslGetShutdown } from '../shutdown/ssl.ts';
import type { Call, CallResult, Want } from '../shutdown/types.ts';
import type { Emit, Millis } from '../timeline/event.ts';
import type { Channel } from './channel.ts';
import type { Task } from './task.ts';

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

/** Makes one call, waiting where it may, and puts the call and its return on the timeline. */
export function* perform(channel: Channel, ssl: Ssl, spec: CallSpec, options: CallOptions): Task<Performed> {
  const { clock } = channel.scheduler;
  const { fn, flags = [] } = spec;
  const id = ssl.calls;
  ssl.calls += 1;
  const begun = clock.now();
  const args = spec.args === undefined ? {} : { args: spec.args };
  channel.emit({ kind: 'call', id, fn, flags, ...args });
  const deadline = options.limitMs === undefined ? undefined : begun + options.limitMs;
  const result = yield* run(spec.make(), options.blocking, clock.now, deadline);
  report(channel.emit, ssl, { id, fn, ms: clock.now() - begun }, result);
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
    const wait = { for: want.for, ready: () => want.ready() };
    const wake = yield deadline === undefined ? wait : { ...wait, until: deadline };
    if (wake.timedOut) return { ...want.otherwise, ret: 0, blocked: true };
  }
}

function report(emit: Emit, ssl: Ssl, call: { id: number; fn: string; ms: Millis }, result: Performed): void {
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
