import { describe, expect, it } from 'vitest';
import { createClock } from '../../src/io/clock.ts';
import { createRandom } from '../../src/io/random.ts';

describe('createClock', () => {
  it('never wakes before the time', async () => {
    const clock = createClock();
    const woken = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const when = clock.now() + i / 4;
        return new Promise<number>((resolve) => clock.at(when, () => resolve(clock.now() - when)));
      }),
    );
    expect(woken.every((late) => late >= 0)).toBe(true);
  });

  it('keeps the order of wakes', async () => {
    const clock = createClock();
    const order: number[] = [];
    const start = clock.now();
    await new Promise<void>((resolve) => {
      clock.at(start + 30, () => {
        order.push(3);
        resolve();
      });
      clock.at(start + 5, () => order.push(1));
      clock.at(start + 15, () => order.push(2));
    });
    expect(order).toEqual([1, 2, 3]);
  });

  it('does not wake once cancelled', async () => {
    const clock = createClock();
    let woken = false;
    const cancel = clock.at(clock.now() + 2, () => {
      woken = true;
    });
    cancel();
    await new Promise<void>((resolve) => clock.at(clock.now() + 20, resolve));
    expect(woken).toBe(false);
  });
});

describe('createRandom', () => {
  it('gives the length asked for, never the same bytes twice, and keeps none of them', () => {
    const random = createRandom();
    const draws = Array.from({ length: 300 }, (_, i) => random(16 + (i % 3) * 400));
    expect(draws.map((draw) => draw.length)).toEqual(draws.map((_, i) => 16 + (i % 3) * 400));
    const heads = new Set(draws.map((draw) => draw.subarray(0, 16).join()));
    expect(heads.size).toBe(draws.length);
    expect(new Set(draws.filter((draw) => draw.length === 16).map((draw) => draw.buffer)).size).toBe(100);
  });

  it('gives nothing when asked for nothing', () => {
    expect(createRandom()(0)).toEqual(new Uint8Array(0));
  });
});
