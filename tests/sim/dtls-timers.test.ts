import { describe, expect, it } from 'vitest';
import type { Channel } from '../../src/driver/channel.ts';
import { type Task, until } from '../../src/driver/task.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createDtlsCore } from '../../src/proto/dtls/connection.ts';
import type { Role } from '../../src/proto/role.ts';
import { createSimTrust } from '../../src/sim/identity.ts';
import { createDatagramPair, type Place } from '../../src/sim/pair.ts';
import { dtlsConfig, ONLY12, ONLY13, TICKETS } from '../proto/dtls-pair.ts';

const provider = createNativeProvider();
const VERSIONS = [
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const;

/** RFC 6347 §4.2.4.1 and RFC 9147 §5.8.2, in seconds after the flight: 1, 2, 4 … 32, then 60 each. */
const SCHEDULE = [1, 3, 7, 15, 31, 63, 123, 183, 243].map((seconds) => seconds * 1000);
const LATENCY = 10;

/** Both sides on the simulator's clock, `LATENCY` apart; from `cutAt` on nothing arrives any more. */
function run(both: object, cutAt: number) {
  const core = (role: Role) => (place: Place) =>
    createDtlsCore(role, dtlsConfig(role, { both, server: { tickets: TICKETS } }), {
      ...place,
      provider,
      peerAuth: createSimTrust(provider),
    });
  const pair = createDatagramPair({
    seed: 4,
    network: { latency: LATENCY },
    client: core('client'),
    server: core('server'),
  });
  const { clock, scheduler, recorder, link, client, server } = pair;
  function* eager(channel: Channel): Task<void> {
    for (;;) {
      channel.flush();
      yield* until('input', () => channel.core.ready());
      while (channel.core.ready()) channel.core.step(clock.now());
    }
  }
  server.core.start(0);
  client.core.start(0);
  for (const channel of [client, server]) scheduler.spawn(eager(channel));
  clock.at(cutAt, () => link.cut());
  clock.runUntil(250_000);
  const timesOf = (role: Role, kind: 'flight' | 'retransmission', first: string): number[] =>
    recorder.events.flatMap((event) =>
      event.kind === kind && event.conn === role && event.by === 'local' && event.messages[0] === first
        ? [event.t]
        : [],
    );
  return {
    /** When that flight went out, and when it was said again, counted from then. */
    repeats(role: Role, first: string) {
      const [sent = Number.NaN] = timesOf(role, 'flight', first);
      return { sent, after: timesOf(role, 'retransmission', first).map((t) => t - sent) };
    },
    retransmissions: (role: Role) =>
      recorder.events.filter((event) => event.kind === 'retransmission' && event.conn === role),
    phase: (role: Role) => (role === 'client' ? client : server).core.phase(),
  };
}

const within = (sent: number): number[] => SCHEDULE.filter((ms) => sent + ms <= 250_000);

describe.each(VERSIONS)('flights of %s on the clock of the simulator', (_name, both) => {
  it('the first of a client that nobody hears', () => {
    expect(run(both, 0).repeats('client', 'client_hello')).toEqual({ sent: 0, after: SCHEDULE });
  });

  it('that of a server whose client is gone, and that of the client who hears no answer', () => {
    const seen = run(both, LATENCY + 5);
    expect(seen.repeats('server', 'server_hello')).toEqual({ sent: LATENCY, after: within(LATENCY) });
    expect(seen.repeats('client', 'client_hello')).toEqual({ sent: 0, after: SCHEDULE });
  });
});

describe('the last flights on the clock of the simulator', () => {
  it('of DTLS 1.2: the client repeats its own, the server waits to be asked', () => {
    const seen = run(ONLY12, 3 * LATENCY + 5);
    const sent = 2 * LATENCY;
    expect(seen.repeats('client', 'client_key_exchange')).toEqual({ sent, after: within(sent) });
    expect([seen.phase('client'), seen.phase('server')]).toEqual(['handshake', 'open']);
    expect(seen.retransmissions('server')).toEqual([]);
  });

  it('of DTLS 1.3: a Finished without ACK, and the flight that it answers', () => {
    const seen = run(ONLY13, 2 * LATENCY + 5);
    const sent = 2 * LATENCY;
    expect(seen.repeats('client', 'finished')).toEqual({ sent, after: within(sent) });
    expect(seen.repeats('server', 'server_hello')).toEqual({ sent: LATENCY, after: within(LATENCY) });
  });

  it('of DTLS 1.3: tickets without ACK', () => {
    const seen = run(ONLY13, 3 * LATENCY + 5);
    const sent = 3 * LATENCY;
    expect(seen.repeats('server', 'new_session_ticket')).toEqual({ sent, after: within(sent) });
  });

  it('nothing is repeated when everything arrives', () => {
    for (const [, both] of VERSIONS) {
      const seen = run(both, 250_000);
      expect([seen.phase('client'), seen.phase('server')]).toEqual(['open', 'open']);
      expect([...seen.retransmissions('client'), ...seen.retransmissions('server')]).toEqual([]);
    }
  });
});
