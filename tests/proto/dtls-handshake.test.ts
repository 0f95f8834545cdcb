import { describe, expect, it } from 'vitest';
import { SUITES } from '../../src/crypto/suites.ts';
import type { Session } from '../../src/proto/handshake/session.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';
import {
  connect,
  type DtlsOptions,
  dataOf,
  dtlsPair,
  factsOf,
  isOpen,
  lossy,
  ONLY12,
  ONLY13,
  TICKETS,
} from './dtls-pair.ts';

const VERSIONS = [
  ['DTLSv1.2', ONLY12],
  ['DTLSv1.3', ONLY13],
] as const;

describe.each(VERSIONS)('%s', (name, both) => {
  it('shakes hands, carries data both ways and closes', () => {
    const pair = dtlsPair({ both });
    const { client, server } = pair;
    const network = connect(pair);
    network.run(5000, () => isOpen(pair));
    expect([client.core.version(), server.core.version()]).toEqual([name, name]);
    expect(client.core.sendData(ascii('ping'))).toBe(true);
    expect(server.core.sendData(ascii('pong'))).toBe(true);
    network.run(5000);
    expect(dataOf(client).map(fromAscii)).toEqual(['pong']);
    expect(dataOf(server).map(fromAscii)).toEqual(['ping']);
    client.core.sendAlert(1, 0);
    network.run(5000);
    expect(server.steps.at(-1)).toMatchObject({ kind: 'alert', means: 'closure' });
    expect([client, server].flatMap((end) => factsOf(end, 'retransmission'))).toEqual([]);
    expect([client, server].flatMap((end) => factsOf(end, 'dropped'))).toEqual([]);
    expect([client.core.pollTimeout(), server.core.pollTimeout()]).toEqual([undefined, undefined]);
  });

  it('fits its flights to a small MTU', () => {
    const pair = dtlsPair({ both: { ...both, mtu: 128 } });
    const network = connect(pair);
    network.run(5000, () => isOpen(pair));
    expect(isOpen(pair)).toBe(true);
    expect(Math.max(...network.sent.map(({ datagram }) => datagram.length))).toBeLessThanOrEqual(128);
    expect(network.sent.length).toBeGreaterThan(6);
  });

  it('resumes a session', () => {
    const first = dtlsPair({ both, server: { tickets: TICKETS } });
    connect(first).run(5000);
    const session = first.client.core.session();
    if (session === undefined) throw new Error('no session');
    const second = dtlsPair({ both, server: { tickets: TICKETS }, client: { session }, seed: 8 });
    connect(second).run(5000);
    expect(isOpen(second)).toBe(true);
    expect([second.client.core.resumed(), second.server.core.resumed()]).toEqual([true, true]);
  });

  it('completes over a network that loses, repeats and reorders', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const mtu = seed % 3 === 0 ? 150 : 1200;
      const options: DtlsOptions = { both: { ...both, mtu }, server: { tickets: TICKETS }, seed };
      const pair = dtlsPair(options);
      const network = connect(pair, lossy(seed, 300));
      network.run(600_000, () => isOpen(pair));
      expect(isOpen(pair), `seed ${seed}`).toBe(true);
      network.run(600_000);
      const faults = [pair.client, pair.server].flatMap((end) => factsOf(end, 'fault'));
      expect(faults, `seed ${seed}`).toEqual([]);
      expect(pair.client.core.ticketsReceived(), `seed ${seed}`).toBe(name === 'DTLSv1.3' ? 2 : 1);
    }
  });
});

it('a session of DTLS 1.2 resumes by its ID too', () => {
  const sessions = new Map<string, Session>();
  const sessionCache = {
    store: (id: Uint8Array, session: Session) => void sessions.set(id.join(), session),
    find: (id: Uint8Array) => sessions.get(id.join()),
  };
  const first = dtlsPair({ both: ONLY12, server: { sessionCache } });
  connect(first).run(5000);
  const session = first.client.core.session();
  expect([sessions.size, session?.ticket]).toEqual([1, undefined]);
  if (session === undefined) throw new Error('no session');
  const second = dtlsPair({ both: ONLY12, server: { sessionCache }, client: { session }, seed: 8 });
  connect(second).run(5000);
  expect([second.client.core.resumed(), second.server.core.resumed()]).toEqual([true, true]);
});

describe('every cipher suite', () => {
  const psk = { identity: ascii('sensor-7'), key: new Uint8Array(16).fill(9) };
  const pskKeys = { find: (): Uint8Array => psk.key };
  // The certificates of these tests have Ed25519 keys.
  const suites = SUITES.filter(({ auth }) => auth !== 'rsa');

  it.each(suites.map((suite) => [suite.name, suite] as const))('%s protects records', (name, suite) => {
    const both = { versions: [suite.version], suites: [suite.id] } as const;
    const withPsk = name.includes('PSK');
    const pair = dtlsPair({
      both,
      ...(withPsk && { client: { psk }, server: { pskKeys } }),
    });
    const { client, server } = pair;
    const network = connect(pair);
    network.run(5000, () => isOpen(pair));
    for (const text of ['', 'x', 'y'.repeat(40)].map(ascii)) client.core.sendData(text);
    server.core.sendData(ascii('z'));
    network.run(5000);
    expect(dataOf(server).map((data) => data.length)).toEqual([1, 40]);
    expect(dataOf(client)).toHaveLength(1);
    expect(factsOf(client, 'handshake.completed')).toMatchObject([{ suite: name }]);
    expect([client, server].flatMap((end) => factsOf(end, 'dropped'))).toEqual([]);
  });
});
