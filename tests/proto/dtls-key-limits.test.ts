import { describe, expect, it } from 'vitest';
import { keyLimits } from '../../src/crypto/aead-limits.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';
import {
  connect,
  type DtlsEnd,
  type DtlsOptions,
  dataOf,
  dtlsPair,
  type Fate,
  factsOf,
  isOpen,
  lossy,
  type Network,
  ONLY12,
  ONLY13,
} from './dtls-pair.ts';

function opened(options: DtlsOptions, fate?: Fate) {
  const pair = dtlsPair(options);
  const network = connect(pair, fate);
  network.run(20_000, () => isOpen(pair));
  network.run(20_000);
  if (!isOpen(pair)) throw new Error('no handshake');
  return { ...pair, network };
}

/** Gives that end a record of the epoch that nobody sealed. */
function forge({ core }: DtlsEnd, network: Network, epoch: number, version: '1.2' | '1.3'): void {
  const body = new Array<number>(32).fill(network.sent.length % 251);
  const data =
    version === '1.3'
      ? Uint8Array.of(0x2c | (epoch & 3), 0, 9, 0, 32, ...body)
      : Uint8Array.of(23, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 1, 0, 0, 32, ...body);
  core.receive(network.now, { kind: 'bytes', data });
}

const recordsSent = (end: DtlsEnd) => factsOf(end, 'record').filter(({ by }) => by === 'local');

const sentEpochs = (end: DtlsEnd): number[] => {
  const data = recordsSent(end).filter(({ name }) => name === 'application_data');
  return [...new Set(data.map(({ epoch = 0 }) => epoch))];
};

describe('how much one key may be used for (RFC 9846 §5.5, RFC 9147 §4.5.3)', () => {
  it.each([
    ['aes-128-gcm', 2 ** 24.5, 2 ** 36],
    ['aes-256-gcm', 2 ** 24.5, 2 ** 36],
    ['chacha20-poly1305', Number.POSITIVE_INFINITY, 2 ** 36],
    ['aes-128-ccm', 2 ** 23, 2 ** 23.5],
    ['aes-128-ccm-8', 2 ** 23, 2 ** 16],
  ] as const)('%s', (aead, records, forgeries) => {
    expect(keyLimits(aead)).toEqual({ records, forgeries });
    expect(keyLimits(aead, { records: 5 })).toEqual({ records: 5, forgeries });
    // Nobody may ask for more.
    expect(keyLimits(aead, { forgeries: 2 ** 40 }).forgeries).toBe(forgeries);
  });
});

describe('records sealed with one key', () => {
  it('are followed by a KeyUpdate in DTLS 1.3, and nothing is lost over it', () => {
    const { client, server, network } = opened({ both: ONLY13, client: { keyLimits: { records: 20 } } });
    const words = Array.from({ length: 60 }, (_, i) => `word ${i}`);
    for (const word of words) {
      expect(client.core.sendData(ascii(word))).toBe(true);
      network.run(1000);
    }
    expect(dataOf(server).map(fromAscii)).toEqual(words);
    const updates = factsOf(client, 'key-update');
    expect(updates.every(({ by, requested }) => by === 'local' && !requested)).toBe(true);
    expect(updates.length).toBeGreaterThanOrEqual(4);
    expect(updates.length).toBeLessThanOrEqual(8);
    expect(sentEpochs(client)).toEqual(sentEpochs(client).map((_, i) => 3 + i));
    const perEpoch = sentEpochs(client).map(
      (one) => recordsSent(client).filter(({ epoch }) => epoch === one).length,
    );
    expect(Math.max(...perEpoch)).toBeLessThanOrEqual(20);
    expect(factsOf(server, 'key-update').filter(({ by }) => by === 'local')).toEqual([]);
  });

  it('change over a bad network too', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const both = { ...ONLY13, keyLimits: { records: 120 } };
      const { client, server, network } = opened({ both, seed }, lossy(seed, 200));
      for (let i = 0; i < 250; i++) {
        client.core.sendData(Uint8Array.of(i));
        server.core.sendData(Uint8Array.of(i));
        network.run(500);
      }
      network.run(60_000);
      const ends = [client, server];
      expect(
        ends.flatMap((end) => factsOf(end, 'fault')),
        `seed ${seed}`,
      ).toEqual([]);
      for (const end of ends) {
        expect(end.core.phase()).toBe('open');
        // A fifth is lost, and what was sealed with keys that are not there yet is kept for them.
        expect(dataOf(end).length).toBeGreaterThan(150);
        expect(Math.max(...sentEpochs(end))).toBeGreaterThan(4);
      }
    }
  });

  it('are no more than the limit when the KeyUpdate gets no ACK', () => {
    let deaf = false;
    const fate: Fate = (from) => (deaf && from === 'server' ? [] : [1]);
    const { client, network } = opened({ both: ONLY13, client: { keyLimits: { records: 20 } } }, fate);
    deaf = true;
    let taken = 0;
    for (let i = 0; i < 40; i++) {
      if (client.core.sendData(ascii('x'))) taken++;
      network.run(1);
    }
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(20);
    expect(client.core.phase()).toBe('failed');
    expect(factsOf(client, 'fault')).toMatchObject([{ blame: 'local', rule: 'key-used-up', alert: 80 }]);
  });

  it('end an association of DTLS 1.2, which cannot change keys', () => {
    const { client, server, network } = opened({ both: ONLY12, client: { keyLimits: { records: 10 } } });
    let taken = 0;
    for (let i = 0; i < 20; i++) if (client.core.sendData(ascii('x'))) taken++;
    network.run(1000);
    // The Finished was one of the ten.
    expect(taken).toBe(9);
    expect(factsOf(client, 'fault')).toMatchObject([{ rule: 'key-used-up' }]);
    expect(server.steps.at(-1)).toMatchObject({ kind: 'alert', means: 'fatal', description: 80 });
  });
});

