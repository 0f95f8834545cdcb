import { describe, expect, it } from 'vitest';
import {
  ackDelayMs,
  ackDueAt,
  ackFrame,
  ackSent,
  createReceived,
  forgetAcked,
  isKnown,
  noteReceived,
  type Received,
} from '../../../../src/proto/quic/recovery/acks.ts';

function receive(received: Received, number: number, now = 0, ackEliciting = true): 'new' | 'duplicate' {
  return noteReceived(received, { number, ackEliciting, now });
}

function ranges(received: Received): number[][] {
  return (ackFrame(received, 0, 3)?.ranges ?? []).map(({ smallest, largest }) => [
    Number(smallest),
    Number(largest),
  ]);
}

describe('what an ACK says (RFC 9000 §13.2)', () => {
  it('is every number, in ranges that never touch', () => {
    const received = createReceived(false);
    expect(ackFrame(received, 0, 3)).toBeUndefined();
    for (const number of [5, 1, 3, 9, 8]) receive(received, number);
    expect(ranges(received)).toEqual([
      [8, 9],
      [5, 5],
      [3, 3],
      [1, 1],
    ]);
    for (const number of [4, 2, 0]) expect(receive(received, number)).toBe('new');
    expect(ranges(received)).toEqual([
      [8, 9],
      [0, 5],
    ]);
    for (const number of [0, 3, 5, 8, 9]) expect(receive(received, number)).toBe('duplicate');
  });

  it('is the same for every order of arrival', () => {
    const order = [3, 0, 7, 5, 1, 6, 2, 12, 11];
    for (let turn = 0; turn < order.length; turn++) {
      const received = createReceived(false);
      for (const number of [...order.slice(turn), ...order.slice(0, turn)]) receive(received, number);
      expect(ranges(received)).toEqual([
        [11, 12],
        [5, 7],
        [0, 3],
      ]);
    }
  });

  it('tells how long the largest has waited, in units of the exponent', () => {
    const received = createReceived(false);
    receive(received, 0, 100);
    receive(received, 2, 110);
    receive(received, 1, 115);
    expect(ackFrame(received, 130, 3)?.delay).toBe(2500n);
    expect(ackFrame(received, 130, 0)?.delay).toBe(20_000n);
    expect(ackDelayMs(2500n, 3)).toBe(20);
    expect(ackDelayMs(2500n, 10)).toBe(2560);
  });

  it('is bounded, whatever comes; what was given up counts as a copy', () => {
    const received = createReceived(false);
    for (let number = 0; number < 2000; number += 2) expect(receive(received, number)).toBe('new');
    expect(received.ranges.length).toBeLessThanOrEqual(64);
    expect(ranges(received).length).toBeLessThanOrEqual(32);
    expect(ranges(received)[0]).toEqual([1998, 1998]);
    expect(receive(received, 1)).toBe('duplicate');
    expect(isKnown(received, 1001)).toBe(true);
    expect(receive(received, 1997)).toBe('new');
  });

  it('leaves out what the peer knows that we have, until something old turns up', () => {
    const received = createReceived(false);
    for (const number of [0, 1, 2, 5, 6]) receive(received, number);
    forgetAcked(received, 5);
    receive(received, 7);
    expect(ranges(received)).toEqual([[6, 7]]);
    expect(receive(received, 2)).toBe('duplicate');
    expect(receive(received, 4)).toBe('new');
    expect(ranges(received)).toEqual([[4, 7]]);
    forgetAcked(received, 2 ** 40);
    expect(ranges(received)).toEqual([[4, 7]].map(([, largest]) => [4, largest]));
  });
});

describe('when an ACK is due (RFC 9000 §13.2.1)', () => {
  const DELAY = 25;

  it('is never, for what asks for none', () => {
    const received = createReceived(false);
    receive(received, 0, 0, false);
    expect(ackDueAt(received, DELAY)).toBeUndefined();
  });

  it('is max_ack_delay after the first, at once with the second', () => {
    const received = createReceived(false);
    receive(received, 0, 100);
    expect(ackDueAt(received, DELAY)).toBe(125);
    receive(received, 1, 110, false);
    expect(ackDueAt(received, DELAY)).toBe(125);
    receive(received, 2, 120);
    expect(ackDueAt(received, DELAY)).toBe(120);
    ackSent(received);
    expect(ackDueAt(received, DELAY)).toBeUndefined();
    receive(received, 3, 130);
    expect(ackDueAt(received, DELAY)).toBe(155);
  });

  it('is at once after a gap, and for what was missing', () => {
    const received = createReceived(false);
    receive(received, 0, 0);
    ackSent(received);
    receive(received, 2, 10);
    expect(ackDueAt(received, DELAY)).toBe(10);
    ackSent(received);
    receive(received, 1, 20);
    expect(ackDueAt(received, DELAY)).toBe(20);
  });

  it('is not hurried by a gap that bare ACKs have filled', () => {
    const received = createReceived(false);
    receive(received, 0, 0);
    ackSent(received);
    receive(received, 1, 5, false);
    receive(received, 2, 10);
    expect(ackDueAt(received, DELAY)).toBe(35);
  });

  it('is at once in Initial and Handshake packets', () => {
    const received = createReceived(true);
    receive(received, 0, 7);
    expect(ackDueAt(received, DELAY)).toBe(7);
  });

  it('is not brought about by a copy', () => {
    const received = createReceived(false);
    receive(received, 0, 0);
    ackSent(received);
    receive(received, 0, 10);
    expect(ackDueAt(received, DELAY)).toBeUndefined();
  });
});
