import type { Clock } from '../driver/world.ts';
import type { Millis } from '../timeline/event.ts';

export type SimClock = Clock & {
  /** Runs everything that is due up to that time, then stands there. */
  runUntil(when: Millis): void;
  /** Runs until nothing is scheduled, or until the deadline; says whether it became idle. */
  runUntilIdle(deadline?: Millis): boolean;
};

type Alarm = { when: Millis; wake: () => void };

/** Virtual time: it moves only when told to, from one alarm to the next, in the order of time and then of asking. */
export function createSimClock(start: Millis = 0): SimClock {
  let time = start;
  const alarms: Alarm[] = [];

  const runNext = (): void => {
    const alarm = alarms.shift();
    if (alarm === undefined) return;
    time = Math.max(time, alarm.when);
    alarm.wake();
  };
  const due = (when: Millis): boolean => {
    const next = alarms[0];
    return next !== undefined && next.when <= when;
  };
  return {
    now: () => time,
    at(when, wake) {
      const alarm = { when: Math.max(when, time), wake };
      alarms.splice(placeFor(alarms, alarm.when), 0, alarm);
      return () => {
        const at = alarms.indexOf(alarm);
        if (at >= 0) alarms.splice(at, 1);
      };
    },
    runUntil(when) {
      while (due(when)) runNext();
      time = Math.max(time, when);
    },
    runUntilIdle(deadline = Number.POSITIVE_INFINITY) {
      while (due(deadline)) runNext();
      return alarms.length === 0;
    },
  };
}

/** Behind everything that is due no later. */
function placeFor(alarms: readonly Alarm[], when: Millis): number {
  let low = 0;
  let high = alarms.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((alarms[middle]?.when ?? 0) <= when) low = middle + 1;
    else high = middle;
  }
  return low;
}
