import { describe, expect, it } from 'vitest';
import { closingTime } from '../../../../src/proto/quic/recovery/closing-time.ts';
import { ptoOf, timing } from '../../../../src/proto/quic/recovery/rtt.ts';
import { acked, recoveryOf, SILENT, sample, sent } from './support.ts';

describe('the estimate of the round trip (RFC 9002 §5)', () => {
  it('takes the first sample as it is', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 10, 40);
    expect(timing(recovery)).toEqual({
      ...{ samples: 1, latest: 40, smoothed: 40, variation: 20, minimum: 40, pto: 40 + 80 + 25 },
    });
  });

  it('weighs later ones by an eighth and a quarter, the variation first', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 100);
    sample(recovery, 1, 200, 180);
    // |100 - 180| = 80: 3/4 × 50 + 1/4 × 80; 7/8 × 100 + 1/8 × 180.
    expect(recovery.rtt).toMatchObject({ latest: 180, minimum: 100, variation: 57.5, smoothed: 110 });
    sample(recovery, 2, 400, 30);
    // |110 - 30| = 80: 3/4 × 57.5 + 20; 7/8 × 110 + 30/8.
    expect(recovery.rtt).toMatchObject({ latest: 30, minimum: 30, variation: 63.125, smoothed: 100 });
  });

  it('takes away the delay of the ACK only where the minimum allows it', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 100);
    sample(recovery, 1, 200, 120, 20);
    expect(recovery.rtt).toMatchObject({ latest: 120, smoothed: 100, variation: 37.5 });
    sample(recovery, 2, 400, 119, 20);
    // 119 < 100 + 20: stays 119.
    expect(recovery.rtt.smoothed).toBeCloseTo(100 + 19 / 8, 9);
  });

  it('ignores the delay on the first sample', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 100, 25);
    expect(recovery.rtt.smoothed).toBe(100);
  });

  it('bounds the delay by the promise once the handshake is confirmed, and ignores it in Initial', () => {
    const late = { delayMs: 60 };
    const first = recoveryOf();
    sample(first, 0, 0, 100);
    sent(first, 1, 200);
    acked(first, 400, [[1, 1]], late);
    // 200 - 25.
    expect(first.rtt.smoothed).toBeCloseTo(87.5 + 175 / 8, 9);
    const second = recoveryOf();
    sample(second, 0, 0, 100);
    sent(second, 1, 200);
    acked(second, 400, [[1, 1]], { ...late, confirmed: false });
    expect(second.rtt.smoothed).toBeCloseTo(87.5 + 140 / 8, 9);
    const third = recoveryOf();
    sample(third, 0, 0, 100);
    sent(third, 0, 200, { space: 'initial' });
    acked(third, 400, [[0, 0]], { ...late, space: 'initial', confirmed: false });
    expect(third.rtt.smoothed).toBeCloseTo(87.5 + 200 / 8, 9);
  });

  it('learns only from a newly acknowledged largest, with something ack-eliciting beside it', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 10);
    sent(recovery, 1, 10);
    expect(acked(recovery, 50, [[1, 1]]).rttChanged).toBe(true);
    expect(acked(recovery, 90, [[0, 1]])).toMatchObject({ rttChanged: false, newlyEliciting: true });
    sent(recovery, 2, 100, SILENT);
    expect(acked(recovery, 150, [[2, 2]])).toMatchObject({ rttChanged: false, newlyEliciting: false });
    sent(recovery, 3, 200);
    sent(recovery, 4, 210, SILENT);
    expect(acked(recovery, 260, [[3, 4]])).toMatchObject({ rttChanged: true, newlyEliciting: true });
    expect(recovery.rtt).toMatchObject({ samples: 2, latest: 50 });
  });
});

describe('the probe timeout and what follows from it', () => {
  it('is 999 ms before any sample, and what ACKs may be held back for 1-RTT', () => {
    const recovery = recoveryOf();
    expect(ptoOf(recovery, 'initial')).toBe(999);
    expect(ptoOf(recovery, 'handshake')).toBe(999);
    expect(ptoOf(recovery, 'application')).toBe(1024);
    expect(timing(recovery)).toMatchObject({ samples: 0, latest: undefined, smoothed: 333, pto: 1024 });
  });

  it.each([
    { rtt: 50, once: 175, steady: 76 },
    { rtt: 200, once: 625, steady: 226 },
    { rtt: 0.2, once: 0.2 + 1 + 25, steady: 26.2 },
  ])('of a path of $rtt ms is $once ms at first and $steady ms when steady', ({ rtt, once, steady }) => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, rtt);
    expect(ptoOf(recovery, 'application')).toBeCloseTo(once, 6);
    expect(closingTime(recovery, 'application', 3).durationMs).toBeCloseTo(3 * once, 6);
    for (let number = 1; number < 60; number++) sample(recovery, number, number * 1000, rtt);
    expect(ptoOf(recovery, 'application')).toBeCloseTo(steady, 3);
    expect(closingTime(recovery, 'application', 3).durationMs).toBeCloseTo(3 * steady, 2);
  });

  it('counts the peer’s own max_ack_delay', () => {
    const recovery = recoveryOf();
    recovery.maxAckDelay = 100;
    sample(recovery, 0, 0, 50);
    expect(ptoOf(recovery, 'application')).toBe(250);
    expect(ptoOf(recovery, 'handshake')).toBe(150);
  });

  it('is written out as a sum', () => {
    const recovery = recoveryOf();
    expect(closingTime(recovery, 'handshake', 3)).toEqual({
      ptoMs: 999,
      durationMs: 2997,
      formula: '3 × PTO = 3 × (srtt 333 + max(4 × rttvar 166.5, 1)) ms',
    });
    sample(recovery, 0, 0, 33.14);
    expect(closingTime(recovery, 'application', 3)).toMatchObject({
      formula: '3 × PTO = 3 × (srtt 33.1 + max(4 × rttvar 16.6, 1) + max_ack_delay 25) ms',
    });
    expect(closingTime(recovery, 'application', 3).durationMs).toBeCloseTo(3 * (3 * 33.14 + 25), 9);
  });

  it('does not grow with the probes: backoff is not part of it', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 50);
    recovery.probes = 4;
    expect(closingTime(recovery, 'application', 3).durationMs).toBe(525);
  });
});
