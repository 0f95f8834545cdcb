import { describe, expect, it } from 'vitest';
import {
  discardSpace,
  lossTimer,
  onLossTimer,
  resetForRetry,
  type TimerContext,
  unanswered,
} from '../../../../src/proto/quic/recovery/loss-timer.ts';
import { acked, CONFIRMED, numbers, recoveryOf, SILENT, sample, sent } from './support.ts';

const EARLY: TimerContext = { hasHandshakeKeys: false, confirmed: false, blockedByAmplification: false };
const SHAKING: TimerContext = { ...EARLY, hasHandshakeKeys: true };
const INITIAL = { space: 'initial', level: 'initial' } as const;
const HANDSHAKE = { space: 'handshake', level: 'handshake' } as const;

describe('the probe timeout (RFC 9002 §6.2)', () => {
  it('doubles each time, from the last ack-eliciting packet', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 50);
    sent(recovery, 1, 100);
    sent(recovery, 2, 120);
    sent(recovery, 3, 130, SILENT);
    // 50 + 4 × 25 + 25.
    expect(lossTimer(recovery, CONFIRMED)).toBe(120 + 175);
    expect(onLossTimer(recovery, 294, CONFIRMED)).toEqual({ lost: [] });
    const first = onLossTimer(recovery, 295, CONFIRMED);
    expect(first.probe).toEqual({ space: 'application', count: 1, waitedMs: 175 });
    expect(first.lost).toEqual([]);
    sent(recovery, 4, 295);
    expect(lossTimer(recovery, CONFIRMED)).toBe(295 + 350);
    expect(onLossTimer(recovery, 645, CONFIRMED).probe).toMatchObject({ count: 2, waitedMs: 350 });
    sent(recovery, 5, 645);
    expect(lossTimer(recovery, CONFIRMED)).toBe(645 + 700);
    expect(numbers(unanswered(recovery, 'application'))).toEqual([1, 2, 4, 5]);
  });

  it('begins again when an ACK comes', () => {
    const recovery = recoveryOf();
    sample(recovery, 0, 0, 50);
    sent(recovery, 1, 100);
    onLossTimer(recovery, 275, CONFIRMED);
    sent(recovery, 2, 275);
    acked(recovery, 325, [[2, 2]]);
    expect(recovery.probes).toBe(0);
    sent(recovery, 3, 400);
    // The sample was 50 again: 50 + 4 × 18.75 + 25.
    expect(onLossTimer(recovery, 400 + 149, CONFIRMED).probe).toBeUndefined();
  });

  it('does not run with nothing to be acknowledged, nor while loss is awaited by time', () => {
    const recovery = recoveryOf();
    expect(lossTimer(recovery, CONFIRMED)).toBeUndefined();
    sent(recovery, 0, 0, SILENT);
    expect(lossTimer(recovery, CONFIRMED)).toBeUndefined();
    sent(recovery, 1, 0);
    sent(recovery, 2, 0);
    acked(recovery, 80, [[2, 2]]);
    expect(lossTimer(recovery, CONFIRMED)).toBe(90);
  });

  it('leaves 1-RTT packets out until the handshake is confirmed', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0, HANDSHAKE);
    acked(recovery, 50, [[0, 0]], { space: 'handshake', confirmed: false });
    sent(recovery, 0, 60);
    expect(lossTimer(recovery, SHAKING)).toBeUndefined();
    expect(lossTimer(recovery, CONFIRMED)).toBe(60 + 175);
    sent(recovery, 1, 70, HANDSHAKE);
    expect(lossTimer(recovery, SHAKING)).toBe(70 + 150);
    expect(onLossTimer(recovery, 220, SHAKING).probe).toEqual({
      space: 'handshake',
      count: 1,
      waitedMs: 150,
    });
  });

  it('is that of the space whose time comes first', () => {
    const recovery = recoveryOf('server');
    sent(recovery, 0, 10, HANDSHAKE);
    sent(recovery, 0, 20, INITIAL);
    expect(lossTimer(recovery, SHAKING)).toBe(10 + 999);
    expect(onLossTimer(recovery, 1009, SHAKING).probe?.space).toBe('handshake');
  });

  it('waits while a server may not send, and is then due at once', () => {
    const recovery = recoveryOf('server');
    sent(recovery, 0, 0, INITIAL);
    expect(lossTimer(recovery, { ...SHAKING, blockedByAmplification: true })).toBeUndefined();
    expect(onLossTimer(recovery, 5000, { ...SHAKING, blockedByAmplification: true })).toEqual({ lost: [] });
    expect(lossTimer(recovery, SHAKING)).toBe(999);
    expect(onLossTimer(recovery, 5000, SHAKING).probe).toMatchObject({ space: 'initial', count: 1 });
  });

  it('stays a number however often it ran out', () => {
    const recovery = recoveryOf();
    sent(recovery, 0, 0);
    recovery.probes = 5000;
    expect(Number.isFinite(lossTimer(recovery, CONFIRMED))).toBe(true);
  });
});

