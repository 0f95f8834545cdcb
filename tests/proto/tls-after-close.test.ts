import { describe, expect, it } from 'vitest';
import { ascii } from '../../src/wire/bytes.ts';
import { connect, drain, factsOf, type Pair, receive, standInPair, stepAll } from './tls-pair.ts';
import { TICKET_13 } from './tls-stand-in.ts';

/** The server has read the client's close_notify. */
function closed(version: 0x0303 | 0x0304): Pair {
  const pair = connect(standInPair(version));
  pair.client.core.sendAlert(1, 0);
  receive(pair.server.core, 0, ...drain(pair.client.core));
  expect(stepAll(pair.server.core)).toEqual([{ kind: 'alert', means: 'closure', level: 1, description: 0 }]);
  return pair;
}

describe.each([0x0303, 0x0304] as const)('behind the close_notify of the peer, version %i', (version) => {
  it('data is ignored, and noted', () => {
    const { client, server } = closed(version);
    client.core.sendData(Uint8Array.of(1, 2, 3));
    receive(server.core, 0, ...drain(client.core));
    expect(stepAll(server.core)).toEqual([{ kind: 'ignored', bytes: 3, data: Uint8Array.of(1, 2, 3) }]);
    expect(factsOf(server, 'data')).toEqual([{ kind: 'data', by: 'peer', bytes: 3, afterClose: true }]);
  });

  it('another close_notify is told again', () => {
    const { client, server } = closed(version);
    client.core.sendAlert(1, 0);
    receive(server.core, 0, ...drain(client.core));
    expect(stepAll(server.core)).toEqual([{ kind: 'alert', means: 'closure', level: 1, description: 0 }]);
  });

  it('the other direction is untouched', () => {
    const { client, server } = closed(version);
    expect(server.core.sendData(Uint8Array.of(9))).toBe(true);
    receive(client.core, 0, ...drain(server.core));
    expect(stepAll(client.core)).toEqual([{ kind: 'data', data: Uint8Array.of(9) }]);
  });

  it.each([
    ['a record that does not decrypt', Uint8Array.of(23, 3, 3, 0, 4, 1, 2, 3, 4)],
    ['half an alert', undefined],
    ['text', ascii('220 ready\r\n')],
  ])('%s breaks no rule any more', (_what, bytes) => {
    const { client, server } = closed(version);
    receive(server.core, 0, bytes ?? client.core.raw.record(21, Uint8Array.of(1)));
    expect(server.core.ready()).toBe(true);
    expect(stepAll(server.core).map((step) => step.kind)).toEqual(['ignored']);
    expect(server.core.unread()).toBe(0);
    expect(factsOf(server, 'fault')).toEqual([]);
    expect(server.core.phase()).toBe('open');
    expect(server.core.peekTransmit()).toBeUndefined();
  });

  it('what was not stepped can be taken for another protocol', () => {
    const { server } = closed(version);
    receive(server.core, 0, ascii('plain text'));
    expect(server.core.takeUnread()).toEqual(ascii('plain text'));
  });

  it('the end is clean', () => {
    const { server } = closed(version);
    receive(server.core, 0, Uint8Array.of(1, 2, 3));
    server.core.receive(0, { kind: 'fin', certainty: 'sure' });
    expect(stepAll(server.core)).toEqual([{ kind: 'eof', partial: 3, certainty: 'sure' }]);
    expect(factsOf(server, 'eof')).toEqual([{ kind: 'eof', verdict: 'clean', partialRecord: 3 }]);
  });
});

it('a ticket behind the close_notify of the server is ignored', () => {
  const { client, server } = connect(standInPair(0x0304));
  server.core.sendAlert(1, 0);
  receive(client.core, 0, ...drain(server.core), server.core.raw.record(22, TICKET_13));
  expect(stepAll(client.core).map((step) => step.kind)).toEqual(['alert', 'ignored']);
  expect(client.core.ticketsReceived()).toBe(0);
});
