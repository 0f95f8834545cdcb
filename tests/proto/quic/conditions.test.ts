import { describe, expect, it } from 'vitest';
import type { ClientHello } from '../../../src/wire/hello.ts';
import { frameAllowed } from '../../../src/wire/quic-frame-types.ts';
import type { Frame } from '../../../src/wire/quic-types.ts';
import { QUIC_VERSION } from '../../../src/wire/quic-versions.ts';
import { editInitial, editParameters, PARAMETERS } from './edited-hello.ts';
import { collect, connected, type Ends, give, quicEnds, settle, takeAll } from './ends.ts';
import { type Forger, forger, frames } from './forge.ts';

/*
 * The conditions that a server's transport is commonly tested for, by their ids in our catalogue of existing tests (H346 to H379), as
 * faulty clients: each is answered with the code that the RFC names for it.
 */

const ONE_SUITE = { both: { suites: [0x1301] } };
const DATA = new Uint8Array(1);
const ID = new Uint8Array(8).fill(9);
const TOKEN = new Uint8Array(16).fill(9);
const KEY_UPDATE = Uint8Array.of(24, 0, 0, 1, 0);
const END_OF_EARLY_DATA = Uint8Array.of(5, 0, 0, 0);

const CODE = {
  FLOW_CONTROL_ERROR: 0x03n,
  STREAM_LIMIT_ERROR: 0x04n,
  STREAM_STATE_ERROR: 0x05n,
  FRAME_ENCODING_ERROR: 0x07n,
  TRANSPORT_PARAMETER_ERROR: 0x08n,
  PROTOCOL_VIOLATION: 0x0an,
  unexpected_message: 0x10an,
  missing_extension: 0x16dn,
  no_application_protocol: 0x178n,
} as const;
type Code = keyof typeof CODE;

/** What the server said, and that the client could read it. */
function answer(ends: Ends): { layer: string; code: bigint; byClient: bigint | undefined } {
  collect(ends);
  for (const datagram of ends.toClient.splice(0)) give(ends.client, ends.now, datagram);
  const cause = ends.server.core.cause();
  if (cause?.kind !== 'close' || cause.by !== 'local') throw new Error(`it did not close: ${cause?.kind}`);
  const heard = ends.client.facts.find((fact) => fact.kind === 'close' && fact.by === 'peer');
  const byClient = heard?.kind === 'close' && heard.frameType === 0x1c ? heard.code : undefined;
  return { layer: cause.layer, code: cause.code, byClient };
}

function expectCode(ends: Ends, code: Code): void {
  const wanted = CODE[code];
  expect(answer(ends)).toEqual({ layer: 'transport', code: wanted, byClient: wanted });
  expect(ends.server.facts.filter((fact) => fact.kind === 'fault')).toMatchObject([
    { blame: 'peer', transportCode: wanted },
  ]);
}

function served(act: (forge: Forger) => Uint8Array): Ends {
  const ends = connected('conditions', ONE_SUITE);
  expect(ends.server.core.handshake().confirmed).toBe(true);
  const forge = forger('client', ends.client, ends.server);
  give(ends.server, ++ends.now, act(forge));
  return ends;
}

