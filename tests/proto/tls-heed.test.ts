import { describe, expect, it } from 'vitest';
import { connect, drain, factsOf, type Pair, receive, standInPair, stepAll } from './tls-pair.ts';
import { keyUpdateMessage } from './tls-stand-in.ts';

const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
const VERSIONS = [0x0303, 0x0304] as const;

/** What the server makes of a record of the client that it does not mean to obey. */
function told({ client, server }: Pair, type: number, content: readonly number[]): string[] {
  receive(server.core, 0, client.core.raw.record(type, Uint8Array.from(content)));
  const kinds: string[] = [];
  while (server.core.ready()) kinds.push(server.core.step(0, 'nothing').kind);
  expect(server.core.phase()).toBe('open');
  expect(server.core.peekTransmit()).toBeUndefined();
  return kinds;
}

describe.each(VERSIONS)('a step that obeys nothing, version %i', (version) => {
  it('tells of fatal alerts, closures and data, and goes on', () => {
    const pair = connect(standInPair(version));
    expect(told(pair, ALERT, [2, 80])).toEqual(['alert']);
    expect(told(pair, ALERT, [1, 0])).toEqual(['alert']);
    expect(told(pair, DATA, [7, 7])).toEqual(['data']);
    expect(factsOf(pair.server, 'alert').map((fact) => fact.description)).toEqual([80, 0]);
    expect(factsOf(pair.server, 'data')).toEqual([{ kind: 'data', by: 'peer', bytes: 2, afterClose: true }]);
  });

  it('tells of messages that do not belong there', () => {
    const pair = connect(standInPair(version));
    expect(told(pair, HANDSHAKE, [1, 0, 0, 0])).toEqual(['ignored']);
    expect(factsOf(pair.server, 'handshake.message').at(-1)).toMatchObject({ by: 'peer', type: 1 });
  });

  it('tells of a record that does not decrypt, and sends no alert', () => {
    const pair = connect(standInPair(version));
    receive(pair.server.core, 0, Uint8Array.of(DATA, 3, 3, 0, 30, ...new Uint8Array(30)));
    expect(pair.server.core.step(0, 'nothing').kind).toBe('ignored');
    expect(factsOf(pair.server, 'fault')).toMatchObject([{ rule: 'bad-record-mac', blame: 'peer' }]);
    expect(pair.server.core.peekTransmit()).toBeUndefined();
  });
});

it('a step that obeys nothing changes keys all the same', () => {
  const pair = connect(standInPair(0x0304));
  pair.client.core.keyUpdate(false);
  pair.client.core.sendData(Uint8Array.of(1, 2, 3));
  receive(pair.server.core, 0, ...drain(pair.client.core));
  expect([0, 1].map(() => pair.server.core.step(0, 'nothing').kind)).toEqual(['ignored', 'data']);
});

it('TLS 1.2 handshake messages can be dropped unread, and nothing else', () => {
  const { client, server } = connect(standInPair(0x0303));
  const { record } = client.core.raw;
  receive(server.core, 0, record(HANDSHAKE, keyUpdateMessage(false)), record(DATA, Uint8Array.of(5)));
  expect(server.core.step(0, 'no-handshake')).toEqual({ kind: 'progress', what: 'handshake' });
  expect(server.core.step(0, 'no-handshake')).toEqual({ kind: 'data', data: Uint8Array.of(5) });
});

describe.each(VERSIONS)('a connection that is restarted, version %i', (version) => {
  it('shakes hands again, in the clear', () => {
    const { client, server } = connect(standInPair(version));
    client.core.restart?.();
    server.core.restart?.();
    expect([client.core.phase(), client.core.version(), client.core.session()]).toEqual([
      'idle',
      undefined,
      undefined,
    ]);
    connect({ client, server });
    expect(client.core.sendData(Uint8Array.of(1))).toBe(true);
    receive(server.core, 0, ...drain(client.core));
    expect(stepAll(server.core)).toEqual([{ kind: 'data', data: Uint8Array.of(1) }]);
  });

  it('keeps what was received and not read', () => {
    const { client, server } = connect(standInPair(version));
    receive(server.core, 0, client.core.raw.record(DATA, Uint8Array.of(1)));
    const unread = server.core.unread();
    server.core.restart?.();
    expect([unread > 0, server.core.unread()]).toEqual([true, unread]);
  });
});