describe('records that do not open', () => {
  const limited = { server: { keyLimits: { forgeries: 10 } } };

  it('make a side of DTLS 1.3 ask for other keys half-way to the limit, and go on with those', () => {
    const { client, server, network } = opened({ both: ONLY13, ...limited });
    for (let i = 0; i < 4; i++) forge(server, network, 3, '1.3');
    network.run(1000);
    expect(factsOf(server, 'key-update')).toEqual([]);
    forge(server, network, 3, '1.3');
    network.run(1000);
    expect(factsOf(server, 'key-update')).toMatchObject([
      { by: 'local', requested: true },
      { by: 'peer', requested: false },
    ]);
    // The limit of the old keys drops these, and nothing else.
    for (let i = 0; i < 20; i++) forge(server, network, 3, '1.3');
    client.core.sendData(ascii('still here'));
    network.run(1000);
    expect(dataOf(server).map(fromAscii)).toEqual(['still here']);
    const reasons = factsOf(server, 'dropped').map(({ reason }) => reason);
    expect(reasons).toEqual([...new Array(10).fill('undecryptable'), ...new Array(15).fill('no-keys')]);
    // The new keys have a count of their own.
    for (let i = 0; i < 4; i++) forge(server, network, 4, '1.3');
    network.run(1000);
    expect(factsOf(server, 'key-update')).toHaveLength(2);
    expect(server.core.phase()).toBe('open');
  });

  it('end the association when the limit is reached and no new keys have come', () => {
    let deaf = false;
    const { client, server, network } = opened({ both: ONLY13, ...limited }, (from) =>
      deaf && from === 'client' ? [] : [1],
    );
    deaf = true;
    for (let i = 0; i < 9; i++) forge(server, network, 3, '1.3');
    network.run(10);
    expect(server.core.phase()).toBe('open');
    forge(server, network, 3, '1.3');
    network.run(10);
    expect(server.core.phase()).toBe('failed');
    expect(server.steps.at(-1)).toMatchObject({
      kind: 'fault',
      fault: { blame: 'local', rule: 'too-many-forgeries', alert: 20 },
    });
    expect(client.steps.at(-1)).toMatchObject({ kind: 'alert', means: 'fatal', description: 20 });
  });

  it('end an association of DTLS 1.2 at the limit', () => {
    const { client, server, network } = opened({ both: ONLY12, ...limited });
    for (let i = 0; i < 9; i++) forge(server, network, 1, '1.2');
    client.core.sendData(ascii('still here'));
    network.run(10);
    expect([server.core.phase(), dataOf(server).map(fromAscii)]).toEqual(['open', ['still here']]);
    forge(server, network, 1, '1.2');
    network.run(10);
    expect(factsOf(server, 'fault')).toMatchObject([{ rule: 'too-many-forgeries', alert: 20 }]);
    expect(client.core.phase()).toBe('failed');
  });

  it('of an epoch without keys, or already seen, are nobody’s attempt', () => {
    const { server, network } = opened({ both: ONLY13, ...limited });
    const clientsData = network.sent.filter(({ from }) => from === 'client').map(({ datagram }) => datagram);
    for (let i = 0; i < 30; i++) {
      forge(server, network, 5, '1.3');
      for (const data of clientsData) server.core.receive(network.now, { kind: 'bytes', data });
    }
    network.run(5000);
    expect(server.core.phase()).toBe('open');
    expect(factsOf(server, 'key-update')).toEqual([]);
  });
});
