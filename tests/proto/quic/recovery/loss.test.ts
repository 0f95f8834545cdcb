import { describe, expect, it } from 'vitest';
import { ProtocolFault } from '../../../../src/proto/fault.ts';
import { lossTimer, onLossTimer } from '../../../../src/proto/quic/recovery/loss-timer.ts';
import { acked, CONFIRMED, numbers, recoveryOf, SILENT, sample, sent } from './support.ts';

describe('packets that are lost (RFC 9002 §6.1)', () => {
  it('by three later ones', () => {
    const recovery = recoveryOf();
    for (let number = 0; number < 5; number++) sent(recovery, number, number);
    const first = acked(recovery, 50, [[2, 2]]);
    expect(numbers(first.acked)).toEqual([2]);
    expect(first.lost).toEqual([]);
    const second = acked(recovery, 51, [[3, 3]]);
    expect(second.lost.map(({ packet, why }) => [packet.number, why])).toEqual([[0, 'reordering']]);
    expect(acked(recovery, 52, [[4, 4]]).lost.map(({ packet }) => packet.number)).toEqual([1]);
  });

  it('by nine eighths of a round trip', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0);
    sent(recovery, 1, 80);
    expect(acked(recovery, 160, [[1, 1]]).lost.map(({ packet, why }) => [packet.number, why])).toEqual([
      [0, 'time'],
    ]);
    const later = recoveryOf();
    sent(later, 0, 0);
    sent(later, 1, 8);
    expect(acked(later, 88, [[1, 1]]).lost).toEqual([]);
    // 9/8 × 80 after it was sent, and not before.
    expect(lossTimer(later, CONFIRMED)).toBe(90);
    expect(onLossTimer(later, 89.9, CONFIRMED)).toEqual({ lost: [] });
    expect(onLossTimer(later, 90, CONFIRMED).lost.map(({ packet, why }) => [packet.number, why])).toEqual([
      [0, 'time'],
    ]);
    expect(lossTimer(later, CONFIRMED)).toBeUndefined();
  });

  it('by the larger of the latest and the smoothed round trip, and never under a millisecond', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 80);
    sent(recovery, 1, 1000);
    sent(recovery, 2, 1000);
    acked(recovery, 1160, [[2, 2]]);
    // Latest 160, smoothed 90: 1000 + 180 is still ahead.
    expect(lossTimer(recovery, CONFIRMED)).toBe(1180);
    const quick = recoveryOf();
    sent(quick, 0, 0);
    sent(quick, 1, 0);
    acked(quick, 0.1, [[1, 1]]);
    expect(lossTimer(quick, CONFIRMED)).toBe(1);
  });

  it('are told once, and not when they only carried an ACK', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0, SILENT);
    sent(recovery, 1, 0);
    sent(recovery, 2, 0);
    sent(recovery, 3, 0);
    sent(recovery, 4, 0);
    expect(acked(recovery, 50, [[4, 4]]).lost.map(({ packet }) => packet.number)).toEqual([1]);
    expect(acked(recovery, 50, [[4, 4]])).toEqual({
      ...{ acked: [], lost: [], rttChanged: false, newlyEliciting: false },
    });
    expect(numbers(acked(recovery, 51, [[0, 4]]).acked)).toEqual([2, 3]);
  });

  it('leaves packets of other spaces alone', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0, { space: 'handshake' });
    for (let number = 0; number < 9; number++) sent(recovery, number, 1);
    expect(acked(recovery, 50, [[8, 8]]).lost.every(({ packet }) => packet.space === 'application')).toBe(
      true,
    );
    expect(recovery.spaces.handshake.sent).toHaveLength(1);
  });
});

describe('an ACK frame', () => {
  it('may have gaps', () => {
    const recovery = recoveryOf();
    for (let number = 0; number < 10; number++) sent(recovery, number, 0);
    const { acked: now } = acked(recovery, 10, [
      [9, 9],
      [4, 6],
      [0, 1],
    ]);
    expect(numbers(now)).toEqual([0, 1, 4, 5, 6, 9]);
  });

  it('of a packet that was never sent is a protocol violation', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0);
    for (const largest of [1, 2 ** 53]) {
      let fault: unknown;
      try {
        acked(recovery, 10, [[0, largest]]);
      } catch (error) {
        fault = error;
      }
      expect(fault).toBeInstanceOf(ProtocolFault);
      expect(fault).toMatchObject({ rule: 'ack-of-unsent-packet', transportCode: 10n, frameType: 2n });
    }
    expect(() => acked(recovery, 10, [[0, 0]], { space: 'handshake' })).toThrow(ProtocolFault);
  });

  it('of packets long settled is no news', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 50);
    expect(acked(recovery, 500, [[0, 0]])).toMatchObject({ acked: [], rttChanged: false });
    expect(recovery.rtt.samples).toBe(1);
  });
});

describe('what a listener sends', () => {
  it('does not pile up when nobody acknowledges it', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0);
    for (let number = 1; number < 5000; number++) sent(recovery, number, number, SILENT);
    expect(recovery.spaces.application.sent.length).toBeLessThan(200);
    expect(recovery.spaces.application.sent[0]?.number).toBe(0);
    expect(recovery.congestion.inFlight).toBe(1200);
  });
});
