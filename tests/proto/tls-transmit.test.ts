import { describe, expect, it } from 'vitest';
import { concat } from '../../src/wire/bytes.ts';
import { connect, drain, factsOf, receive, standInEnd, standInPair, stepAll } from './tls-pair.ts';

describe.each([0x0303, 0x0304] as const)('what a core sends, version 0x%s', (version) => {
  it('completes a handshake on both sides and says which version', () => {
    const { client, server } = connect(standInPair(version));
    for (const { core } of [client, server]) {
      expect(core.phase()).toBe('open');
      expect(core.version()).toBe(version === 0x0304 ? 'TLSv1.3' : 'TLSv1.2');
    }
  });

  it('puts a flight into one unit', () => {
    const client = standInEnd('client', version);
    const server = standInEnd('server', version);
    client.core.start(0);
    server.core.start(0);
    const hello = drain(client.core);
    expect(hello).toHaveLength(1);
    receive(server.core, 0, ...hello);
    stepAll(server.core);
    expect(drain(server.core)).toHaveLength(1);
  });

  it('uses record version 0x0301 for the first ClientHello only', () => {
    const pair = standInPair(version);
    pair.client.core.start(0);
    expect(pair.client.core.peekTransmit()?.subarray(0, 3)).toEqual(Uint8Array.of(22, 3, 1));
    pair.server.core.start(0);
    receive(pair.server.core, 0, ...drain(pair.client.core));
    stepAll(pair.server.core);
    const flight = concat(...drain(pair.server.core));
    expect(flight.subarray(0, 3)).toEqual(Uint8Array.of(22, 3, 3));
    receive(pair.client.core, 0, flight);
    stepAll(pair.client.core);
    expect(concat(...drain(pair.client.core)).subarray(1, 3)).toEqual(Uint8Array.of(3, 3));
  });

  it('splits 100 kB into seven records, one unit each, and the peer reads them all', () => {
    const { client, server } = connect(standInPair(version));
    const data = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
    expect(client.core.sendData(data)).toBe(true);
    const units = drain(client.core);
    expect(units).toHaveLength(7);
    receive(server.core, 0, ...units);
    const got = stepAll(server.core).map((step) => (step.kind === 'data' ? step.data : new Uint8Array(0)));
    expect(concat(...got)).toEqual(data);
    expect(factsOf(client, 'data').map((fact) => fact.bytes)).toEqual([
      16384, 16384, 16384, 16384, 16384, 16384, 1696,
    ]);
  });

  it('refuses data before the handshake is over', () => {
    const client = standInEnd('client', version);
    expect(client.core.sendData(Uint8Array.of(1))).toBe(false);
    client.core.start(0);
    expect(client.core.sendData(Uint8Array.of(1))).toBe(false);
  });

  it('keeps a unit until it was transmitted, and only then makes facts of it', () => {
    const { client } = connect(standInPair(version));
    const before = client.facts.length;
    client.core.sendAlert(1, 0);
    const unit = client.core.peekTransmit();
    expect(client.core.peekTransmit()).toBe(unit);
    expect(client.facts).toHaveLength(before);
    client.core.transmitted();
    expect(client.core.peekTransmit()).toBeUndefined();
    expect(client.facts.slice(before).map((fact) => fact.kind)).toEqual(['record', 'alert']);
    expect(factsOf(client, 'alert')).toEqual([
      {
        kind: 'alert',
        by: 'local',
        level: 1,
        levelName: 'warning',
        description: 0,
        descriptionName: 'close_notify',
        protected: true,
      },
    ]);
  });

  it('forgets what is discarded, facts and all', () => {
    const { client } = connect(standInPair(version));
    const before = client.facts.length;
    client.core.sendData(Uint8Array.of(1, 2));
    client.core.sendAlert(1, 0);
    client.core.discardTransmit();
    expect(client.core.peekTransmit()).toBeUndefined();
    client.core.transmitted();
    expect(client.facts).toHaveLength(before);
  });

  it('marks data that follows its own close_notify', () => {
    const { client, server } = connect(standInPair(version));
    client.core.sendAlert(1, 0);
    expect(client.core.sendData(Uint8Array.of(1, 2, 3))).toBe(true);
    receive(server.core, 0, ...drain(client.core));
    expect(factsOf(client, 'data')).toEqual([{ kind: 'data', by: 'local', bytes: 3, afterClose: true }]);
    stepAll(server.core);
    expect(factsOf(server, 'data')).toEqual([{ kind: 'data', by: 'peer', bytes: 3, afterClose: true }]);
  });

  it('sends change_cipher_spec once, and says so on both sides', () => {
    const { client, server } = connect(standInPair(version));
    for (const end of [client, server]) {
      expect(
        factsOf(end, 'change-cipher-spec')
          .map((fact) => fact.by)
          .sort(),
      ).toEqual(['local', 'peer']);
    }
  });

  it('keeps protected records to the limit of the peer', () => {
    const pair = connect(standInPair(version, { recordSizeLimit: 200, config: { recordSizeLimit: 200 } }));
    pair.client.core.sendData(new Uint8Array(500));
    const units = drain(pair.client.core);
    const content = version === 0x0304 ? 199 : 200;
    expect(factsOf(pair.client, 'data').map((fact) => fact.bytes)).toEqual([
      content,
      content,
      500 - 2 * content,
    ]);
    receive(pair.server.core, 0, ...units);
    expect(stepAll(pair.server.core).map((step) => step.kind)).toEqual(['data', 'data', 'data']);
  });

  it('reports the handshake in facts of both directions', () => {
    const { client } = connect(standInPair(version));
    expect(client.facts[0]).toEqual({ kind: 'handshake.started', role: 'client', serverName: 'example.net' });
    const names = factsOf(client, 'handshake.message').map((fact) => `${fact.by} ${fact.name}`);
    expect(names.slice(0, 2)).toEqual(['local client_hello', 'peer server_hello']);
    expect(names).toContain('local finished');
    expect(names).toContain('peer finished');
    const hello = factsOf(client, 'record')[0];
    expect(hello).toEqual({
      kind: 'record',
      by: 'local',
      type: 22,
      name: 'handshake',
      bytes: 109,
      protected: false,
    });
  });

  it('lets a script send anything, whole', () => {
    const { client, server } = connect(standInPair(version));
    const record = client.core.raw.record(21, Uint8Array.of(9, 0));
    expect(client.core.peekTransmit()).toBeUndefined();
    client.core.raw.send(record);
    expect(client.core.peekTransmit()).toBe(record);
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    expect(factsOf(server, 'alert')[0]).toMatchObject({ by: 'peer', level: 9, levelName: 'level(9)' });
  });
});
