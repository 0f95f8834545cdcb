import type { QuicCore } from '../../proto/quic/core.ts';
import { createQuicSsl, type QuicSsl, type QuicSslSetup } from '../../shutdown/quic/connection.ts';
import { noteStandstill, situation, tick } from '../../shutdown/quic/events.ts';
import type { Emit } from '../../timeline/event.ts';
import { type Channel, createChannel } from '../channel.ts';
import { startPump } from '../quic-pump.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Connect } from '../world.ts';

/** A QUIC connection's SSL object, wired to its transport. */
export type QuicSide = {
  readonly channel: Channel<QuicCore>;
  readonly ssl: QuicSsl;
  /** A call is being made: what changes meanwhile would change in it anyhow. */
  calling: boolean;
  /** Nobody handles events between calls any more. */
  stop(): void;
};

/** What of an SSL object's setup is not a matter of the wiring. */
export type QuicSideSetup = Pick<
  QuicSslSetup,
  'core' | 'profile' | 'blocking' | 'defaultStream' | 'explicitEvents' | 'pump'
>;

/**
 * The core's timers are run, its input stepped and its datagrams sent by the calls of shutdown/quic/, and where the pump is
 * eager by a task between them.
 */
export function createQuicSide(
  setup: QuicSideSetup & { connect: Connect; scheduler: Scheduler; emit: Emit },
): QuicSide {
  const { core, connect, scheduler, emit, ...how } = setup;
  const channel = createChannel({ core, connect, scheduler, emit, timers: false });
  const ssl = createQuicSsl({
    ...how,
    core,
    emit,
    flush: () => sendDatagrams(channel),
    writable: () => channel.transport.writable(),
    now: () => scheduler.clock.now(),
  });
  const handle = (): void => {
    const before = situation(ssl);
    tick(ssl);
    if (!side.calling && !how.explicitEvents && situation(ssl) !== before) noteStandstill(ssl);
  };
  const stop = ssl.pump === 'eager' ? startPump(ssl, scheduler, handle) : () => undefined;
  const side: QuicSide = { channel, ssl, calling: false, stop };
  return side;
}

/** A datagram that could not be sent is one that was lost: recovery sees to it. False: the transport takes no more for now. */
export function sendDatagrams(channel: Channel<QuicCore>): boolean {
  const { core, emit, scheduler } = channel;
  for (;;) {
    const flushed = channel.flush();
    if (typeof flushed === 'string') return flushed === 'sent';
    emit({
      kind: 'transport.error',
      by: 'local',
      errno: flushed.errno,
      detail: 'a datagram could not be sent',
    });
    core.transmitted(scheduler.clock.now());
  }
}
