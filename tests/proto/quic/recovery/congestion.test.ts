import { describe, expect, it } from 'vitest';
import { allowance } from '../../../../src/proto/quic/recovery/congestion.ts';
import { createRecovery } from '../../../../src/proto/quic/recovery/state.ts';
import { acked, recoveryOf, SILENT, sample, sent } from './support.ts';

/** A full window of numbered packets at that time. */
function fill(recovery: ReturnType<typeof recoveryOf>, from: number, at: number): number {
  let number = from;
  while (allowance(recovery) >= 1200) sent(recovery, number++, at);
  return number;
}

describe('NewReno (RFC 9002 §7)', () => {
  it.each([
    [1200, 12_000],
    [1472, 14_720],
    [1500, 14_720],
    [9000, 18_000],
  ])('begins with the window of datagrams of %i bytes', (maxDatagram, window) => {
    expect(allowance(createRecovery({ role: 'client', maxDatagram, now: 0 }))).toBe(window);
  });

  it('counts what is in flight, but no bare ACKs, and no further than nothing', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0);
    expect(allowance(recovery)).toBe(10_800);
    sent(recovery, 1, 0, SILENT);
    expect(allowance(recovery)).toBe(10_800);
    for (let number = 2; number < 20; number++) sent(recovery, number, 0);
    expect(allowance(recovery)).toBe(0);
  });

  it('doubles in a round trip of slow start', () => {
    const recovery = recoveryOf();
    const end = fill(recovery, 0, 0);
    expect(end).toBe(10);
    acked(recovery, 50, [[0, 9]]);
    expect(recovery.congestion).toMatchObject({ window: 24_000, inFlight: 0 });
  });

  it('does not grow while it is not used', () => {
    const recovery = recoveryOf();
    for (let number = 0; number < 50; number++) sample(recovery, number, number * 100, 50);
    expect(recovery.congestion.window).toBe(12_000);
  });

  it('halves once for all that was sent before the loss was noticed', () => {
    const recovery = recoveryOf();
    fill(recovery, 0, 0);
    // 7, 8, 9 arrive: 0 to 6 are lost; first their 3,600 bytes count.
    acked(recovery, 50, [[9, 9]]);
    expect(recovery.congestion).toMatchObject({ window: 6600, threshold: 6600, recoveryFrom: 50 });
    expect(recovery.congestion.inFlight).toBe(2 * 1200);
    acked(recovery, 51, [[7, 9]]);
    expect(recovery.congestion).toMatchObject({ window: 6600, inFlight: 0 });
  });

  it('does not grow by what was sent before', () => {
    const recovery = recoveryOf();
    fill(recovery, 0, 0);
    acked(recovery, 50, [[4, 4]]);
    const { window } = recovery.congestion;
    fill(recovery, 10, 51);
    acked(recovery, 52, [[3, 9]]);
    expect(recovery.congestion.window).toBe(window);
  });

  it('grows by one datagram in a round trip after that', () => {
    const recovery = recoveryOf();
    fill(recovery, 0, 0);
    acked(recovery, 50, [[9, 9]]);
    acked(recovery, 51, [[7, 9]]);
    const end = fill(recovery, 10, 60);
    expect(end).toBe(15);
    acked(recovery, 110, [[10, 14]]);
    expect(recovery.congestion.window).toBeGreaterThan(6600 + 1000);
    expect(recovery.congestion.window).toBeLessThan(6600 + 1200);
  });

  it('halves again for a loss among what was sent later, never under two datagrams', () => {
    const recovery = recoveryOf();
    let number = 0;
    const windows: number[] = [];
    for (let round = 0; round < 6; round++) {
      const first = number;
      for (; number < first + 5; number++) sent(recovery, number, round * 100);
      acked(recovery, round * 100 + 50, [[first + 3, first + 4]]);
      windows.push(recovery.congestion.window);
    }
    // What arrived of a used window counts first: (12,000 + 2,400) / 2, then (7,200 + 200 + 194.6) / 2.
    expect(windows.at(0)).toBe(7200);
    expect(windows.at(1)).toBeCloseTo(3797.3, 1);
    expect(Math.min(...windows)).toBe(2400);
  });
});

describe('persistent congestion (RFC 9002 §7.6)', () => {
  /** A sample of 50 ms; then losses from 1000 ms on, `spread` ms apart, and one that arrives. */
  function windowAfter(spread: number, over: { sampled?: boolean; between?: boolean } = {}) {
    const recovery = recoveryOf();
    if (over.sampled !== false) sample(recovery, 0, 0, 50);
    else sent(recovery, 0, 0, SILENT);
    sent(recovery, 1, 1000);
    sent(recovery, 2, 1000 + spread / 2);
    sent(recovery, 3, 1000 + spread);
    for (let number = 4; number < 8; number++) sent(recovery, number, 1000 + spread + 1);
    if (over.between === true) acked(recovery, 1000 + spread / 2 + 50, [[2, 2]]);
    acked(recovery, 1000 + spread + 51, [[6, 7]]);
    return recovery.congestion.window;
  }

  it('is two losses further apart than three probe timeouts', () => {
    // 3 × (50 + 4 × 18.75 + 25) = 450.
    expect(windowAfter(460)).toBe(2400);
    expect(windowAfter(440)).toBeGreaterThan(5000);
  });

  it('is none before the first sample, nor when something between got through', () => {
    expect(windowAfter(600, { sampled: false })).toBeGreaterThan(5000);
    expect(windowAfter(600, { between: true })).toBeGreaterThan(3000);
  });
});
