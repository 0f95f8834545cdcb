import { describe, expect, it } from 'vitest';
import type { ExtraExtension } from '../../src/proto/handshake/flavor.ts';
import { concat } from '../../src/wire/bytes.ts';
import { EXTENSION } from '../../src/wire/extensions.ts';
import { decodeClientHello, encodeClientHello } from '../../src/wire/hello.ts';
import { encodeRecordHeader } from '../../src/wire/tls-record.ts';
import { withExtension } from './handshake-edit.ts';
import { connect, converse, drain, type End, factsOf, faultOf, receive, stepAll } from './tls-pair.ts';
import { realEnd, realPair, TICKETS } from './tls-real.ts';

const EARLY_DATA: ExtraExtension = {
  type: EXTENSION.early_data,
  answeredIn: 'encrypted_extensions',
  data: (role) => (role === 'client' ? new Uint8Array(0) : undefined),
  received: () => {},
};

/** Bytes that look like a protected record and open with no key of this connection. */
function early(length: number): Uint8Array {
  const header = encodeRecordHeader({ type: 23, version: 0x0303, length });
  return concat(
    header,
    Uint8Array.from({ length }, (_, i) => (i * 7) % 256),
  );
}

const DUMMY = Uint8Array.of(20, 3, 3, 0, 1, 1);

/** A client that offers 0-RTT with a ticket of an earlier connection, and its server with the first hello in. */
function greeted(): { client: End; server: End } {
  const first = connect(realPair({ server: { tickets: TICKETS } }));
  const session = first.client.core.session();
  expect(session?.version).toBe(0x0304);
  const client = realEnd('client', { seed: 9, extra: [EARLY_DATA], config: { session: session! } });
  const server = realEnd('server', { seed: 9, server: { tickets: TICKETS } });
  client.core.start(0);
  server.core.start(0);
  receive(server.core, 0, ...drain(client.core));
  stepAll(server.core);
  return { client, server };
}

/** The server asks for another group; the hello that offers 0-RTT is changed on its way, so that both transcripts differ. */
function retried(): { client: End; server: End } {
  const client = realEnd('client', { config: { groups: [29, 23] } });
  const server = realEnd('server', { server: { groups: [23] } });
  client.core.start(0);
  server.core.start(0);
  const [record] = drain(client.core);
  const hello = withExtension(
    decodeClientHello(record!.subarray(9)),
    EXTENSION.early_data,
    new Uint8Array(0),
  );
  const message = encodeClientHello(hello);
  receive(server.core, 0, encodeRecordHeader({ type: 22, version: 0x0301, length: message.length }), message);
  stepAll(server.core);
  return { client, server };
}

describe('early data that is not taken', () => {
  it('is skipped until a record opens under the handshake key (RFC 9846 §4.2.10)', () => {
    const pair = greeted();
    receive(pair.server.core, 0, DUMMY, early(17), early(16_384 + 17), DUMMY, early(1));
    expect(stepAll(pair.server.core).map(({ kind }) => kind)).toEqual(new Array(5).fill('progress'));
    converse(pair);
    expect([pair.client.core.phase(), pair.server.core.phase()]).toEqual(['open', 'open']);
    expect(pair.server.core.resumed()).toBe(true);
    expect(factsOf(pair.server, 'fault')).toEqual([]);
    expect(factsOf(pair.server, 'note')).toMatchObject([{ code: 'early-data' }]);
  });

  it('is skipped in pieces of any size', () => {
    const pair = greeted();
    for (const byte of concat(early(40), early(300))) {
      receive(pair.server.core, 0, Uint8Array.of(byte));
      stepAll(pair.server.core);
    }
    converse(pair);
    expect(pair.server.core.phase()).toBe('open');
  });

  it('does not follow the first record that opens', () => {
    const pair = greeted();
    receive(pair.client.core, 0, ...drain(pair.server.core));
    stepAll(pair.client.core);
    receive(pair.server.core, 0, ...drain(pair.client.core), early(40));
    expect(faultOf(pair.server)).toEqual({ rule: 'bad-record-mac', alert: 20 });
  });

  it('is not skipped without end', () => {
    const { server } = greeted();
    for (let i = 0; i < 9; i++) receive(server.core, 0, early(16_384 + 256));
    expect(faultOf(server)).toEqual({ rule: 'bad-record-mac', alert: 20 });
  });

  it('is not skipped for a client that did not announce it', () => {
    const client = realEnd('client');
    const server = realEnd('server');
    client.core.start(0);
    server.core.start(0);
    receive(server.core, 0, ...drain(client.core), early(40));
    expect(faultOf(server)).toEqual({ rule: 'bad-record-mac', alert: 20 });
  });
});

describe('early data before a HelloRetryRequest', () => {
  it('is skipped by its type until the second ClientHello', () => {
    const { client, server } = retried();
    receive(server.core, 0, early(40), DUMMY, early(400));
    expect(stepAll(server.core).map(({ kind }) => kind)).toEqual(new Array(3).fill('progress'));
    receive(client.core, 0, ...drain(server.core));
    stepAll(client.core);
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    drain(server.core);
    expect(factsOf(server, 'fault')).toEqual([]);
    const sent = factsOf(server, 'handshake.message').filter(({ by }) => by === 'local');
    expect(sent.map(({ name }) => name).slice(0, 3)).toEqual([
      'server_hello',
      'server_hello',
      'encrypted_extensions',
    ]);
  });

  it('does not follow the second ClientHello', () => {
    const { client, server } = retried();
    receive(client.core, 0, ...drain(server.core));
    stepAll(client.core);
    receive(server.core, 0, ...drain(client.core), early(40));
    expect(faultOf(server)).toEqual({ rule: 'bad-record-mac', alert: 20 });
  });

  it('is not skipped without end', () => {
    const { server } = retried();
    for (let i = 0; i < 9; i++) receive(server.core, 0, early(16_384 + 256));
    expect(faultOf(server)).toEqual({ rule: 'unexpected-data', alert: 10 });
  });
});
