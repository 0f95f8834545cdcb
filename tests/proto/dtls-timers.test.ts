import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/proto/role.ts';
import type { Millis } from '../../src/timeline/event.ts';
import {
  connect,
  dtlsEnd,
  dtlsPair,
  type Fate,
  factsOf,
  isOpen,
  ONLY12,
  ONLY13,
  TICKETS,
} from './dtls-pair.ts';

const VERSIONS = [
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const;

/** Loses the datagrams with these places among what that side sends. */
function losing(role: Role, ...lost: readonly number[]): Fate {
  let count = 0;
  return (from) => (from === role && lost.includes(count++) ? [] : [1]);
}

describe.each(VERSIONS)('the retransmission timer of %s', (_name, both) => {
  it('starts at one second, doubles, and stays at sixty (RFC 6347 §4.2.4.1, RFC 9147 §5.8.2)', () => {
    const { core } = dtlsEnd('client', { both });
    core.start(0);
    const waits: Millis[] = [];
    let last = 0;
    for (let i = 0; i < 9; i++) {
      while (core.peekTransmit() !== undefined) core.transmitted();
      const due = core.pollTimeout() ?? Number.NaN;
      waits.push(due - last);
      core.handleTimeout(due - 1);
      expect(core.peekTransmit()).toBeUndefined();
      core.handleTimeout(due);
      expect(core.peekTransmit()).toBeDefined();
      last = due;
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('takes other values', () => {
    const { core } = dtlsEnd('client', { both: { ...both, retransmit: { initialMs: 400, maxMs: 1000 } } });
    core.start(50);
    const waits: (Millis | undefined)[] = [core.pollTimeout()];
    core.handleTimeout(450);
    waits.push(core.pollTimeout());
    core.handleTimeout(1250);
    waits.push(core.pollTimeout());
    expect(waits).toEqual([450, 1250, 2250]);
  });

  it('sends again what was lost when it runs out, and not before', () => {
    const pair = dtlsPair({ both });
    const network = connect(pair, losing('client', 0));
    network.run(5000, () => isOpen(pair));
    const [first, second] = network.sent;
    expect([first?.at, second?.at]).toEqual([0, 1000]);
    expect(factsOf(pair.client, 'retransmission')).toMatchObject([
      { by: 'local', why: 'timeout', messages: ['client_hello'], attempt: 1, waitedMs: 1000 },
    ]);
    expect(isOpen(pair)).toBe(true);
  });

  it('keeps its value until something comes through at the first try', () => {
    const pair = dtlsPair({ both });
    const network = connect(pair, losing('client', 0, 2));
    network.run(20_000, () => isOpen(pair));
    const repeats = factsOf(pair.client, 'retransmission').filter(({ by }) => by === 'local');
    expect(repeats.map(({ waitedMs }) => waitedMs)).toContain(1000);
    expect(Math.max(...repeats.map(({ waitedMs }) => waitedMs ?? 0))).toBeLessThanOrEqual(2000);
    expect(isOpen(pair)).toBe(true);
  });

  it('gives up after so many tries, if it is told to, and says why', () => {
    const { core, facts } = dtlsEnd('client', { both: { ...both, retransmit: { tries: 2 } } });
    core.start(0);
    for (const due of [1000, 3000, 7000]) {
      expect(core.pollTimeout()).toBe(due);
      core.handleTimeout(due);
    }
    expect(core.pollTimeout()).toBeUndefined();
    expect(core.phase()).toBe('failed');
    expect(core.step(7000)).toMatchObject({ kind: 'fault', fault: { rule: 'handshake-timeout' } });
    expect(facts).toContainEqual(
      expect.objectContaining({ kind: 'handshake.failed', blame: 'network', rule: 'handshake-timeout' }),
    );
  });
});

describe('the last flight of DTLS 1.2', () => {
  it('has no timer, and is said again when the peer repeats its own', () => {
    const pair = dtlsPair({ both: ONLY12 });
    // The server's second datagram is its ticket-less CCS and Finished.
    const network = connect(pair, losing('server', 1));
    network.run(500);
    expect(pair.server.core.phase()).toBe('open');
    expect(pair.server.core.pollTimeout()).toBeUndefined();
    expect(pair.client.core.phase()).toBe('handshake');
    network.run(5000, () => isOpen(pair));
    expect(isOpen(pair)).toBe(true);
    expect(factsOf(pair.server, 'retransmission').map(({ by, why }) => [by, why])).toEqual([
      ['peer', 'timeout'],
      ['local', 'peer-repeats'],
    ]);
  });
});

describe('the last flight of a resumed handshake of DTLS 1.2', () => {
  it('is the client’s, and is said again when the server repeats its own', () => {
    const both = { ...ONLY12 };
    const first = dtlsPair({ both, server: { tickets: TICKETS } });
    connect(first).run(5000);
    const session = first.client.core.session();
    if (session === undefined) throw new Error('no session');
    const pair = dtlsPair({ both, server: { tickets: TICKETS }, client: { session }, seed: 8 });
    const network = connect(pair, losing('client', 1));
    network.run(500);
    expect([pair.client.core.phase(), pair.server.core.phase()]).toEqual(['open', 'handshake']);
    expect(pair.client.core.pollTimeout()).toBeUndefined();
    network.run(5000, () => isOpen(pair));
    expect([isOpen(pair), pair.server.core.resumed()]).toEqual([true, true]);
    expect(network.now).toBeLessThan(1010);
    expect(factsOf(pair.client, 'retransmission').map(({ by, why }) => [by, why])).toEqual([
      ['peer', 'timeout'],
      ['local', 'peer-repeats'],
    ]);
  });
});

describe('acknowledgements of DTLS 1.3 (RFC 9147 §7)', () => {
  it('end the repetition of the last flight', () => {
    const pair = dtlsPair({ both: ONLY13 });
    connect(pair).run(5000);
    expect(factsOf(pair.server, 'ack')).toMatchObject([{ by: 'local', records: [{ epoch: 2 }] }]);
    expect(factsOf(pair.client, 'ack')).toMatchObject([{ by: 'peer', records: [{ epoch: 2 }] }]);
    expect(pair.client.core.pollTimeout()).toBeUndefined();
  });

  it('are given again for a Finished that comes again', () => {
    const pair = dtlsPair({ both: ONLY13 });
    const network = connect(pair, losing('server', 1));
    network.run(5000);
    expect(factsOf(pair.server, 'ack')).toHaveLength(2);
    expect(factsOf(pair.client, 'retransmission')).toMatchObject([
      { messages: ['finished'], waitedMs: 1000 },
    ]);
    expect(pair.client.core.pollTimeout()).toBeUndefined();
  });

  it('come 250 ms after a flight whose end is missing', () => {
    const options = { both: { ...ONLY13, mtu: 200 } };
    const whole = connect(dtlsPair(options));
    whole.run(1);
    const pieces = whole.sent.filter(({ from }) => from === 'server').length;
    expect(pieces).toBeGreaterThan(2);
    const pair = dtlsPair(options);
    const network = connect(pair, losing('server', pieces - 1));
    network.run(900);
    const answers = network.sent.filter(({ from, at }) => from === 'client' && at > 0);
    // The flight left after 1 ms and was there after 2.
    expect(answers.map(({ at }) => at)).toEqual([2 + 250]);
    expect(factsOf(pair.client, 'ack')).toMatchObject([{ by: 'local' }]);
  });

  it('come a quarter of the retransmission time after a flight that is not whole, and spare what has come', () => {
    const pair = dtlsPair({ both: { ...ONLY13, mtu: 200 } });
    // ServerHello comes, and some of what follows; the last piece does not.
    let count = 0;
    const network = connect(pair, (from) => (from === 'server' && count++ === 1 ? [] : [1]));
    network.run(5000, () => isOpen(pair));
    expect(isOpen(pair)).toBe(true);
    const [ack] = factsOf(pair.client, 'ack');
    expect(ack).toMatchObject({ by: 'local' });
    const repeated = network.sent.filter(({ from, at }) => from === 'server' && at >= 1000);
    const flight = network.sent.filter(({ from, at }) => from === 'server' && at < 10);
    expect(repeated.length).toBeLessThan(flight.length);
  });
});