describe('a client whose server may be short of bytes (RFC 9002 §6.2.2.1)', () => {
  it('probes with nothing in flight, in the highest space it has', () => {
    const recovery = recoveryOf('client');
    sent(recovery, 0, 0, INITIAL);
    acked(recovery, 100, [[0, 0]], { space: 'initial', confirmed: false });
    // 100 + 4 × 50, counted from the ACK.
    expect(lossTimer(recovery, EARLY)).toBe(100 + 300);
    expect(onLossTimer(recovery, 400, EARLY).probe).toEqual({ space: 'initial', count: 1, waitedMs: 300 });
    expect(lossTimer(recovery, EARLY)).toBe(400 + 600);
    expect(onLossTimer(recovery, 1000, SHAKING).probe).toEqual({
      space: 'handshake',
      count: 2,
      waitedMs: 600,
    });
  });

  it('goes on backing off when only its Initial is acknowledged', () => {
    const recovery = recoveryOf('client');
    sent(recovery, 0, 0, INITIAL);
    onLossTimer(recovery, 999, EARLY);
    sent(recovery, 1, 999, INITIAL);
    acked(recovery, 1099, [[0, 1]], { space: 'initial', confirmed: false });
    expect(recovery.probes).toBe(1);
    sent(recovery, 0, 1100, HANDSHAKE);
    acked(recovery, 1200, [[0, 0]], { space: 'handshake', confirmed: false });
    expect(recovery.probes).toBe(0);
    expect(lossTimer(recovery, SHAKING)).toBeUndefined();
  });

  it('a server need not', () => {
    const recovery = recoveryOf('server');
    sent(recovery, 0, 0, INITIAL);
    onLossTimer(recovery, 999, SHAKING);
    acked(recovery, 1100, [[0, 0]], { space: 'initial', confirmed: false });
    expect(recovery.probes).toBe(0);
    expect(lossTimer(recovery, SHAKING)).toBeUndefined();
  });
});

describe('keys that are gone', () => {
  it('take with them what was in flight and the backoff', () => {
    const recovery = recoveryOf('client');
    sent(recovery, 0, 0, INITIAL);
    sent(recovery, 0, 10, HANDSHAKE);
    onLossTimer(recovery, 999, SHAKING);
    expect(recovery.congestion.inFlight).toBe(2400);
    const { window } = recovery.congestion;
    discardSpace(recovery, 'initial', 1000);
    expect(recovery.congestion).toMatchObject({ inFlight: 1200, window });
    expect(recovery.probes).toBe(0);
    expect(lossTimer(recovery, SHAKING)).toBe(10 + 999);
  });

  it('a Retry starts over, and gives back what has to be said again', () => {
    const recovery = recoveryOf('client');
    sent(recovery, 0, 0, INITIAL);
    onLossTimer(recovery, 999, EARLY);
    sent(recovery, 1, 999, INITIAL);
    expect(numbers(resetForRetry(recovery, 1100))).toEqual([0, 1]);
    expect(recovery).toMatchObject({ probes: 0, congestion: { inFlight: 0, window: 12_000 } });
    sent(recovery, 2, 1100, INITIAL);
    expect(lossTimer(recovery, EARLY)).toBe(1100 + 999);
    // The numbers go on: an ACK of the old ones acknowledges nothing, but is no lie.
    expect(acked(recovery, 1200, [[0, 1]], { space: 'initial' }).acked).toEqual([]);
  });
});