const ONE_RTT: readonly (readonly [id: string, what: string, Code, frame: Frame | Uint8Array])[] = [
  ['H346', 'a STREAM frame with a large offset', 'FLOW_CONTROL_ERROR', stream(0n, 2n ** 40n)],
  ['H346', 'a STREAM frame at the largest offset there is', 'FLOW_CONTROL_ERROR', stream(0n, 2n ** 62n - 2n)],
  ['H347', 'a stream ID beyond the limit', 'STREAM_LIMIT_ERROR', stream(4n * 8n, 0n)],
  ['H347', 'a unidirectional stream ID beyond the limit', 'STREAM_LIMIT_ERROR', stream(2n + 4n * 8n, 0n)],
  ['H356', 'a frame of an unknown type', 'FRAME_ENCODING_ERROR', Uint8Array.of(0x21, 0, 0)],
  ['H356', 'a frame of an unknown type of eight bytes', 'FRAME_ENCODING_ERROR', new Uint8Array(8).fill(0xff)],
  [
    'H361',
    'RESET_STREAM for a send-only stream',
    'STREAM_STATE_ERROR',
    { type: 'reset_stream', stream: 3n, code: 0n, finalSize: 0n },
  ],
  [
    'H362',
    'STOP_SENDING for a stream that does not exist',
    'STREAM_STATE_ERROR',
    { type: 'stop_sending', stream: 1n, code: 0n },
  ],
  ['H363', 'NEW_TOKEN', 'PROTOCOL_VIOLATION', { type: 'new_token', token: TOKEN }],
  ['H364', 'STREAM for a stream of ours that we never opened', 'STREAM_STATE_ERROR', stream(1n, 0n)],
  ['H365', 'STREAM for a send-only stream', 'STREAM_STATE_ERROR', stream(3n, 0n)],
  [
    'H366',
    'MAX_STREAM_DATA for a stream of ours that we never opened',
    'STREAM_STATE_ERROR',
    { type: 'max_stream_data', stream: 1n, limit: 9n },
  ],
  [
    'H367',
    'MAX_STREAM_DATA for a receive-only stream',
    'STREAM_STATE_ERROR',
    { type: 'max_stream_data', stream: 2n, limit: 9n },
  ],
  ['H368', 'MAX_STREAMS of more than 2^60', 'FRAME_ENCODING_ERROR', limitFrame(0x12)],
  ['H369', 'STREAMS_BLOCKED of more than 2^60', 'FRAME_ENCODING_ERROR', limitFrame(0x16)],
  [
    'H370',
    'NEW_CONNECTION_ID that retires what comes after it',
    'FRAME_ENCODING_ERROR',
    { type: 'new_connection_id', sequence: 2n, retirePriorTo: 3n, id: ID, resetToken: TOKEN },
  ],
  ['H371', 'NEW_CONNECTION_ID without an ID', 'FRAME_ENCODING_ERROR', Uint8Array.of(0x18, 2, 0, 0, ...TOKEN)],
  ['H372', 'HANDSHAKE_DONE', 'PROTOCOL_VIOLATION', { type: 'handshake_done' }],
  [
    'H374',
    'a KeyUpdate message in 1-RTT',
    'unexpected_message',
    { type: 'crypto', offset: 0n, data: KEY_UPDATE },
  ],
];

describe('a server whose client, after the handshake, sends', () => {
  it.each(ONE_RTT)('%s: %s, closes with %s', (_id, _what, code, frame) => {
    const payload = frame instanceof Uint8Array ? frame : frames(frame);
    expectCode(
      served((forge) => forge.packet('application', payload)),
      code,
    );
  });

  it('H357: a packet without frames, closes with PROTOCOL_VIOLATION', () => {
    const empty = served((forge) => forge.packet('application', new Uint8Array(0), { numberLength: 4 }));
    expectCode(empty, 'PROTOCOL_VIOLATION');
  });

  it.each([
    1, 2, 3,
  ])('H360: reserved bits %i in a short header, closes with PROTOCOL_VIOLATION', (reservedBits) => {
    const ends = served((forge) => forge.packet('application', frames({ type: 'ping' }), { reservedBits }));
    expectCode(ends, 'PROTOCOL_VIOLATION');
  });

  it('lives on when nothing is wrong with it', () => {
    const ends = served((forge) =>
      forge.packet('application', frames({ type: 'ping' }), { numberLength: 4 }),
    );
    settle(ends);
    expect(ends.server.core.cause()).toBeUndefined();
    expect(ends.server.core.phase()).toBe('open');
  });
});

/** The server's flight has come; the client's Finished has not left. */
function during(act: (forge: Forger) => Uint8Array): Ends {
  const ends = quicEnds('conditions', ONE_SUITE);
  for (const datagram of ends.toServer.splice(0)) give(ends.server, 1, datagram);
  for (const datagram of takeAll(ends.server, 1)) give(ends.client, 2, datagram);
  takeAll(ends.client, 2);
  ends.now = 3;
  const forge = forger('client', ends.client, ends.server);
  give(ends.server, ends.now, act(forge));
  return ends;
}

