import { describe, expect, it } from 'vitest';
import {
  amplificationAllowance,
  createAmplification,
  creditReceived,
  debitSent,
  validateAddress,
} from '../../../../src/proto/quic/recovery/amplification.ts';
import {
  createIdle,
  effectiveIdle,
  idleDueAt,
  idleReceived,
  idleSent,
  keepAliveDueAt,
} from '../../../../src/proto/quic/recovery/idle.ts';

describe('an address nobody has vouched for (RFC 9000 §8.1)', () => {
  it('is sent three times what came from it', () => {
    const amplification = createAmplification(false);
    expect(amplificationAllowance(amplification)).toBe(0);
    creditReceived(amplification, 1200);
    expect(amplificationAllowance(amplification)).toBe(3600);
    debitSent(amplification, 3000);
    expect(amplificationAllowance(amplification)).toBe(600);
    debitSent(amplification, 600);
    expect(amplificationAllowance(amplification)).toBe(0);
    creditReceived(amplification, 50);
    expect(amplificationAllowance(amplification)).toBe(150);
    validateAddress(amplification);
    expect(amplificationAllowance(amplification)).toBe(Number.POSITIVE_INFINITY);
    expect(amplificationAllowance(createAmplification(true))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the idle timeout (RFC 9000 §10.1)', () => {
  it.each([
    [0, 0, undefined],
    [0, undefined, undefined],
    [30_000, undefined, 30_000],
    [30_000, 0, 30_000],
    [0, 5000, 5000],
    [30_000, 5000, 5000],
    [5000, 30_000, 5000],
  ])('of %j here and %j there is %j', (local, peer, effective) => {
    expect(effectiveIdle(local, peer)).toBe(effective);
  });

  it('is never under three probe timeouts', () => {
    const idle = createIdle(100);
    expect(idleDueAt(idle, 5000, 175)).toBe(5100);
    expect(idleDueAt(idle, 500, 175)).toBe(100 + 525);
    expect(idleDueAt(idle, undefined, 175)).toBeUndefined();
  });

  it('counts from what came, and from the first that we asked since', () => {
    const idle = createIdle(0);
    idleSent(idle, 100);
    expect(idleDueAt(idle, 5000, 1)).toBe(5100);
    idleSent(idle, 200);
    idleSent(idle, 300);
    expect(idleDueAt(idle, 5000, 1)).toBe(5100);
    idleReceived(idle, 400);
    expect(idleDueAt(idle, 5000, 1)).toBe(5400);
    idleSent(idle, 500);
    expect(idleDueAt(idle, 5000, 1)).toBe(5500);
  });
});

describe('a keep-alive (RFC 9000 §10.1.2)', () => {
  it('is due after so much silence of both', () => {
    const idle = createIdle(0);
    expect(keepAliveDueAt(idle, undefined, 30_000)).toBeUndefined();
    expect(keepAliveDueAt(idle, 700, 30_000)).toBe(700);
    expect(keepAliveDueAt(idle, 'half-idle', 30_000)).toBe(15_000);
    expect(keepAliveDueAt(idle, 'half-idle', undefined)).toBeUndefined();
    idleReceived(idle, 50);
    expect(keepAliveDueAt(idle, 700, 30_000)).toBe(750);
    idleSent(idle, 60);
    idleSent(idle, 70);
    expect(keepAliveDueAt(idle, 700, 30_000)).toBe(770);
  });
});
