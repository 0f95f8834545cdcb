import { describe, expect, it } from 'vitest';
import { createScheduler } from '../../src/driver/scheduler.ts';
import { createTimers } from '../../src/driver/timers.ts';
import type { RecordCore } from '../../src/proto/core.ts';
import { createSimClock } from '../../src/sim/clock.ts';

function play(schedule: readonly number[]) {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const fired: string[] = [];
  let left = [...schedule];
  const core = {
    pollTimeout: () => left[0],
    handleTimeout(now: number) {
      fired.push(`timeout ${now}`);
      left.shift();
    },
  } as unknown as RecordCore;
  const timers = createTimers(core, scheduler, () => fired.push(`flush ${clock.now()}`));
  const change = (next: readonly number[]): void => {
    left = [...next];
    scheduler.poke();
    timers.check();
  };
  return { clock, timers, fired, change };
}

describe("a core's timers", () => {
  it('come at their times, and what the core says then is sent', () => {
    const { clock, timers, fired } = play([1_000, 3_000]);
    timers.check();
    timers.check();
    clock.runUntil(999);
    expect(fired).toEqual([]);
    expect(clock.runUntilIdle()).toBe(true);
    expect(fired).toEqual(['timeout 1000', 'flush 1000', 'timeout 3000', 'flush 3000']);
  });

  it('follow a change of mind', () => {
    const { clock, timers, fired, change } = play([1_000]);
    timers.check();
    change([2_500]);
    clock.runUntilIdle();
    expect(fired).toEqual(['timeout 2500', 'flush 2500']);
    change([4_000]);
    change([]);
    clock.runUntilIdle();
    change([5_000]);
    clock.runUntilIdle();
    expect(fired.slice(2)).toEqual(['timeout 5000', 'flush 5000']);
  });

  it('end with the transport', () => {
    const { clock, timers, fired } = play([1_000, 2_000]);
    timers.check();
    clock.runUntil(1_500);
    timers.stop();
    timers.check();
    expect(clock.runUntilIdle()).toBe(true);
    expect(clock.now()).toBe(1_500);
    expect(fired).toEqual(['timeout 1000', 'flush 1000']);
  });
});
