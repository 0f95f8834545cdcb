import type { Space } from '../../../../src/proto/quic/core.ts';
import { type Acknowledged, onAck, onPacketSent } from '../../../../src/proto/quic/recovery/loss.ts';
import type { TimerContext } from '../../../../src/proto/quic/recovery/loss-timer.ts';
import { createRecovery, type Recovery } from '../../../../src/proto/quic/recovery/state.ts';
import type { SentPacket } from '../../../../src/proto/quic/sent.ts';
import type { Role } from '../../../../src/proto/role.ts';

export const CONFIRMED: TimerContext = {
  hasHandshakeKeys: true,
  confirmed: true,
  blockedByAmplification: false,
};

export function recoveryOf(role: Role = 'client'): Recovery {
  return createRecovery({ role, maxDatagram: 1200, now: 0 });
}

export function sent(
  recovery: Recovery,
  number: number,
  sentAt: number,
  over: Partial<SentPacket> = {},
): void {
  onPacketSent(recovery, {
    space: 'application',
    number,
    bytes: 1200,
    sentAt,
    ackEliciting: true,
    inFlight: true,
    level: 'application',
    frames: [{ kind: 'ping' }],
    ...over,
  });
}

/** What only carries an ACK. */
export const SILENT = { ackEliciting: false, inFlight: false, bytes: 40 } as const;

/** `ranges`: pairs, descending. */
export function acked(
  recovery: Recovery,
  now: number,
  ranges: readonly (readonly [smallest: number, largest: number])[],
  over: { space?: Space; delayMs?: number; confirmed?: boolean } = {},
): Acknowledged {
  return onAck(recovery, {
    space: 'application',
    delayMs: 0,
    confirmed: true,
    now,
    ranges: ranges.map(([smallest, largest]) => ({ smallest: BigInt(smallest), largest: BigInt(largest) })),
    ...over,
  });
}

export function numbers(packets: readonly { number: number }[]): number[] {
  return packets.map(({ number }) => number);
}

/** One round trip of that length. */
export function sample(recovery: Recovery, number: number, at: number, rtt: number, delayMs = 0): void {
  sent(recovery, number, at);
  acked(recovery, at + rtt, [[number, number]], { delayMs });
}