describe('a server whose client, in the handshake, sends', () => {
  it.each([
    1, 2, 3,
  ])('H358: reserved bits %i in a Handshake packet, closes with PROTOCOL_VIOLATION', (bits) => {
    const ping = frames({ type: 'ping' });
    expectCode(
      during((forge) => forge.packet('handshake', ping, { reservedBits: bits })),
      'PROTOCOL_VIOLATION',
    );
  });

  const EARLY: readonly (readonly [id: string, what: string, Code, Frame])[] = [
    ['H359', 'PATH_CHALLENGE', 'PROTOCOL_VIOLATION', { type: 'path_challenge', data: new Uint8Array(8) }],
    ['H373', 'a KeyUpdate message', 'unexpected_message', { type: 'crypto', offset: 0n, data: KEY_UPDATE }],
    ['H378', 'EndOfEarlyData', 'unexpected_message', { type: 'crypto', offset: 0n, data: END_OF_EARLY_DATA }],
  ];
  it.each(EARLY)('%s: %s in a Handshake packet, closes with %s', (_id, _what, code, frame) => {
    expectCode(
      during((forge) => forge.packet('handshake', frames(frame))),
      code,
    );
  });

  it('nothing of the kind, goes on', () => {
    const ends = during((forge) => forge.packet('handshake', frames({ type: 'ping' })));
    expect(ends.server.core.cause()).toBeUndefined();
  });

  it('H379: CRYPTO in 0-RTT: it has no keys for it and drops it; the frame has no place there', () => {
    expect(frameAllowed({ type: 'crypto', offset: 0n, data: DATA }, '0rtt')).toBe(false);
    const ends = connected('conditions', ONE_SUITE);
    const forge = forger('client', ends.client, ends.server);
    const header = { type: '0rtt', version: QUIC_VERSION.v1, source: ID } as const;
    const destination = ends.server.core.localIds()[0]!;
    const crypto = frames({ type: 'crypto', offset: 0n, data: DATA });
    const early = forge.packet('application', crypto, { header: { ...header, destination } });
    give(ends.server, ++ends.now, early);
    expect(ends.server.core.cause()).toBeUndefined();
    expect(ends.server.facts.at(-1)).toMatchObject({ kind: 'dropped', packet: '0rtt' });
  });
});

/** A server that got this ClientHello instead. */
function hello(change: (hello: ClientHello) => ClientHello, version: number = QUIC_VERSION.v1): Ends {
  const ends = quicEnds('conditions', { both: { suites: [0x1301], quicVersions: [version] } });
  const [first] = ends.toServer.splice(0);
  give(ends.server, ++ends.now, editInitial(first!, change));
  return ends;
}

const without = (id: number) => (message: ClientHello) =>
  editParameters(message, (list) => list.filter((parameter) => parameter.id !== id));
const having =
  (id: number, ...value: number[]) =>
  (message: ClientHello) =>
    editParameters(message, (list) => [
      ...list.filter((parameter) => parameter.id !== id),
      { id, value: Uint8Array.from(value) },
    ]);

describe('a server whose client has transport parameters', () => {
  it.each([
    ['H348', 'without initial_source_connection_id', without(0x0f)],
    ['H349', 'with original_destination_connection_id', having(0x00, 1, 2, 3, 4, 5, 6, 7, 8)],
    ['H350', 'with preferred_address', having(0x0d, ...new Uint8Array(24), 4, 1, 2, 3, 4, ...TOKEN)],
    ['H351', 'with retry_source_connection_id', having(0x10, 1, 2, 3, 4)],
    ['H352', 'with stateless_reset_token', having(0x02, ...TOKEN)],
    ['H353', 'with max_udp_payload_size of 1199', having(0x03, 0x44, 0xaf)],
    ['H354', 'with ack_delay_exponent of 21', having(0x0a, 21)],
    ['H355', 'with max_ack_delay of 2^14', having(0x0b, 0x80, 0, 0x40, 0)],
  ])('%s: %s, closes with TRANSPORT_PARAMETER_ERROR', (_id, _what, change) => {
    expectCode(hello(change), 'TRANSPORT_PARAMETER_ERROR');
  });

  it('at the limits, goes on', () => {
    const change = (message: ClientHello): ClientHello =>
      having(0x03, 0x44, 0xb0)(having(0x0a, 20)(having(0x0b, 0x7f, 0xff)(message)));
    const ends = hello(change);
    expect(ends.server.core.cause()).toBeUndefined();
    expect(ends.server.core.phase()).toBe('handshake');
  });
});

describe('a server whose client', () => {
  it('H375: offers no application protocol that it has, closes with no_application_protocol', () => {
    const ends = quicEnds('conditions', { ...ONE_SUITE, client: { alpn: ['other'] } });
    for (const datagram of ends.toServer.splice(0)) give(ends.server, ++ends.now, datagram);
    expectCode(ends, 'no_application_protocol');
  });

  it.each([
    ['H376', QUIC_VERSION.v1],
    ['H377', QUIC_VERSION.v2],
  ])('%s: sends no transport parameters (version %i), closes with missing_extension', (_id, version) => {
    const bare = (message: ClientHello): ClientHello => ({
      ...message,
      extensions: message.extensions.filter(({ type }) => type !== PARAMETERS),
    });
    expectCode(hello(bare, version), 'missing_extension');
  });
});

function stream(id: bigint, offset: bigint): Frame {
  return { type: 'stream', stream: id, offset, data: DATA, fin: false };
}

/** A count of 2^60 + 1. */
function limitFrame(type: number): Uint8Array {
  return Uint8Array.of(type, 0xd0, 0, 0, 0, 0, 0, 0, 1);
}
